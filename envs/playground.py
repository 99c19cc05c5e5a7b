"""MuJoCo Playground's environments as original tasks (Zakka et al., 2025, arXiv 2502.08844).

Playground's own physics (MJX), observation, reward and termination hold; what is added is health,
an out-of-distribution start, and the rules of a recovery episode. A state carries all of
Playground's, tens of kilobytes a robot, since an environment may keep anything in its `info`.

Playground observes a state only after a step. So an episode that begins at a pose of ours begins
one control step after it, with no action taken; one that begins where Playground begins does so
exactly. What else an environment draws at a reset (commands, targets) is drawn for each pose anew.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import envs.physics.quiet_mjx  # noqa: F401  # isort: skip

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from flax import struct

from envs.base import RecoveryEnv, RecoveryState
from envs.described_parts import AtRest, PresentedRobot, Texts
from envs.drops import Drop, lying_pose
from envs.looks import Look
from envs.physics import Engine
from envs.roots import Root, root_of
from envs.rules import HealthRule
from envs.starts import PoseStart, Start

PACKAGE = "playground"
ENGINE = "mjx"
MAX_TILT = np.pi / 2  # rad: healthy by default, where a root can tilt
DROP_HEIGHT = 0.1  # m, of the default OOD start
STATE = "state"  # of several observations the policy's
_PROBING_STEPS = 3


class PlaygroundPhysics(struct.PyTreeNode):
    """Playground's whole state of one robot, with what rules look at at hand."""

    state: Any

    @property
    def qpos(self) -> jax.Array:
        return self.state.data.qpos

    @property
    def qvel(self) -> jax.Array:
        return self.state.data.qvel

    @property
    def obs(self) -> jax.Array:
        """The policy's observation [O]."""
        return policy_observation(self.state.obs)


class PlaygroundEngine:
    """A Playground environment behind the interface of a physics engine."""

    name = ENGINE

    def __init__(self, world: Any):
        self.world = world
        self.model: mujoco.MjModel = world.mj_model

    def begin(self, key: jax.Array) -> PlaygroundPhysics:
        """Playground's own start."""
        return PlaygroundPhysics(self.world.reset(_raw(key)))

    def init(self, qpos: jax.Array, qvel: jax.Array) -> PlaygroundPhysics:
        begun = self.begin(_key_of(qpos, qvel)).state
        data = begun.data.replace(
            qpos=qpos, qvel=qvel, qacc_warmstart=jnp.zeros_like(begun.data.qacc_warmstart)
        )
        still = jnp.zeros(self.world.action_size)
        return PlaygroundPhysics(self.world.step(begun.replace(data=data), still))

    def step(self, state: PlaygroundPhysics, ctrl: jax.Array) -> PlaygroundPhysics:
        return PlaygroundPhysics(self.world.step(state.state, ctrl))


@dataclass(frozen=True)
class PlaygroundStart(PoseStart):
    """Where Playground's episodes begin: the poses of its resets."""

    engine: Any  # a PlaygroundEngine: its states are Playground's

    def sample(self, key: jax.Array, nv: int) -> tuple[jax.Array, jax.Array]:
        """Draws (qpos [nq], qvel [nv])."""
        begun = self.engine.begin(key)
        return begun.qpos, begun.qvel


