"""Reading Gemini's answers, the same for both of Google's libraries: what `generateContent`
returns, as plain dictionaries with names in snake_case."""

from __future__ import annotations

from typing import Any

from lamour_jax.lvlm.providers.keys import Key, find_key
from lamour_jax.lvlm.providers.live import Reply
from lamour_jax.lvlm.providers.outcomes import (
    BadResponse,
    Blocked,
    CutOff,
    EmptyAnswer,
    KeyMissing,
)

SERVER = "https://generativelanguage.googleapis.com"
DEFAULT_MODEL = "gemini-3.5-flash"
PNG = "image/png"

_BLOCKING = (
    *("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"),
)


def gemini_key() -> Key:
    """The key for Google's servers.

    Raises:
      KeyMissing: there is none.
    """
    key = find_key("GEMINI_API_KEY", "GOOGLE_API_KEY")
    if not key:
        raise KeyMissing("set GEMINI_API_KEY (or GOOGLE_API_KEY); aistudio.google.com gives one")
    return key


def read_answer(content: dict[str, Any], max_output_tokens: int) -> Reply:
    """The reply in a response.

    Raises:
      Blocked: the prompt or the answer fell to a filter.
      CutOff: the answer ran into the token limit.
      EmptyAnswer: there is no text.
      BadResponse: there is no candidate at all.
    """
    usage = _usage(content.get("usage_metadata") or {})
    feedback = content.get("prompt_feedback") or {}
    blocked = _name(feedback.get("block_reason"))
    if blocked and not blocked.endswith("UNSPECIFIED"):
        raise Blocked(f"the question fell to the filter {blocked}", usage=usage)
    candidates = content.get("candidates") or []
    if not candidates:
        raise BadResponse("there is no candidate in it", usage=usage)
    finish = _name(candidates[0].get("finish_reason"))
    if finish in _BLOCKING:
        raise Blocked(f"the answer fell to the filter {finish}", usage=usage)
    if finish == "MAX_TOKENS":
        raise CutOff(f"it reached the limit of {max_output_tokens} tokens", usage=usage)
    parts = (candidates[0].get("content") or {}).get("parts") or []
    text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
    if not text.strip():
        raise EmptyAnswer(f"it ended with {finish or 'no reason'}", usage=usage)
    return Reply(text, content.get("model_version") or None, usage)


def _usage(counted: dict[str, Any]) -> dict[str, int]:
    prompt = counted.get("prompt_token_count") or 0
    written = (counted.get("candidates_token_count") or 0) + (
        counted.get("thoughts_token_count") or 0
    )
    total = counted.get("total_token_count") or 0
    if not total:
        return {}
    # Thinking is paid like output; the older library knows it only as a part of the total.
    return {
        "prompt_tokens": prompt,
        "completion_tokens": max(written, total - prompt),
        "total_tokens": total,
    }


def _name(reason: Any) -> str:
    """The name of an enumeration's member or of a plain string."""
    return str(getattr(reason, "name", reason) or "")
