"""Who answers the questions. Add a provider by giving it a name in `_FACTORIES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
from lamour_jax.lvlm.providers.manual import ManualProvider
from lamour_jax.lvlm.providers.recorded import RecordedProvider, recordings

__all__ = [
    "Answer",
    "ManualProvider",
    "NoAnswer",
    "NotRecorded",
    "Provider",
    "ProviderError",
    "ProviderSettings",
    "Question",
    "RecordedProvider",
    "StaleAnswer",
    "UnknownProvider",
    "make_provider",
    "provider_names",
    "recordings",
]


@dataclass(frozen=True)
class ProviderSettings:
    """What providers are made from; each takes what it needs.

    Attributes:
      robot: whom the questions are about.
      model: the model to ask, where there is a choice.
      folder: where a conversation by hand keeps its files.
      recording: which of the robot's recordings; None is the newest.
    """

    robot: str
    model: str | None = None
    folder: Path = Path("runs/manual")
    recording: str | None = None


_FACTORIES: dict[str, Callable[[ProviderSettings], Provider]] = {
    "recorded": lambda settings: RecordedProvider(settings.robot, settings.recording),
    "manual": lambda settings: ManualProvider(
        settings.folder, settings.model or "a model of your choice"
    ),
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
