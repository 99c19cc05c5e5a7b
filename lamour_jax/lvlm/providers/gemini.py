"""Gemini through google-generativeai, as published work used it.

Google ended the support of this library in 2025; the provider `genai` asks the same models through
its successor. It goes over REST, since gRPC's channels outlive their deadlines.
"""

from __future__ import annotations

from typing import Any

from lamour_jax.lvlm.providers import sdks
from lamour_jax.lvlm.providers.assembly import make_live
from lamour_jax.lvlm.providers.gemini_answers import (
    DEFAULT_MODEL,
    PNG,
    SERVER,
    gemini_key,
    read_answer,
)
from lamour_jax.lvlm.providers.keys import Key
from lamour_jax.lvlm.providers.live import LiveProvider, Reply, Request
from lamour_jax.lvlm.providers.settings import ProviderSettings
from lamour_jax.lvlm.providers.transport import outcome_of_failure, outcome_of_response

NOTICE = (
    "gemini uses google-generativeai, whose support ended in 2025; "
    "--lvlm genai asks the same models through its successor"
)


def make(settings: ProviderSettings) -> LiveProvider:
    """Makes the provider `gemini`, with a notice that its library is no longer supported.

    Raises:
      LiveError: there is no key or no library, or a setting is unusable.
    """
    key = gemini_key()
    base_url = sdks.server(settings.base_url or SERVER)
    sdk = sdks.load("google.generativeai", "google-generativeai")
    exceptions = sdks.load("google.api_core.exceptions", "google-api-core")

    def send(request: Request) -> Reply:
        _configure(sdk, key, base_url)
        return _send(sdk, exceptions, request)

    provider = make_live("gemini", settings, DEFAULT_MODEL, send, key=key, base_url=base_url)
    settings.say(NOTICE)
    return provider


def _configure(sdk: Any, key: Key, base_url: str) -> None:
    """Points the library, which keeps this for the whole process, to our server."""
    client = sdks.load(
        "google.ai.generativelanguage_v1beta.services.generative_service.transports.rest",
        "google-ai-generativelanguage",
    )

    def transport(**settings: Any) -> Any:
        made = client.GenerativeServiceRestTransport(**settings)
        # After a 401 the session would refresh its credentials and ask again. A key stays as it is.
        made._session._max_refresh_attempts = 0
        return made

    sdk.configure(
        api_key=key.reveal(), transport=transport, client_options={"api_endpoint": base_url}
    )


def _send(sdk: Any, exceptions: Any, request: Request) -> Reply:
    contents: list[Any] = [request.prompt]
    if request.image_png is not None:
        contents.append({"mime_type": PNG, "data": request.image_png})
    config: dict[str, Any] = {"max_output_tokens": request.max_output_tokens}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    try:
        response = sdk.GenerativeModel(request.model).generate_content(
            contents,
            generation_config=config,
            request_options={"retry": None, "timeout": request.timeout_s},
        )
        content = _named(sdk, response.to_dict())
    except exceptions.GoogleAPICallError as error:
        if error.response is None:
            raise outcome_of_failure(error) from None
        raise outcome_of_response(error.response) from None
    except Exception as error:
        raise outcome_of_failure(error) from None
    return read_answer(content, request.max_output_tokens)


def _named(sdk: Any, content: dict[str, Any]) -> dict[str, Any]:
    """The response with names in the place of the numbers of its enumerations."""
    finish_reasons = sdk.protos.Candidate.FinishReason
    block_reasons = sdk.protos.GenerateContentResponse.PromptFeedback.BlockReason
    for candidate in content.get("candidates") or []:
        candidate["finish_reason"] = _name(finish_reasons, candidate.get("finish_reason"))
    feedback = content.get("prompt_feedback") or {}
    if feedback.get("block_reason"):
        feedback["block_reason"] = _name(block_reasons, feedback["block_reason"])
    return content


def _name(enumeration: Any, number: int | None) -> str:
    try:
        return enumeration(number or 0).name
    except ValueError:  # newer than the library
        return f"reason {number}"
