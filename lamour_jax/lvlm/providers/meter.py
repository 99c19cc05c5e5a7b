"""Tokens and dollars of a run, and the limit on them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from lamour_jax.lvlm.prices import Price, price_of
from lamour_jax.lvlm.providers.outcomes import CostLimit, PriceUnknown

_BYTES_PER_TOKEN = 2  # English and code take three to four: an estimate from above


class Meter:
    """Sums what the answers of a provider took, and refuses questions that may exceed the limit.

    Before a question, its worst case is set aside: the prompt, estimated from above, and as many
    output tokens as are allowed. Afterwards the tokens that the server counted take its place. An
    attempt that may have been paid for without a count (it timed out, say) keeps its worst case.

    Args:
      max_cost: dollars for all questions together; None is no limit.
      price_of: finds the price of a model.

    Attributes:
      answers: how many came.
      tokens: by kind, of all answers.
    """

    def __init__(
        self,
        max_cost: float | None = None,
        price_of: Callable[[str], Price | None] = price_of,
    ) -> None:
        self.max_cost = max_cost
        self.answers = 0
        self.tokens: Counter[str] = Counter()
        self._price_of = price_of
        self._known = 0.0
        self._unsure = 0.0
        self._held = 0.0
        self._unpriced = 0
        self._lock = threading.Lock()  # several candidates may be asked for at a time

    @property
    def cost_usd(self) -> float | None:
        """What the answers cost; None if the price of any is unknown."""
        return None if self._unpriced else self._known

    @property
    def unsure_usd(self) -> float:
        """What attempts without a count may have cost on top."""
        return self._unsure

    def reserve(self, model: str, prompt: str, pictures: int, output_tokens: int) -> float:
        """Sets the worst case of a question aside.

        Returns the dollars, to be handed to `settle`; 0 where the price is unknown.

        Raises:
          CostLimit: it exceeds what is left.
          PriceUnknown: there is a limit and no price.
        """
        price = self._price_of(model)
        if price is None:
            if self.max_cost is not None:
                raise PriceUnknown(
                    f"a limit of ${self.max_cost:g} is set, but what {model} costs is not known "
                    "here: say it as price=(input, output), in dollars for a million tokens "
                    "(0 and 0 for a server of your own)"
                )
            return 0.0
        prompt_tokens = -(-len(prompt.encode()) // _BYTES_PER_TOKEN)
        worst = price.cost(prompt_tokens + pictures * price.image_tokens, output_tokens)
        with self._lock:
            spent = self._known + self._unsure + self._held
            if self.max_cost is not None and spent + worst > self.max_cost:
                raise CostLimit(
                    f"this question may cost up to ${worst:.4f}, and of the limit of "
                    f"${self.max_cost:g} ${spent:.4f} are spent"
                )
            self._held += worst
        return worst

    def settle(
        self,
        held: float,
        model: str,
        usage: dict[str, int],
        *,
        answered: bool,
        asked: str = "",
        billed: bool = True,
    ) -> float | None:
        """Puts what an attempt took in the place of its worst case.

        Args:
          held: as `reserve` returned it.
          model: who answered, or was asked.
          usage: what the server counted; empty if it did not.
          answered: the attempt ended with an answer.
          asked: the model whose price counts where the one that answered has none known.
          billed: the attempt may have been paid for.

        Returns:
          Its cost in dollars; None if it is not known.
        """
        price = self._price_of(model) or self._price_of(asked)
        counted = "prompt_tokens" in usage and "completion_tokens" in usage
        cost = None
        if price is not None and counted:
            cost = price.cost(usage["prompt_tokens"], usage["completion_tokens"])
        with self._lock:
            self._held -= held
            self.tokens.update(usage)
            if cost is not None:
                self._known += cost
            elif billed:
                self._unsure += held
            if answered:
                self.answers += 1
                self._unpriced += cost is None
        return cost

    def release(self, held: float) -> None:
        """Gives back what was set aside for a question that was not asked."""
        with self._lock:
            self._held -= held

    def summary(self) -> str:
        """One line for people."""
        tokens = f"{self.tokens['prompt_tokens']} tokens in, {self.tokens['completion_tokens']} out"
        cost = "cost unknown" if self.cost_usd is None else f"${self.cost_usd:.4f}"
        unsure = f" and up to ${self._unsure:.4f} for failed attempts" if self._unsure else ""
        return f"{self.answers} answers, {tokens}, {cost}{unsure}"