class PlaygroundRobot(PresentedRobot):
    """What `make_class` makes a subclass of, with these set.

    Attributes:
      world_name: the environment's name in Playground.
      rule: what is healthy, beside that Playground has not ended the episode.
      ood: the OOD start; None where it has none.
      content: of the description's file, if any.
    """

    engines: ClassVar[tuple[str, ...]] = (ENGINE,)
    # Playground lets some robots settle for hundreds of physics steps in each reset.
    pool_size: ClassVar[int] = 16
    world_name: ClassVar[str]
    rule: ClassVar[HealthRule]
    ood: ClassVar[Start | None]
    content: ClassVar[bytes]

    engine: Any  # a PlaygroundEngine: its states are Playground's

    def _build(self, engine: str) -> tuple[mujoco.MjModel, Engine]:
        if engine not in ("auto", ENGINE):
            raise ValueError(
                f"{self.name} is an environment of MuJoCo Playground, which brings its physics: it"
                f" runs on {ENGINE}, not on {engine!r} (leave --physics out)"
            )
        built: Any = PlaygroundEngine(load_world(self.world_name))
        return built.model, built

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        return mujoco.MjSpec.from_file(load_world(cls.world_name).xml_path)

    @classmethod
    def fingerprint(cls) -> bytes:
        versions = [importlib.metadata.version(name) for name in (PACKAGE, "mujoco-mjx")]
        return " ".join([cls.world_name, *versions]).encode() + cls.content

    @property
    def dt(self) -> float:
        return float(self.engine.world.dt)

    @property
    def action_size(self) -> int:
        return int(self.engine.world.action_size)

    def normal_start(self) -> PoseStart:
        return PlaygroundStart(standing_pose(self.model), self.engine)

    def ood_start(self) -> Start:
        if self.ood is None:
            raise ValueError(
                f"{self.name} has no OOD start, and none can be made by turning it over: describe"
                f' one in a TOML file with playground = "{self.world_name}" and a table [ood]'
                " (docs/own-robots.md)"
            )
        return self.ood

    def reset(self, rng: jax.Array) -> RecoveryState:
        if isinstance(self.start, PlaygroundStart):
            begun: Any = self.engine.begin(rng)
            return self._begun(begun)
        return super().reset(rng)

    def observe(self, physics: Any) -> jax.Array:
        return physics.obs

    def is_healthy(self, physics: Any) -> jax.Array:
        return self.rule.holds(physics) & (physics.state.done == 0.0)

    def is_finite(self, physics: Any) -> jax.Array:
        """Of all that Playground keeps, what anybody looks at."""
        seen = (physics.qpos, physics.qvel, physics.obs, physics.state.reward)
        return jnp.all(jnp.stack([jnp.all(jnp.isfinite(part)) for part in seen]))

    def compute_task_reward(self, before: Any, after: Any, action: jax.Array) -> jax.Array:
        return after.state.reward

    def probe(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        physics = jax.jit(self.engine.begin)(jax.random.key(1))
        step, rng = jax.jit(self.engine.step), np.random.default_rng(1)
        for _ in range(_PROBING_STEPS):
            physics = step(physics, jnp.asarray(rng.uniform(-1, 1, self.action_size), jnp.float32))
        return np.asarray(physics.qpos), np.asarray(physics.qvel), np.asarray(physics.obs)


def policy_observation(obs: Any) -> jax.Array:
    """Of several observations the one for the policy: [O]."""
    return obs[STATE] if isinstance(obs, Mapping) else obs


@lru_cache(maxsize=32)
def playground_class(world_name: str) -> type[PlaygroundRobot]:
    """A Playground environment by its name alone: healthy while it has not tipped over and
    Playground has not ended the episode; out of distribution turned over and dropped.

    Raises:
      ValueError: Playground is not installed, has no such environment, or it cannot be used.
    """
    model = load_world(world_name).mj_model
    root = root_of(model)
    rule, ood = default_rule(root), default_ood(model, root)
    if ood is not None and rule.holds(AtRest(ood.qpos)):  # it rolls back by itself
        ood = None
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", world_name)
    return make_class(
        world_name,
        name=world_name,
        task=f"{words}, as in MuJoCo Playground.",
        rule=rule,
        ood=ood,
        texts=Texts(None, None, None, None),
        camera=Look(),
        content=b"",
    )


def make_class(world_name: str, *, name: str, task: str, **parts: Any) -> type[PlaygroundRobot]:
    """The subclass of `PlaygroundRobot` with these attributes; errors as `playground_class`."""
    world, config = load_world(world_name), _suites().registry.get_default_config(world_name)
    members = {
        "__module__": __name__,
        "__doc__": f"Playground's {world_name}.",
        "name": name,
        "original_task": task,
        "num_substeps": world.n_substeps,
        "episode_length": int(config.get("episode_length", RecoveryEnv.episode_length)),
        "world_name": world_name,
        **parts,
    }
    if parts["ood"] is not None:
        members["ood_qpos"] = parts["ood"].qpos
    return type(name, (PlaygroundRobot,), members)


def default_rule(root: Root | None) -> HealthRule:
    """Healthy is what has not tipped over, if it can."""
    return HealthRule(root, max_tilt=MAX_TILT if root is not None and root.can_tilt else None)


def default_ood(model: mujoco.MjModel, root: Root | None) -> Start | None:
    """Turned over and dropped; None where this cannot be done."""
    if root is None or not root.can_tilt:
        return None
    angles = (np.pi, 0.0, 0.0) if root.quaternion is not None else (0.0, np.pi, 0.0)
    try:
        return Start(lying_pose(model, standing_pose(model), Drop(DROP_HEIGHT, angles)))
    except ValueError:
        return None


def standing_pose(model: mujoco.MjModel) -> np.ndarray:
    """The first keyframe's, by custom how the robot stands, else the model's own: qpos [nq]."""
    return np.array(model.key_qpos[0] if model.nkey else model.qpos0)


@lru_cache(maxsize=8)
def load_world(world_name: str) -> Any:
    """Playground's environment on MJX.

    Raises:
      ValueError: as `playground_class`.
    """
    suites = _suites()
    known = suites.registry.ALL_ENVS
    if world_name not in known:
        raise ValueError(f"Playground has no {world_name!r}: choose one of {', '.join(known)}")
    if world_name not in suites.dm_control_suite.ALL_ENVS:
        _check_assets(world_name)
    world = suites.registry.load(world_name, config_overrides={"impl": "jax"})
    _check_world(world_name, world, suites.registry.get_default_config(world_name))
    return world


def _suites() -> ModuleType:
    try:
        import mujoco_playground
    except ImportError as error:
        raise ValueError(
            f"MuJoCo Playground cannot be imported ({error}): make setup installs it, as does"
            " pip install -e '.[playground]' (with warp-lang, 400 MB)"
        ) from None
    return mujoco_playground


def _check_assets(world_name: str) -> None:
    """Playground would download a repository of a gigabyte in the middle of a command."""
    from mujoco_playground._src import mjx_env

    if not mjx_env.MENAGERIE_PATH.exists():
        raise ValueError(
            f"Playground's {world_name} needs models of MuJoCo Menagerie, which are not part of its"
            " package: with a network, python -c 'from mujoco_playground._src import mjx_env;"
            " mjx_env.ensure_menagerie_exists()' fetches them once (to"
            f" {mjx_env.MENAGERIE_PATH}). What comes with the package: dm_control_suite"
        )


def _check_world(world_name: str, world: Any, config: Any) -> None:
    if config.get("action_repeat", 1) != 1:
        raise ValueError(f"Playground's {world_name} repeats actions, which is not supported here")
    obs = jax.eval_shape(world.reset, _raw(jax.random.key(0))).obs
    if isinstance(obs, Mapping) and STATE not in obs:
        raise ValueError(
            f"Playground's {world_name} observes {', '.join(obs)}, and nothing called {STATE!r}"
        )
    if len(policy_observation(obs).shape) != 1:
        raise ValueError(f"Playground's {world_name} observes pictures, which is not supported")


def _raw(key: jax.Array) -> jax.Array:
    """A key as Playground has them in its states: two words [2]."""
    typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
    return jax.random.key_data(key) if typed else key


def _key_of(qpos: jax.Array, qvel: jax.Array) -> jax.Array:
    """A key that is the same for the same pose, and another for each other."""
    numbers = jnp.concatenate([qpos, qvel]).astype(jnp.float32)
    words = jax.lax.bitcast_convert_type(numbers, jnp.uint32)
    places = 2 * jnp.arange(len(words), dtype=jnp.uint32) + 1
    return jax.random.fold_in(jax.random.key(0), jnp.sum(words * places, dtype=jnp.uint32))
