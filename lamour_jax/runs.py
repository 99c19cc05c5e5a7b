"""A run's folder: everything needed to evaluate, resume and report it.

config.json       settings, versions, machine
original.msgpack  the original policy            reward/  reward code, program, conversation
metrics.jsonl     a line per epoch and evaluation        metrics.json  the outcome
policies/         the policy at each evaluation  policy.msgpack  the best of them
checkpoint/       the full training state        tensorboard/   report.html
variances.json    of SeRO: the largest variances of the original policy's features
planned.npz       planned episodes, where the settings ask for them

A population keeps metrics.jsonl, policies, policy.msgpack, reward and tensorboard of each member in
members/NAME, and the chosen member's policy and reward in the places above.
"""

import json
import math
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
from tensorboardX import SummaryWriter

from lamour_jax import hosts
from lamour_jax.checkpoint import CheckpointStore
from lamour_jax.config import stored_actor
from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically, write_json
from lamour_jax.policy import load_policy, policy_from_params, save_policy
from lamour_jax.types import Params

METRICS_FILE = "metrics.jsonl"
POLICY_FILE = "policy.msgpack"
ORIGINAL_FILE = "original.msgpack"
REWARD_FOLDER = "reward"
VARIANCES_FILE = "variances.json"
PLANNED_FILE = "planned.npz"
MEMBERS_FOLDER = "members"
CHECKPOINT_FOLDER = "checkpoint"


class Journal:
    """What one training leaves behind: its curve, its policies, and the best of them.

    Args:
      folder: where; made if need be.
      config: the run's settings, which every policy carries with it.
      name: the member of a population that this is; empty for a run of one.
      until: rows after this update are dropped, since a resumed run makes them again.
    """

    def __init__(self, folder: Path, config: dict[str, Any], name: str, until: int | None):
        self.folder = folder
        self.name = name
        self._config = config
        self._judged_by = config.get("judged_by", ["success_rate", "return"])
        self._discard_after(until)
        rows = read_metrics(folder)
        self._evaluations = [row for row in rows if row["kind"] == "evaluation"]
        self.seconds = max((row["seconds"] for row in rows), default=0.0)
        self._board = SummaryWriter(str(folder / "tensorboard"), flush_secs=10)

    def log(
        self, kind: str, updates: int, env_steps: int, seconds: float, numbers: dict[str, Any]
    ) -> dict[str, Any]:
        """Writes one row, to metrics.jsonl and to TensorBoard, and returns it."""
        row = {
            "kind": kind,
            "updates": updates,
            "env_steps": env_steps,
            "seconds": round(seconds, 2),
            **numbers,
        }
        with (self.folder / METRICS_FILE).open("a") as file:
            file.write(json.dumps(row) + "\n")
        prefix = "eval/" if kind == "evaluation" else ""
        for name, value in numbers.items():
            if isinstance(value, int | float):
                self._board.add_scalar(prefix + name, value, updates)
        return row

    def record_evaluation(
        self,
        updates: int,
        env_steps: int,
        seconds: float,
        measures: dict[str, Any],
        actor: Params,
    ) -> None:
        """Logs an evaluation and saves its policy; the best so far is `policy.msgpack`."""
        row = self.log("evaluation", updates, env_steps, seconds, measures)
        about = {**self._config, "updates": updates, "evaluation": measures}
        policy = policy_from_params(
            robot_name(self._config), actor, about, **stored_actor(self._config)
        )
        save_policy(self.folder / "policies" / f"{updates:09d}.msgpack", policy)
        if self.merit(row) >= self.best_merit:
            save_policy(self.folder / POLICY_FILE, policy)
        self._evaluations.append(row)

    @property
    def has_policy(self) -> bool:
        """Whether an evaluation was recorded."""
        return bool(self._evaluations)

    @property
    def best_merit(self) -> tuple[float, ...]:
        """The `merit` of the best evaluation; the lowest of all before the first."""
        return max(map(self.merit, self._evaluations), default=(-math.inf,))

    def merit(self, row: dict[str, Any]) -> tuple[float, ...]:
        """What makes one evaluated policy better than another, by the environment's own measures:
        recoveries, then return; where the original task is learned, what its run says. Of equal
        ones the latest is kept."""
        return tuple(row[name] for name in self._judged_by)

    def best_actor(self) -> Params:
        """The parameters of the best evaluated policy."""
        return load_policy(
            self.folder / POLICY_FILE,
            robot=robot_name(self._config),
            observation_size=self._config["observation_size"],
            action_size=self._config["action_size"],
        ).params

    def close(self) -> None:
        """Closes its files."""
        self._board.close()

    def _discard_after(self, updates: int | None) -> None:
        rows = read_metrics(self.folder)
        kept = [row for row in rows if updates is not None and row["updates"] <= updates]
        if len(kept) < len(rows):
            text = "".join(json.dumps(row) + "\n" for row in kept)
            (self.folder / METRICS_FILE).write_text(text)


