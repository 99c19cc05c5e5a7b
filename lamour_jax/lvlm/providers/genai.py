"""Gemini through google-genai, Google's current library."""

from __future__ import annotations

import math
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
from lamour_jax.lvlm.providers.live import LiveProvider, Reply, Request
from lamour_jax.lvlm.providers.settings import ProviderSettings
from lamour_jax.lvlm.providers.transport import outcome_of_failure, outcome_of_response

_LEAST_SERVER_TIMEOUT_S = 10  # Google refuses a question with a shorter one


def make(settings: ProviderSettings) -> LiveProvider:
    """Makes the provider `genai`.

    Raises:
      LiveError: there is no key or no library, or a setting is unusable.
    """
    key = gemini_key()
    base_url = sdks.server(settings.base_url or SERVER)
    sdk = sdks.load("google.genai", "google-genai")
    client = sdk.Client(
        vertexai=False,  # whatever the environment says: the key is for this server
        api_key=key.reveal(),
        http_options=sdk.types.HttpOptions(base_url=base_url),  # no retry options: no retries
    )

    def send(request: Request) -> Reply:
        return _send(sdk, client, request)

    return make_live("genai", settings, DEFAULT_MODEL, send, key=key, base_url=base_url)


def _send(sdk: Any, client: Any, request: Request) -> Reply:
    types = sdk.types
    parts = [types.Part.from_text(text=request.prompt)]
    if request.image_png is not None:
        parts.append(types.Part.from_bytes(data=request.image_png, mime_type=PNG))
    patience = max(_LEAST_SERVER_TIMEOUT_S, math.ceil(request.timeout_s))
    config = types.GenerateContentConfig(
        temperature=request.temperature,
        max_output_tokens=request.max_output_tokens,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        http_options=types.HttpOptions(
            timeout=math.ceil(request.timeout_s * 1000), headers={"X-Server-Timeout": str(patience)}
        ),
    )
    try:
        response = client.models.generate_content(
            model=request.model,
            contents=types.Content(role="user", parts=parts),
            config=config,
        )
        content = response.model_dump()
    except sdk.errors.APIError as error:
        raise outcome_of_response(error.response) from None
    except Exception as error:
        raise outcome_of_failure(error) from None
    return read_answer(content, request.max_output_tokens)
