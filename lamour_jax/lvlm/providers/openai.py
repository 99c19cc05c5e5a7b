"""Any server that speaks OpenAI's chat completions: OpenAI's own (GPT-4o and its successors),
Google's, vLLM, Ollama, llama.cpp.

The server is `base_url` of the settings, else OPENAI_BASE_URL, else OpenAI's. The key in
OPENAI_API_KEY goes to that server, whichever it is; servers other than OpenAI's may need none.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from lamour_jax.lvlm.providers import sdks
from lamour_jax.lvlm.providers.assembly import make_live
from lamour_jax.lvlm.providers.keys import Key, find_key
from lamour_jax.lvlm.providers.live import LiveProvider, Reply, Request
from lamour_jax.lvlm.providers.outcomes import (
    BadResponse,
    Blocked,
    CutOff,
    EmptyAnswer,
    KeyMissing,
)
from lamour_jax.lvlm.providers.settings import ProviderSettings
from lamour_jax.lvlm.providers.transport import (
    outcome_of_failure,
    outcome_of_response,
    outcome_of_status,
)

SERVER = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-4o"

_NO_KEY = "none"  # the library insists on one


def make(settings: ProviderSettings) -> LiveProvider:
    """Makes the provider `openai`.

    Raises:
      LiveError: there is no key or no library, or a setting is unusable.
    """
    base_url = sdks.server(settings.base_url or os.environ.get("OPENAI_BASE_URL") or SERVER)
    key = _key(base_url)
    sdk = sdks.load("openai", "openai")
    client = sdk.OpenAI(api_key=key.reveal() or _NO_KEY, base_url=base_url, max_retries=0)
    # OpenAI's thinking models refuse the old name of the limit, other servers ignore the new one.
    limit = "max_completion_tokens" if base_url == SERVER else "max_tokens"

    def send(request: Request) -> Reply:
        return _send(sdk, client, request, limit)

    return make_live("openai", settings, DEFAULT_MODEL, send, key=key, base_url=base_url)


def _key(base_url: str) -> Key:
    key = find_key("OPENAI_API_KEY")
    if not key and base_url == SERVER:
        raise KeyMissing("set OPENAI_API_KEY; platform.openai.com gives one")
    return key


def _send(sdk: Any, client: Any, request: Request, limit: str) -> Reply:
    options: dict[str, Any] = {limit: request.max_output_tokens}
    if request.temperature is not None:
        options["temperature"] = request.temperature
    try:
        # The raw response: the library takes JSON of any shape for an answer.
        response = client.chat.completions.with_raw_response.create(
            model=request.model,
            messages=[{"role": "user", "content": _content(request)}],
            timeout=request.timeout_s,
            **options,
        )
        body = response.http_response.text
        content = json.loads(body)
    except sdk.APIStatusError as error:
        raise outcome_of_response(error.response) from None
    except Exception as error:
        # The library's own exception says "Connection error."; its cause says which.
        raise outcome_of_failure(error.__cause__ or error) from None
    if isinstance(content, dict) and content.get("error"):  # some gateways send them with a 200
        code = content["error"].get("code") if isinstance(content["error"], dict) else None
        status = code if isinstance(code, int) and code >= 400 else 200
        raise outcome_of_status(status, body, response.headers)
    return read_answer(content, request.max_output_tokens)


def _content(request: Request) -> str | list[dict[str, Any]]:
    if request.image_png is None:
        return request.prompt
    picture = base64.b64encode(request.image_png).decode()
    return [
        {"type": "text", "text": request.prompt},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
    ]


def read_answer(content: Any, max_output_tokens: int) -> Reply:
    """The reply in a chat completion.

    Raises:
      Blocked: the model refused, or a filter did.
      CutOff: the answer ran into the token limit.
      EmptyAnswer: there is no text.
      BadResponse: this is no chat completion.
    """
    try:
        choice = content["choices"][0]
        message = choice["message"]
        finish = choice.get("finish_reason")
        refusal = message.get("refusal")
        text = _text(message.get("content"))
    except (LookupError, TypeError, AttributeError):
        raise BadResponse("it is no chat completion") from None
    usage = _usage(content.get("usage"))
    if refusal or finish == "content_filter":
        raise Blocked(str(refusal or "it fell to the content filter"), usage=usage)
    if finish == "length":
        raise CutOff(f"it reached the limit of {max_output_tokens} tokens", usage=usage)
    if not text.strip():
        raise EmptyAnswer(f"it ended with {finish or 'no reason'}", usage=usage)
    model = content.get("model")
    return Reply(text, model if isinstance(model, str) and model else None, usage)


def _text(content: Any) -> str:
    """The text of a message, which some servers send in parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _usage(counted: Any) -> dict[str, int]:
    if not isinstance(counted, dict):
        return {}
    prompt, written, total = (
        counted.get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    if not (isinstance(prompt, int) and isinstance(written, int)):
        return {}
    total = total if isinstance(total, int) else prompt + written
    # Google's server counts thinking in the total only; it is paid like output.
    return {
        "prompt_tokens": prompt,
        "completion_tokens": max(written, total - prompt),
        "total_tokens": max(total, prompt + written),
    }