class Run:
    """An open run folder.

    Args:
      folder: the run's folder, made by `create_run` or left by an earlier run.
      config: the content of its config.json; "members" in it names a population's, whose seeds
        are "member_seeds".

    Attributes:
      journals: one for each member of a population, else one.
    """

    def __init__(self, folder: Path, config: dict[str, Any]):
        self.folder = folder
        self.config = config
        self.checkpoints = CheckpointStore(folder / CHECKPOINT_FOLDER)
        until = self.checkpoints.latest
        self.journals = [
            Journal(folder / place, config, name, until) for name, place in _places(config)
        ]
        self._seconds_before = max(journal.seconds for journal in self.journals)
        self._opened = time.monotonic()

    @property
    def robot(self) -> str:
        return self.config["robot"]

    @property
    def robot_name(self) -> str:
        """The robot's own name; `robot` is where it is found."""
        return robot_name(self.config)

    @property
    def start(self) -> str:
        """Where training's episodes begin: "ood", also in runs from before there was a choice, or
        "battery"."""
        return self.config.get("start", "ood")

    @property
    def num_members(self) -> int | None:
        """The size of the population; None where the run is a single training."""
        return len(self.journals) if self.config.get("members") else None

    @property
    def member_seeds(self) -> list[int] | None:
        """The seed of each member of a population; None where the run is a single training."""
        return self.config.get("member_seeds")

    @property
    def has_begun(self) -> bool:
        """Whether anything was learned that is worth keeping."""
        return self.checkpoints.latest is not None or any(
            read_metrics(journal.folder) for journal in self.journals
        )

    @property
    def seconds(self) -> float:
        """Wall clock of the run so far, pauses between resumptions left out."""
        return self._seconds_before + time.monotonic() - self._opened

    def finish(self, outcome: dict[str, Any]) -> None:
        """Writes the outcome and closes the run's files."""
        write_json(self.folder / "metrics.json", outcome)
        self.close()

    def close(self) -> None:
        """Closes the run's files; call it however the run ends."""
        for journal in self.journals:
            journal.close()
        self.checkpoints.close()


def robot_name(config: dict[str, Any]) -> str:
    """The robot's name in a run's settings; older runs know one by nothing else."""
    return config.get("name", config["robot"])


def _places(config: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, folder within the run) of each member."""
    names = config.get("members") or []
    return [(name, f"{MEMBERS_FOLDER}/{name}") for name in names] or [("", ".")]


def claim_folder(folder: Path) -> None:
    """Makes sure that a new run may be written to `folder`.

    Raises:
      UserError: the folder is in use.
    """
    if (folder / "config.json").exists():
        if any(path.name.isdecimal() for path in (folder / CHECKPOINT_FOLDER).glob("*")):
            way_on = "continue it with --resume"
        else:
            way_on = "remove it (it has no checkpoint to continue from)"
        raise UserError(f"{folder} holds another run: give another --out, or {way_on}")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} holds files that are no run: give another --out")


def create_run(folder: Path, config: dict[str, Any]) -> Run:
    """Makes a run folder; errors as in `claim_folder`."""
    claim_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)
    return Run(folder, config)


@contextmanager
def shared_run(open_run: Callable[[], Run], *, new: bool = False) -> Iterator[Run]:
    """The run that `open_run` gives, closed at the end.

    A `new` one that ends before it has begun to learn leaves no folder behind, so that the same
    command can be given again: it did not fit, or was interrupted while it was compiled.

    Of several processes the leader alone opens it. The others work in folders that are gone
    afterwards, on copies of what a training reads: hosts need share no files.
    """
    run = hosts.agree(lambda: open_run() if hosts.leads() else None)
    with tempfile.TemporaryDirectory() as scratch:
        if jax.process_count() > 1:
            run = _copied(run, Path(scratch))
        assert run is not None  # a process alone leads
        try:
            yield run
        finally:
            blank = new and hosts.leads() and not run.has_begun
            run.close()
            if blank:
                shutil.rmtree(run.folder, ignore_errors=True)


def _copied(run: Run | None, scratch: Path) -> Run:
    """The leader's `run`; in the others, who have none, a copy of it in `scratch`."""
    inputs = hosts.from_leader(lambda: {} if run is None else _inputs(run.folder))
    if run is not None:
        return run
    for name, content in inputs.items():
        write_atomically(scratch / name, content)
    return Run(scratch, read_config(scratch))


def _inputs(folder: Path) -> dict[str, bytes]:
    """The files that a training reads, by their place in the run's folder."""
    paths = [folder / "config.json", folder / ORIGINAL_FILE, *folder.rglob(f"{REWARD_FOLDER}/**/*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


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
    path = folder / METRICS_FILE
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def machine() -> dict[str, Any]:
    """What the run ran on, for the record."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("jax", "flax", "optax", "brax", "mujoco")},
        "processes": jax.process_count(),
        "devices": [str(device.device_kind) for device in jax.devices()],
        "cpus": os.cpu_count(),
    }
