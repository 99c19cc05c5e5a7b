"""What a run cost: time, steps, and the model's answers."""

from collections.abc import Sequence
from typing import Any

from lamour_jax.lvlm.transcript import Transcript
from lamour_jax.report.figures import count, duration
from lamour_jax.report.record import Record


def costs(record: Record) -> list[tuple[str, str]]:
    """(what, how much) for people."""
    return [
        ("Wall clock in all", duration(record.outcome["seconds"])),
        *_clock(record.rows),
        ("Gradient updates", count(record.updates)),
        ("Control steps", count(record.steps)),
        ("The model's answers", answers(record)),
    ]


def answers(record: Record) -> str:
    """What the model's answers cost."""
    if record.story is None or record.story.transcript is None:
        return "none were asked for"
    return _dollars(record.story.transcript)


def _clock(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Where the time went; nothing where too little is known."""
    epochs = [row for row in rows if row["kind"] == "epoch"]
    if len(epochs) < 2:
        return []
    first, last = epochs[0], epochs[-1]
    seconds = last["seconds"] - first["seconds"]
    shown = [
        ("Until the first epoch (compilation, the original policy)", duration(first["seconds"]))
    ]
    if seconds > 0:
        rates = [(last[name] - first[name]) / seconds for name in ("updates", "env_steps")]
        shown.append(
            ("While training, a second", f"{count(rates[0])} updates, {count(rates[1])} steps")
        )
    return shown


def _dollars(transcript: Transcript) -> str:
    if transcript.provider == "recorded":
        return "nothing: recorded"
    tokens = sum(sum(exchange.usage.values()) for exchange in transcript.exchanges)
    used = f" ({count(tokens)} tokens)" if tokens else ""
    cost = transcript.cost_usd
    return f"not known{used}" if cost is None else f"${cost:.4f}{used}"
