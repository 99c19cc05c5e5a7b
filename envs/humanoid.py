"""Humanoid: the Control Suite's, with 21 motors; out of distribution on its back.

Observation and reward are those of its task "run" (Tassa et al., 2018, arXiv 1801.00690). What they
need beside positions and velocities comes from sensors, which describe the state before the last
substep, as everything does that MuJoCo derives in a step.
"""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.assets import playground_spec
from envs.base import RecoveryEnv
from envs.physics import PhysicsState, SolverLimits
from envs.starts import Start

STAND_HEIGHT = 1.4  # m, of the head
RUN_SPEED = 10.0  # m/s
UPRIGHT = 0.9  # of the cosine between the torso's and the world's z axis
HEIGHT_RANGE = (1.0, 2.0)  # m, of the torso
NOISE = 0.01
LEG_GEAR = 140.0  # N m; the Control Suite's own 40 to 120 are too weak for these policies
SOLVER_ITERATIONS = 100, 50  # MuJoCo's own defaults; with Playground's 4 and 8 no policy stands
# MJX has room for this many contacts of each friction, the deepest, of so many pairs of each kind,
# the nearest. Playground's 8 and 8 suffice while it stands: where it lies, a foot went through the
# pelvis. Of 10 000 states between lying and standing the most contacts were 13.
MJX_CONTACTS = {"max_contact_points": 16, "max_geom_pairs": 32}
EXTREMITIES = ("left_hand", "left_foot", "right_hand", "right_foot")
SPEED_SENSOR = "torso_subtreelinvel"  # of the whole body's centre of mass


class Humanoid(RecoveryEnv):
    """MuJoCo Playground's HumanoidRun with stronger legs and implicit joint damping."""

    name = "humanoid"
    original_task = "Run forward."
    num_substeps = 5
    mjx_limits = SolverLimits(iterations=16, ls_iterations=16)
    ood_qpos = np.array([0.0, 0.0, 0.12, np.sqrt(0.5), 0.0, -np.sqrt(0.5), 0.0] + [0.0] * 21)

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        spec = playground_spec("humanoid.xml")
        spec.option.iterations, spec.option.ls_iterations = SOLVER_ITERATIONS
        spec.option.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_EULERDAMP)
        for numeric in spec.numerics:
            numeric.data[0] = MJX_CONTACTS[numeric.name]
        for motor in spec.actuators:
            if "hip" in motor.name or "knee" in motor.name:
                motor.gear[0] = LEG_GEAR
        for sensor in list(spec.sensors):
            if sensor.name != SPEED_SENSOR:
                spec.delete(sensor)
        _add_sensors(spec)
        return spec

    def normal_start(self) -> Start:
        return Start(self.model.qpos0, NOISE, NOISE)

    def ood_start(self) -> Start:
        return Start(self.ood_qpos, NOISE, NOISE)

    def observe(self, physics: PhysicsState) -> jax.Array:
        return jnp.concatenate(
            [
                physics.qpos[7:],
                self._head_height(physics)[None],
                *[self._sensor(physics, f"to_{name}") for name in EXTREMITIES],
                self._torso_vertical(physics),
                self._sensor(physics, SPEED_SENSOR),
                physics.qvel,
            ]
        )

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        height = physics.qpos[2]
        return (height > HEIGHT_RANGE[0]) & (height < HEIGHT_RANGE[1])

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        """The Control Suite's product of four shares in [0, 1]: standing, upright, at speed, and
        with small motor torques."""
        shortfall = jnp.maximum(STAND_HEIGHT - self._head_height(after), 0.0) / (STAND_HEIGHT / 4)
        standing = 0.1 ** jnp.square(shortfall)
        upright = _linear(self._torso_vertical(after)[2], UPRIGHT, margin=1.9)
        effort = jnp.mean(jnp.maximum(1.0 - jnp.square(action), 0.0))
        speed = jnp.linalg.norm(self._sensor(after, SPEED_SENSOR)[:2])
        moving = _linear(speed, RUN_SPEED, margin=RUN_SPEED)
        return standing * upright * (4.0 + effort) / 5.0 * (5.0 * moving + 1.0) / 6.0

    def _head_height(self, physics: PhysicsState) -> jax.Array:
        return self._sensor(physics, "head")[2]

    def _torso_vertical(self, physics: PhysicsState) -> jax.Array:
        """The heights [3] of the tips of the torso's unit axes."""
        return jnp.stack([self._sensor(physics, f"torso_{axis}")[2] for axis in "xyz"])

    def _sensor(self, physics: PhysicsState, name: str) -> jax.Array:
        sensor = self.model.sensor(name)
        first = int(sensor.adr[0])
        return physics.sensordata[first : first + int(sensor.dim[0])]


def _linear(value: jax.Array, bound: float, *, margin: float) -> jax.Array:
    """1 from `bound` upwards, falling in a line to 0 at `margin` below it."""
    return jnp.clip(1.0 - (bound - value) / margin, 0.0, 1.0)


def _add_sensors(spec: mujoco.MjSpec) -> None:
    body, kinds = mujoco.mjtObj.mjOBJ_XBODY, mujoco.mjtSensor

    def add(name: str, kind: mujoco.mjtSensor, of: str, seen_from: str | None = None) -> None:
        frame = {} if seen_from is None else {"reftype": body, "refname": seen_from}
        spec.add_sensor(name=name, type=kind, objtype=body, objname=of, **frame)

    add("head", kinds.mjSENS_FRAMEPOS, "head")
    for name in EXTREMITIES:
        add(f"to_{name}", kinds.mjSENS_FRAMEPOS, name, seen_from="torso")
    add("torso_x", kinds.mjSENS_FRAMEXAXIS, "torso")
    add("torso_y", kinds.mjSENS_FRAMEYAXIS, "torso")
    add("torso_z", kinds.mjSENS_FRAMEZAXIS, "torso")
