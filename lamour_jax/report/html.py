"""A run as one HTML file: from the picture that a model saw to the robot on its feet."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.base import RecoveryEnv
from envs.rendering import RenderingUnavailable
from lamour_jax.errors import EncoderUnavailable
from lamour_jax.policy import Policy, load_policy
from lamour_jax.report import figures
from lamour_jax.report.candidates import Member, read_members
from lamour_jax.report.canvas import Plot
from lamour_jax.report.costs import costs
from lamour_jax.report.films import Film, shoot_before_and_after
from lamour_jax.report.overlay import RETURN, overlay
from lamour_jax.report.page import REPORT_FILE, write_page
from lamour_jax.report.plots import learning_curves, training_curves
from lamour_jax.report.record import Record, read_record

_MACHINE = "machine"  # the group of settings that holds versions and devices


@dataclass(frozen=True)
class _Place:
    """How both policies do from one kind of start.

    Attributes:
      name: of the starts.
      trained: training's episodes began there.
      before, after: measures of the original and of the recovered policy.
    """

    name: str
    trained: bool
    before: dict[str, Any]
    after: dict[str, Any]


def write_report(folder: Path, env: RecoveryEnv) -> Path:
    """Writes `report.html` into the folder of a finished run of `lamour recover`.

    Its films are kept beside it, in `videos/`; where they cannot be made, the report says why.

    Args:
      folder: the run.
      env: the environment of its evaluation.

    Raises:
      UserError: the folder holds no finished run, or a file in it was altered.
    """
    record = read_record(folder)
    original = _load(folder / "original.msgpack", env)
    recovered = _load(folder / "policy.msgpack", env)
    films, no_films = _films(folder, env, original, recovered)
    members = read_members(folder, record.outcome, record.config.get("members", []))
    settings = record.settings
    versions = settings.pop(_MACHINE, {})
    return write_page(
        folder / REPORT_FILE,
        "report.html.j2",
        robot=type(env).__name__,
        task=env.original_task,
        method=record.method,
        config=record.config,
        outcome=record.outcome,
        starts=figures.STARTS[record.outcome["start"]],
        steps=record.steps,
        updates=record.updates,
        best_updates=recovered.about.get("updates"),
        headlines=figures.headlines(record.outcome, env.dt),
        places=_places(record),
        costs=costs(record),
        story=record.story,
        members=members,
        comparison=_comparison(members, record.normal_return),
        curves=learning_curves(record.rows, record.normal_return),
        small_curves=training_curves(record.rows),
        films=films,
        no_films=no_films,
        settings=settings,
        versions=versions,
    )


def _films(
    folder: Path, env: RecoveryEnv, original: Policy, recovered: Policy
) -> tuple[list[Film], str]:
    """The films, or why there are none."""
    try:
        return shoot_before_and_after(env, original, recovered, folder / "videos"), ""
    except (RenderingUnavailable, EncoderUnavailable) as error:
        return [], str(error)


def _places(record: Record) -> list[_Place]:
    before, after = record.outcome["original"], record.outcome["recovered"]
    return [
        _Place(name, start == record.outcome["start"], before[start], after[start])
        for start, name in figures.PLACES.items()
        if start in before and start in after
    ]


def _comparison(members: list[Member], normal_return: float) -> list[Plot]:
    """Every member's return in one drawing; none for a single training."""
    plot = overlay(
        "members",
        [(member.name, member.rows) for member in members],
        RETURN,
        originals={"original policy, normal starts": normal_return},
    )
    return [] if plot is None else [plot]


def _load(path: Path, env: RecoveryEnv) -> Policy:
    return load_policy(
        path,
        robot=env.name,
        observation_size=env.observation_size,
        action_size=env.action_size,
    )
