"""Robots by a description: a TOML file beside an MJCF model (docs/own-robots.md).

    name = "swimmer"
    model = "swimmer.xml"           # or playground = "CheetahRun", whose task and physics hold then
    task = "Swim forward."
    substeps = 4                    # physics steps per control step
    episode_length = 1000
    observation = ["qpos[2:]", "qvel"]

    [healthy]                       # all that is given must hold
    height = [0.2, 1.0]             # m, of the root
    max_tilt = 60                   # degrees, of the root
    ranges = { "qpos[2]" = [-1, 1] }

    [reward]
    forward = 1.0                   # per m/s of the root along `axis`, "x" if left out
    alive = 0.0
    control_cost = 0.0001

    [normal]                        # where the original task begins; the model's pose if left out
    keyframe = "home"               # or qpos = [...]
    qpos_noise = 0.1
    qvel_noise = 0.1

    [ood]                           # where recovery begins: one of
    drop = { height = 0.2, roll = 180, pitch = 0, yaw = 0 }    # m, degrees; where it comes to rest
    keyframe = "fallen"
    qpos = [...]

    [description]                   # texts for the LVLM; written from the model where left out
    [camera]                        # azimuth, elevation, in degrees

The file is read strictly: a key that is not known is an error.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.base import RecoveryEnv
from envs.described_parts import (
    PresentedRobot,
    check_start,
    read_camera,
    read_health,
    read_observation,
    read_reward,
    read_start,
    read_texts,
)
from envs.physics import PhysicsState
from envs.physics.native import model_digest
from envs.registry import shipped
from envs.roots import root_of
from envs.rules import Entries, HealthRule, TaskReward
from envs.starts import Start
from envs.tables import Table, read_table

_NAME = re.compile(r"[A-Za-z][\w-]*")


class DescribedRobot(PresentedRobot):
    """What a description makes a subclass of, with these set.

    Attributes:
      mjcf: the model's file.
      digest: of the description and the model.
      entries: what is observed, in order.
      rule, reward, normal, ood: the description's parts.
      ctrl_range: [nu, 2] of the model's actuators, to which actions in [-1, 1] are stretched.
    """

    mjcf: ClassVar[Path]
    digest: ClassVar[bytes]
    entries: ClassVar[tuple[Entries, ...]]
    rule: ClassVar[HealthRule]
    reward: ClassVar[TaskReward]
    normal: ClassVar[Start]
    ood: ClassVar[Start]
    ctrl_range: ClassVar[np.ndarray]

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        return mujoco.MjSpec.from_file(str(cls.mjcf))

    @classmethod
    def fingerprint(cls) -> bytes:
        return cls.digest

    def normal_start(self) -> Start:
        return self.normal

    def ood_start(self) -> Start:
        return self.ood

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate([entries.of(physics) for entries in self.entries])

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        return self.rule.holds(physics)

    def to_ctrl(self, action: jax.Array) -> jax.Array:
        low, high = self.ctrl_range.T
        return low + (action + 1.0) / 2.0 * (high - low)

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        return self.reward.of(before, after, action, self.dt)


def described_class(file: Path) -> type[RecoveryEnv]:
    """The environment that a TOML file describes.

    Raises:
      ValueError: the file, its model or a key in it is wrong; the message says which and how.
    """
    file = file.resolve()
    top = read_table(file)
    return _class_of(file, file.read_text(encoding="utf-8"), "playground" in top)


@lru_cache(maxsize=32)
def _class_of(file: Path, content: str, of_playground: bool) -> type[RecoveryEnv]:
    """Once for each content: all environments of a robot share a class."""
    top = read_table(file)
    if of_playground:
        from envs.playground_described import playground_robot

        return playground_robot(file, top, read_name(top, file), content)
    return _robot(file, top, content)


def read_name(top: Table, file: Path) -> str:
    """The robot's name, by default the file's."""
    name = top.text("name", file.stem)
    if not _NAME.fullmatch(name):
        top.fail("name", f"must be letters, digits, _ and -, not {name!r}")
    if name in shipped():
        top.fail("name", f"{name!r} is a robot that ships with this package: choose another")
    return name


def _robot(file: Path, top: Table, content: str) -> type[RecoveryEnv]:
    name, task = read_name(top, file), top.text("task")
    mjcf = file.parent / top.text("model")
    model = _compiled(top, mjcf)
    root = root_of(model)
    normal = read_start(top, "normal", model)
    members = {
        "__module__": __name__,
        "__doc__": f"The robot that {file.name} describes.",
        "name": name,
        "original_task": task,
        "num_substeps": top.whole("substeps"),
        "episode_length": top.whole("episode_length", 1000),
        "mjcf": mjcf,
        "digest": hashlib.sha256(content.encode() + model_digest(model).encode()).digest(),
        "entries": read_observation(top, model, root),
        "rule": read_health(top, model, root),
        "reward": read_reward(top, root),
        "normal": normal,
        "ood": read_start(top, "ood", model, normal),
        "texts": read_texts(top),
        "camera": read_camera(top),
        "ctrl_range": _ctrl_range(top, model),
    }
    top.close()
    made: type[DescribedRobot] = type(name, (DescribedRobot,), members)
    made.ood_qpos = made.ood.qpos
    for part, start, healthy in (("normal", made.normal, True), ("ood", made.ood, False)):
        check_start(top, part, start, made.rule, healthy=healthy)
    return made


def _compiled(top: Table, mjcf: Path) -> mujoco.MjModel:
    if not mjcf.is_file():
        top.fail("model", f"names {mjcf}, which is not there (paths are relative to this file)")
    try:
        return mujoco.MjSpec.from_file(str(mjcf)).compile()
    except ValueError as error:
        top.fail("model", f"names {mjcf}, which MuJoCo cannot read: {error}")


def _ctrl_range(top: Table, model: mujoco.MjModel) -> np.ndarray:
    if not model.nu:
        top.fail("model", "has no actuators: there is nothing to learn")
    for actuator in np.flatnonzero(~model.actuator_ctrllimited.astype(bool)):
        name = model.actuator(int(actuator)).name or actuator
        top.fail("model", f"has an actuator without ctrlrange ({name}): give it one in the MJCF")
    return np.array(model.actuator_ctrlrange)
