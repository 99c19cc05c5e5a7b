"""Who answers the questions. Add a provider by giving it a name in `_FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable

from lamour_jax.lvlm.providers import gemini, genai, openai
from lamour_jax.lvlm.providers.base import (
    Answer,
    NoAnswer,
    NotRecorded,
    Provider,
    ProviderError,
    Question,
    StaleAnswer,
    UnknownProvider,
)
from lamour_jax.lvlm.providers.live import LiveProvider
from lamour_jax.lvlm.providers.manual import ManualProvider
from lamour_jax.lvlm.providers.meter import Meter
from lamour_jax.lvlm.providers.outcomes import LiveError
from lamour_jax.lvlm.providers.recorded import (
    TEXT_RECORDING,
    RecordedProvider,
    has_text_recording,
    recordings,
)
from lamour_jax.lvlm.providers.settings import ProviderSettings
from lamour_jax.lvlm.providers.stored import StoredProvider
from lamour_jax.lvlm.store import AnswerStore

__all__ = [
    "TEXT_RECORDING",
    "Answer",
    "LiveError",
    "LiveProvider",
    "ManualProvider",
    "Meter",
    "NoAnswer",
    "NotRecorded",
    "Provider",
    "ProviderError",
    "ProviderSettings",
    "Question",
    "RecordedProvider",
    "StaleAnswer",
    "StoredProvider",
    "UnknownProvider",
    "has_text_recording",
    "make_provider",
    "provider_names",
    "recordings",
]


def _live(make: Callable[[ProviderSettings], LiveProvider]) -> Callable[..., Provider]:
    """A factory of a live provider, which remembers its answers if the settings name a folder."""

    def factory(settings: ProviderSettings) -> Provider:
        provider = make(settings)
        if settings.answers is None:
            return provider
        return StoredProvider(
            provider, AnswerStore(settings.answers, settings.say), say=settings.say
        )

    return factory


_FACTORIES: dict[str, Callable[[ProviderSettings], Provider]] = {
    "recorded": lambda settings: RecordedProvider(settings.robot, settings.recording),
    "manual": lambda settings: ManualProvider(
        settings.folder, settings.model or "a model of your choice"
    ),
    "gemini": _live(gemini.make),
    "genai": _live(genai.make),
    "openai": _live(openai.make),
}


def provider_names() -> tuple[str, ...]:
    """The known providers."""
    return tuple(_FACTORIES)


def make_provider(name: str, settings: ProviderSettings) -> Provider:
    """Makes the provider `name`.

    Raises:
      UnknownProvider: there is none of this name.
      ProviderError: it cannot be made from these settings.
    """
    if name not in _FACTORIES:
        raise UnknownProvider(f"unknown provider {name!r}: choose one of {', '.join(_FACTORIES)}")
    return _FACTORIES[name](settings)
