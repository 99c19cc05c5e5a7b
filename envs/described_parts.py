"""The parts of a robot's description, each read from its table (envs.described)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import mujoco
import numpy as np

from envs.base import RecoveryEnv
from envs.descriptions import Description
from envs.drops import Drop, lying_pose
from envs.looks import Look
from envs.roots import Root
from envs.rules import (
    Entries,
    HealthRule,
    Quantity,
    TaskReward,
    parse_entries,
    parse_quantity,
)
from envs.starts import Start
from envs.tables import Table

T = TypeVar("T")  # what a text names

_AXES = ("x", "y")


@dataclass(frozen=True)
class Texts:
    """What the LVLM is told in the robot's own words; None where nothing was written."""

    robot: str | None
    image: str | None
    state: str | None
    action: str | None

    def over(self, written: Description) -> Description:
        """These texts, and those of `written` where there are none."""
        return Description(
            self.robot or written.robot,
            self.image or written.image,
            self.state or written.state,
            self.action or written.action,
        )


class PresentedRobot(RecoveryEnv):
    """A robot whose description says how it is shown and told of.

    Attributes:
      texts, camera: for the LVLM's questions and pictures.
    """

    texts: ClassVar[Texts]
    camera: ClassVar[Look]

    @property
    def look(self) -> Look:
        return self.camera

    @property
    def description(self) -> Description:
        return self.texts.over(super().description)


def read_texts(top: Table) -> Texts:
    """[description]"""
    table = top.table("description")
    if table is None:
        return Texts(None, None, None, None)
    texts = Texts(*(table.text(key, None) for key in ("robot", "image", "state", "action")))
    table.close()
    return texts


def read_camera(top: Table) -> Look:
    """[camera]"""
    table = top.table("camera")
    if table is None:
        return Look()
    look = Look(
        azimuth=table.number("azimuth", Look.azimuth),
        elevation=table.number("elevation", Look.elevation),
    )
    table.close()
    return look


def read_observation(top: Table, model: mujoco.MjModel, root: Root | None) -> tuple[Entries, ...]:
    """observation; by default all of the state but where on the floor the robot is."""
    given = top.texts("observation", None)
    if given is None:
        on_floor = set() if root is None else set(root.places[:2])
        kept = [i for i in range(model.nq) if i not in on_floor]
        return Entries("qpos", np.array(kept)), Entries("qvel", np.arange(model.nv))
    return tuple(_parsed(parse_entries, top, "observation", text, model) for text in given)


def _parsed(
    parse: Callable[[str, mujoco.MjModel], T],
    table: Table,
    key: str,
    text: str,
    model: mujoco.MjModel,
) -> T:
    try:
        return parse(text, model)
    except ValueError as error:
        table.fail(key, f"names what is not there: {error}")


def read_health(top: Table, model: mujoco.MjModel, root: Root | None) -> HealthRule:
    """[healthy]"""
    table = top.table("healthy")
    if table is None:
        top.fail("healthy", "is missing: a table with height, max_tilt or ranges")
    height = table.interval("height", None)
    if height is not None and (root is None or root.places[2] is None):
        table.fail("height", "needs a root that moves up and down: use ranges")
    tilt = table.number("max_tilt", None, lowest=0.0)
    if tilt is not None and (root is None or not root.can_tilt):
        table.fail("max_tilt", "needs a root that can tilt: use ranges")
    rule = HealthRule(
        root=root,
        height=height,
        max_tilt=None if tilt is None else float(np.deg2rad(tilt)),
        ranges=_read_ranges(table, model),
    )
    table.close()
    if rule == HealthRule(root):
        top.fail("healthy", "has no rule: give height, max_tilt or ranges")
    return rule


def _read_ranges(table: Table, model: mujoco.MjModel) -> tuple[tuple[Quantity, float, float], ...]:
    ranges = table.table("ranges")
    if ranges is None:
        return ()
    found = []
    for text in ranges.names():
        quantity = _parsed(parse_quantity, ranges, text, text, model)
        found.append((quantity, *ranges.interval(text)))
    return tuple(found)


