"""A live provider that remembers: an answer that came once is not paid a second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lamour_jax.lvlm.providers.base import Answer, Question
from lamour_jax.lvlm.providers.live import LiveProvider
from lamour_jax.lvlm.providers.meter import Meter
from lamour_jax.lvlm.providers.settings import tell
from lamour_jax.lvlm.store import AnswerStore
from lamour_jax.lvlm.transcript import sha256


class StoredProvider:
    """Looks an answer up before it asks for one.

    Args:
      provider: who is asked where no answer is stored.
      store: where answers are kept, each as soon as it comes.
      say: gets a line for every answer that is found.
    """

    image: bytes | None = None

    def __init__(
        self, provider: LiveProvider, store: AnswerStore, say: Callable[[str], None] = tell
    ) -> None:
        self._provider = provider
        self._store = store
        self._say = say

    @property
    def name(self) -> str:
        """The name of the provider that is asked."""
        return self._provider.name

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self._provider.model

    @property
    def meter(self) -> Meter:
        """Counts what was really asked; stored answers cost nothing."""
        return self._provider.meter

    def ask(self, question: Question) -> Answer:
        """The stored answer to exactly this question, or a new one.

        Raises:
          LiveError: nothing is stored, and the provider has no answer.
        """
        request = self._request(question)
        stored = self._store.get(request)
        if stored is not None:
            answer = Answer(**{**stored, "cost_usd": 0.0, "replayed": True})
            self._say(
                f"{question.stage}: answered by {answer.model} on {answer.date} "
                f"({self._store.path(request)}); nothing is asked"
            )
            return answer
        answer = self._provider.ask(question)
        self._store.put(request, asdict(answer))
        return answer

    def _request(self, question: Question) -> dict[str, Any]:
        """Everything that the answer depends on."""
        return {
            **self._provider.identity,
            "temperature": question.temperature,
            "sample": question.sample,
            "prompt_sha256": sha256(question.prompt),
            "image_sha256": None if question.image_png is None else sha256(question.image_png),
        }
