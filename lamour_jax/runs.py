"""A run's folder: everything needed to evaluate, resume and report it.

config.json       settings, versions, machine
original.msgpack  the original policy            reward/  reward code, program, conversation
metrics.jsonl     a line per epoch and evaluation        metrics.json  the outcome
policies/         the policy at each evaluation  policy.msgpack  the best of them
checkpoint/       the full training state        tensorboard/   report.html
"""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
from tensorboardX import SummaryWriter

from lamour_jax.checkpoint import CheckpointStore
from lamour_jax.errors import UserError
from lamour_jax.files import write_json
from lamour_jax.policy import load_policy, policy_from_params, save_policy
from lamour_jax.progress import Progress
from lamour_jax.types import Params


class Run:
    """An open run folder.

    Args:
      folder: the run's folder, made by `create_run` or left by an earlier run.
      config: the content of its config.json.
    """

    def __init__(self, folder: Path, config: dict[str, Any]):
        self.folder = folder
        self.config = config
        self.checkpoints = CheckpointStore(folder / "checkpoint")
        self._metrics_path = folder / "metrics.jsonl"
        self._discard_after(self.checkpoints.latest)
        self._evaluations = [row for row in self._rows() if row["kind"] == "evaluation"]
        self._seconds_before = max((row["seconds"] for row in self._rows()), default=0.0)
        self._opened = time.monotonic()
        self._board = SummaryWriter(str(folder / "tensorboard"), flush_secs=10)

    @property
    def robot(self) -> str:
        return self.config["robot"]

    @property
    def seconds(self) -> float:
        """Wall clock of the run so far, pauses between resumptions left out."""
        return self._seconds_before + time.monotonic() - self._opened

    @contextmanager
    def progress(self, num_updates: int, updates: int) -> Iterator[Progress]:
        """The live display of training; what it is told is logged, too."""
        with Progress(num_updates, updates, self._log_epoch) as progress:
            yield progress

    def record_evaluation(
        self, updates: int, env_steps: int, measures: dict[str, Any], actor: Params
    ) -> None:
        """Logs an evaluation and saves its policy; the best so far is `policy.msgpack`."""
        row = self._log("evaluation", updates, env_steps, measures)
        policy = policy_from_params(
            self.robot, actor, {**self.config, "updates": updates, "evaluation": measures}
        )
        save_policy(self.folder / "policies" / f"{updates:09d}.msgpack", policy)
        if not self._evaluations or _merit(row) >= max(map(_merit, self._evaluations)):
            save_policy(self.folder / "policy.msgpack", policy)
        self._evaluations.append(row)

    def best_actor(self) -> Params:
        """The parameters in `policy.msgpack`."""
        path = self.folder / "policy.msgpack"
        sizes = self.config["observation_size"], self.config["action_size"]
        return load_policy(
            path, robot=self.robot, observation_size=sizes[0], action_size=sizes[1]
        ).params

    def finish(self, outcome: dict[str, Any]) -> None:
        """Writes the outcome and closes the run's files."""
        write_json(self.folder / "metrics.json", outcome)
        self.close()

    def close(self) -> None:
        """Closes the run's files; call it however the run ends."""
        self._board.close()
        self.checkpoints.close()

    def _log_epoch(self, updates: int, env_steps: int, numbers: dict[str, float]) -> None:
        self._log("epoch", updates, env_steps, numbers)

    def _log(self, kind: str, updates: int, env_steps: int, numbers: dict[str, Any]) -> dict:
        row = {
            "kind": kind,
            "updates": updates,
            "env_steps": env_steps,
            "seconds": round(self.seconds, 2),
            **numbers,
        }
        with self._metrics_path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        prefix = "eval/" if kind == "evaluation" else ""
        for name, value in numbers.items():
            if isinstance(value, int | float):
                self._board.add_scalar(prefix + name, value, updates)
        return row

    def _rows(self) -> list[dict[str, Any]]:
        return read_metrics(self.folder)

    def _discard_after(self, updates: int | None) -> None:
        """Drops what was logged after the checkpoint: a resumed run does it again."""
        rows = self._rows()
        kept = [row for row in rows if updates is not None and row["updates"] <= updates]
        if len(kept) < len(rows):
            text = "".join(json.dumps(row) + "\n" for row in kept)
            self._metrics_path.write_text(text)


def claim_folder(folder: Path) -> None:
    """Makes sure that a new run may be written to `folder`.

    Raises:
      UserError: the folder is in use.
    """
    if (folder / "config.json").exists():
        raise UserError(
            f"{folder} holds another run: give another --out, or continue it with --resume"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} holds files that are no run: give another --out")


def create_run(folder: Path, config: dict[str, Any]) -> Run:
    """Makes a run folder; errors as in `claim_folder`."""
    claim_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    return Run(folder, config)


def read_config(folder: Path) -> dict[str, Any]:
    """The settings that a run was started with.

    Raises:
      UserError: the folder holds no run.
    """
    try:
        return json.loads((folder / "config.json").read_text())
    except FileNotFoundError:
        raise UserError(f"there is no run in {folder} (no config.json)") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{folder / 'config.json'} is damaged: {error}") from error


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl; a last line cut short by a kill is left out."""
    path = folder / "metrics.jsonl"
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def _merit(row: dict[str, Any]) -> tuple[float, float]:
    """What makes one evaluated policy better than another."""
    return row["success_rate"], row["return"]


def machine() -> dict[str, Any]:
    """What the run ran on, for the record."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("jax", "flax", "optax", "brax", "mujoco")},
        "devices": [str(device.device_kind) for device in jax.devices()],
        "cpus": os.cpu_count(),
    }