def read_reward(top: Table, root: Root | None) -> TaskReward:
    """[reward]"""
    table = top.table("reward")
    if table is None:
        top.fail("reward", "is missing: a table with forward, alive or control_cost")
    forward = table.number("forward", 0.0)
    place = None
    axis = table.choice("axis", _AXES, "x")
    if forward:
        place = None if root is None else root.places[_AXES.index(axis)]
        if place is None:
            table.fail("forward", f"needs a root that moves along {axis}")
    reward = TaskReward(
        place, forward, table.number("alive", 0.0), table.number("control_cost", 0.0, lowest=0.0)
    )
    table.close()
    if not (reward.forward or reward.alive):
        top.fail("reward", "pays nothing: give forward or alive")
    return reward


def read_start(top: Table, key: str, model: mujoco.MjModel, normal: Start | None = None) -> Start:
    """[normal], or, beside a `normal` one, [ood]."""
    table = top.table(key)
    if table is None:
        if normal is None:
            return Start(np.array(model.qpos0))
        top.fail(key, "is missing: a table with drop, keyframe or qpos")
    start = Start(
        qpos=_read_pose(table, key, model, normal),
        qpos_noise=table.number("qpos_noise", 0.0, lowest=0.0),
        qvel_noise=table.number("qvel_noise", 0.0, lowest=0.0),
    )
    table.close()
    return start


def _read_pose(table: Table, key: str, model: mujoco.MjModel, normal: Start | None) -> np.ndarray:
    keyframe, qpos = table.text("keyframe", None), table.numbers("qpos", model.nq, None)
    drop = None if normal is None else table.table("drop")
    given = [part for part in (keyframe, qpos, drop) if part is not None]
    if len(given) > 1 or (normal is not None and not given):
        ways = "keyframe or qpos" if normal is None else "drop, keyframe or qpos"
        table.fail(ways, f"has to be given, one of them ([{key}])")
    if keyframe is not None:
        return _keyframe(table, keyframe, model)
    if drop is not None:
        assert normal is not None
        return read_drop(table, drop, model, normal.qpos)
    return np.array(model.qpos0 if qpos is None else qpos)


def _keyframe(table: Table, name: str, model: mujoco.MjModel) -> np.ndarray:
    names = [model.key(i).name for i in range(model.nkey)]
    if name not in names:
        table.fail("keyframe", f"is {name!r}, but the model has {', '.join(names) or 'none'}")
    return np.array(model.key(name).qpos)


def read_drop(parent: Table, table: Table, model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    """Where the robot comes to rest, qpos [nq], that is dropped in the pose `qpos` [nq]."""
    angles = [table.number(key, 0.0) for key in ("roll", "pitch", "yaw")]
    roll, pitch, yaw = (float(np.deg2rad(angle)) for angle in angles)
    drop = Drop(table.number("height", 0.1, lowest=0.0), (roll, pitch, yaw))
    table.close()
    try:
        return lying_pose(model, qpos, drop)
    except ValueError as error:
        parent.fail("drop", f"cannot be used: {error}")


def check_start(top: Table, part: str, start: Start, rule: HealthRule, *, healthy: bool) -> None:
    """Refuses a start that the rule judges otherwise: there would be nothing to do, or nothing to
    recover from."""
    if bool(rule.holds(AtRest(start.qpos))) is not healthy:
        told = "unhealthy" if healthy else "healthy"
        top.fail(f"[{part}]", f"begins {told} by the rule in [healthy]: change one of them")


@dataclass(frozen=True)
class AtRest:
    """A pose as rules look at states."""

    qpos: np.ndarray

    @property
    def qvel(self) -> np.ndarray:
        return np.zeros(len(self.qpos))  # at least as many as there are
