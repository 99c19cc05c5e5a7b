"""A server on this machine that speaks the wire formats of live models and misbehaves on script.

The formats follow the makers' documentation: Gemini's `generateContent` over REST, and OpenAI's
chat completions.
"""

import base64
import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER, HANG, DRIP, RESET, BREAK_OFF = "answer", "hang", "drip", "reset", "break off"


@dataclass
class Step:
    """What one request meets."""

    body: object = ""
    status: int = 200
    headers: dict = field(default_factory=dict)
    act: str = ANSWER

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass
class Seen:
    """What one request was."""

    path: str
    headers: dict
    body: dict
    at: float


class ScriptedServer:
    """Plays one step for each request; a request beyond the script is counted and refused."""

    def __init__(self):
        self.seen: list[Seen] = []
        self.beyond = 0
        self.over = threading.Event()
        self._steps: list[Step] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.play = self  # type: ignore[attr-defined]
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def script(self, *steps: Step):
        self._steps = list(steps)

    def next_step(self) -> Step:
        if self._steps:
            return self._steps.pop(0)
        self.beyond += 1
        return Step("beyond the script", 418)

    def close(self):
        self.over.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        play = self.server.play
        play.seen.append(Seen(self.path, headers, json.loads(content), time.monotonic()))
        step = play.next_step()
        acts = {
            ANSWER: self._answer,
            HANG: self._hang,
            DRIP: self._drip,
            RESET: self._reset,
            BREAK_OFF: self._break_off,
        }
        acts[step.act](step)

    def _head(self, step, length):
        self.send_response(step.status)
        headers = {"Content-Type": "application/json", **step.headers}
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, step):
        self._head(step, len(step.content))
        self.wfile.write(step.content)

    def _hang(self, step):
        self.close_connection = True
        self.server.play.over.wait()

    def _drip(self, step):
        """A byte now and then: no wait between two bytes is long."""
        self.close_connection = True
        self._head(step, 10_000)
        while not self.server.play.over.wait(0.03):
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def _reset(self, step):
        """Ends the connection in the rude way, without a word."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def _break_off(self, step):
        """Ends the connection in the middle of the body."""
        self.close_connection = True
        self._head(step, len(step.content) + 100)
        self.wfile.write(step.content)


class GeminiWire:
    """Gemini's generateContent."""

    model = "gemini-test-1"
    base_path = ""
    answering_model = "gemini-test-1-001"

    def answer(self, *texts, finish="STOP", usage=(1200, 300, 150), **more):
        prompt, written, thought = usage
        return Step(
            {
                "candidates": [
                    {
                        "content": {"role": "model", "parts": [{"text": text} for text in texts]},
                        "finishReason": finish,
                        "index": 0,
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": prompt,
                    "candidatesTokenCount": written,
                    "thoughtsTokenCount": thought,
                    "totalTokenCount": prompt + written + thought,
                },
                "modelVersion": self.answering_model,
                **more,
            }
        )

    def blocked(self):
        """A question that falls to the filter, and an answer that does."""
        usage = {"promptTokenCount": 1200, "totalTokenCount": 1200}
        return [
            Step({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage}),
            self.answer(finish="SAFETY"),
            self.answer("It lies on", finish="SAFETY"),
        ]

    def empty(self):
        return self.answer()

    def cut(self):
        return [self.answer("def rew", finish="MAX_TOKENS"), self.answer(finish="MAX_TOKENS")]

    def error(self, status, message, code=""):
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}]
        return {"error": {"code": status, "message": message, "status": code, "details": details}}

    def nonsense(self):
        """JSON, but no answer."""
        return [{}, [], "hello", {"candidates": 3}, {"candidates": []}]

    def check_path(self, seen):
        assert re.fullmatch(r"/v1(beta)?/models/(.+):generateContent(\?.*)?", seen.path)
        assert f"/{self.model}:" in seen.path

    def key(self, seen):
        return seen.headers.get("x-goog-api-key")

    def parts(self, seen):
        (content,) = seen.body["contents"]
        return content["parts"]

    def prompt(self, seen):
        (text,) = [part["text"] for part in self.parts(seen) if "text" in part]
        return text

    def image(self, seen):
        """(MIME type, bytes) of the only picture."""
        (data,) = [part["inlineData"] for part in self.parts(seen) if "inlineData" in part]
        # Protocol buffers in JSON: names in either style, base64 in either alphabet.
        kind = data["mimeType"] if "mimeType" in data else data["mime_type"]
        content = data["data"].replace("+", "-").replace("/", "_")
        return kind, base64.urlsafe_b64decode(content)

    def temperature(self, seen):
        return seen.body["generationConfig"].get("temperature")

    def output_limit(self, seen):
        return seen.body["generationConfig"]["maxOutputTokens"]


class OpenAIWire:
    """OpenAI's chat completions."""

    model = "gpt-test-1"
    base_path = "/v1"
    answering_model = "gpt-test-1-2026-01-01"

    def answer(self, *texts, finish="stop", usage=(1200, 300, 150), **message):
        prompt, written, thought = usage
        return Step(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": self.answering_model,
                "choices": [
                    {
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "content": "".join(texts) if texts else None,
                            **message,
                        },
                        "finish_reason": finish,
                        "logprobs": None,
                    }
                ],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": written + thought,
                    "total_tokens": prompt + written + thought,
                    "completion_tokens_details": {"reasoning_tokens": thought},
                },
            }
        )

    def blocked(self):
        return [
            Step(self.error(400, "The prompt triggered the filter", "content_filter"), 400),
            self.answer("It lies on", finish="content_filter"),
            self.answer(refusal="I can't help with that."),
        ]

    def empty(self):
        return self.answer("")

    def cut(self):
        return [self.answer("def rew", finish="length"), self.answer(finish="length")]

    def error(self, status, message, code=""):
        return {"error": {"message": message, "type": "test", "param": None, "code": code}}

    def nonsense(self):
        return [{}, [], "hello", {"choices": 3}, {"choices": []}, {"choices": [{"message": 1}]}]

    def check_path(self, seen):
        assert seen.path == "/v1/chat/completions"
        assert seen.body["model"] == self.model

    def key(self, seen):
        return seen.headers.get("authorization", "").removeprefix("Bearer ")

    def _content(self, seen):
        (message,) = seen.body["messages"]
        assert message["role"] == "user"
        return message["content"]

    def prompt(self, seen):
        content = self._content(seen)
        if isinstance(content, str):
            return content
        (text,) = [part["text"] for part in content if part["type"] == "text"]
        return text

    def image(self, seen):
        (url,) = [
            part["image_url"]["url"] for part in self._content(seen) if part["type"] == "image_url"
        ]
        head, data = url.split(",")
        assert head.startswith("data:") and head.endswith(";base64")
        return head.removeprefix("data:").removesuffix(";base64"), base64.b64decode(data)

    def temperature(self, seen):
        return seen.body.get("temperature")

    def output_limit(self, seen):
        (limit,) = [
            seen.body[name] for name in ("max_tokens", "max_completion_tokens") if name in seen.body
        ]
        return limit
