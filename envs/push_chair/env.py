"""PushChair: a mobile robot with two arms pushes an office chair to a target; out of distribution
the chair lies on its side."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.base import RecoveryEnv
from envs.physics import PhysicsState, SolverLimits
from envs.push_chair import model, robot
from envs.push_chair.measures import chair_rotation, measure, tilt, ways_to_chair
from envs.push_chair.reward import FALL, has_fallen, has_succeeded, staged_reward
from envs.push_chair.starts import AroundTarget, Moved
from envs.starts import NEAR_RECOVERED, load_poses, poses_file

HEALTHY_TILT = 0.1 * np.pi  # rad
STANDING_DISTANCE = (0.8, 1.2)  # m from the target
STANDING_TURN = 0.4 * np.pi  # rad
LYING_DISTANCE = (1.0, 1.0)
MAX_SPEED = 10.0  # m/s and rad/s; observed velocities are clipped to it

_STANDING = np.array([-1.0, 0, 0, 1, 0, 0, 0])
# On its right side, at rest on an armrest and two casters.
_LYING = np.array([-1.0, 0, 0.38224, 0.69488, 0.70191, -0.11117, 0.11005])
_LYING_JOINTS = np.array([1.2567, 0.0] * 3 + [-1.8849, 0.0] * 2 + [-0.3141])
_BEHIND = robot.rest((-2.0, 0.0), 0.0)


class PushChair(RecoveryEnv):
    """After ManiSkill's task of this name, with a chair and a robot of simple shapes.

    From normal starts the original task: 100 control steps. From the OOD start 400, and a fallen
    chair costs nothing.
    """

    name = "push_chair"
    original_task = (
        "Push the chair to the target marked on the floor and keep it from falling over."
    )
    num_substeps = 25  # 500 Hz to 20 Hz
    mjx_limits = SolverLimits(iterations=8, ls_iterations=16)
    episode_length = 400
    normal_episode_length = 100
    has_end = True
    ood_qpos = model.pose(_BEHIND, _LYING, _LYING_JOINTS)
    normal_qpos = model.pose(_BEHIND, _STANDING, np.zeros(11))

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        return model.build_spec()

    def normal_start(self) -> AroundTarget:
        return AroundTarget(self.normal_qpos, STANDING_DISTANCE, STANDING_TURN)

    def ood_start(self) -> AroundTarget:
        return AroundTarget(self.ood_qpos, LYING_DISTANCE)

    def near_recovered_start(self) -> Moved:
        """Chairs that arms hold up or have just let down, and lying and standing ones with the
        robot anyhow beside them (see `envs.push_chair.holding`)."""
        return Moved(load_poses(poses_file(NEAR_RECOVERED, self.name)))

    def observe(self, physics: PhysicsState) -> jax.Array:
        """Everything as seen from the robot's base, wherever in the world it is: [89]."""
        qpos, qvel = physics.qpos, jnp.clip(physics.qvel, -MAX_SPEED, MAX_SPEED)
        position, rotation = robot.base_pose(qpos)
        joints, speeds = qpos[: robot.NUM_JOINTS], qvel[: robot.NUM_JOINTS]
        shown = np.array([robot.LIFT, *_indices(robot.ARMS), *robot.FINGERS])
        (hands, turns), (hand_velocities, _) = jax.jvp(robot.hand_poses, (joints,), (speeds,))
        chair, swivel = qpos[model.CHAIR][:3], qpos[model.SWIVEL]
        chair_turn = chair_rotation(qpos)
        planes = jnp.stack([*turns, chair_turn])[:, :, :2]  # of each rotation two columns
        return jnp.concatenate(
            [
                joints[shown],
                speeds[shown],
                speeds[robot.BASE][:2] @ rotation[:2, :2],
                speeds[robot.BASE][2:],
                ((hands - position) @ rotation).ravel(),
                (ways_to_chair(hands, qpos) @ rotation).ravel(),
                jnp.clip(hand_velocities @ rotation, -MAX_SPEED, MAX_SPEED).ravel(),
                (rotation.T @ planes).ravel(),
                (chair - position) @ rotation,
                jnp.stack([jnp.cos(swivel), jnp.sin(swivel), qvel[model.SWIVEL_SPEED]]),
                qvel[model.CHAIR_VELOCITY] @ rotation,
                (chair_turn @ qvel[model.CHAIR_SPIN]) @ rotation,
                (-position @ rotation)[:2],  # the target
                (-chair @ rotation)[:2],  # the chair's way to it
            ]
        )

    def reward_inputs(self, physics: PhysicsState) -> jax.Array:
        """The hands' distance to the chair, the chair's to the target, its tilt, speed, spin: [5]
        (see `Measures`)."""
        return measure(physics.qpos, physics.qvel).reward_inputs

    def is_healthy(self, physics: PhysicsState) -> jax.Array:
        return tilt(physics.qpos) <= HEALTHY_TILT

    def is_lost(self, physics: PhysicsState) -> jax.Array:
        return has_fallen(tilt(physics.qpos))

    def is_accomplished(self, physics: PhysicsState) -> jax.Array:
        return has_succeeded(measure(physics.qpos, physics.qvel))

    def compute_task_reward(
        self, before: PhysicsState, after: PhysicsState, action: jax.Array
    ) -> jax.Array:
        measures = measure(after.qpos, after.qvel)
        reward = staged_reward(measures, action)
        if self.start_name != "normal":
            return reward
        return reward + jnp.where(has_fallen(measures.tilt), FALL, 0.0)


def _indices(parts: tuple[slice, ...]) -> list[int]:
    return [index for part in parts for index in range(part.start, part.stop)]
