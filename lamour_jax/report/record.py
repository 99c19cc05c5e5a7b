"""A finished run as it is read back from its folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamour_jax.errors import UserError
from lamour_jax.report.story import RewardStory, read_story
from lamour_jax.runs import MEMBERS_FOLDER, REWARD_FOLDER, read_config, read_metrics

METHODS = {
    "lamour": "LaMOuR",
    "lamour_healthy_gate": "LaMOuR, environment's gate",
    "sac_env": "SAC-env",
    "sac_zero": "SAC-zero",
    "sac_t2r": "SAC-T2R",
    "sero": "SeRO",
}


@dataclass(frozen=True)
class Record:
    """What the folder of a finished run of `lamour recover` tells.

    Attributes:
      folder: where.
      config: config.json, the settings.
      outcome: metrics.json, the figures.
      rows: metrics.jsonl, of the chosen member where the run is a population's.
      story: where the reward comes from; None for baselines without one.
    """

    folder: Path
    config: dict[str, Any]
    outcome: dict[str, Any]
    rows: list[dict[str, Any]]
    story: RewardStory | None

    @property
    def method(self) -> str:
        """The method's name, for people."""
        return METHODS.get(self.config["method"], self.config["method"])

    @property
    def normal_return(self) -> float:
        """The original policy's return from normal starts."""
        return self.outcome["original"]["normal"]["return"]

    @property
    def updates(self) -> int:
        return max((row["updates"] for row in self.rows), default=0)

    @property
    def steps(self) -> int:
        """Control steps of all robots."""
        return max((row["env_steps"] for row in self.rows), default=0)

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The settings by group; what stands at the top level is the run's own."""
        groups = {name: value for name, value in self.config.items() if isinstance(value, dict)}
        alone = {name: value for name, value in self.config.items() if name not in groups}
        return {"run": alone, **groups}


def read_record(folder: Path) -> Record:
    """Reads the folder of a run.

    Raises:
      UserError: it holds no run of `lamour recover`, or one that is not finished, or a file in it
        was altered.
    """
    config = read_config(folder)
    if config.get("kind") != "recover":
        raise UserError(f"{folder} holds no run of lamour recover: only those have reports")
    outcome = _read_outcome(folder)
    chosen = folder / MEMBERS_FOLDER / outcome["winner"] if "winner" in outcome else folder
    return Record(folder, config, outcome, read_metrics(chosen), read_story(folder / REWARD_FOLDER))


def _read_outcome(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "metrics.json").read_text())
    except FileNotFoundError:
        raise UserError(
            f"the run in {folder} is not finished (no metrics.json): continue it with"
            f" lamour recover --resume --out {folder}"
        ) from None
    except json.JSONDecodeError as error:
        raise UserError(f"{folder / 'metrics.json'} is damaged: {error}") from error
