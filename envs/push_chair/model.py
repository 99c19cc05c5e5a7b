"""The world of PushChair: floor, target, robot and chair, and where its numbers are."""

import mujoco
import numpy as np

from envs.push_chair import robot
from envs.push_chair.chair import NUM_LEGS, add_chair
from envs.push_chair.contacts import GROUND, Contact

TARGET_RADIUS = 0.15  # m; the target lies in the world's origin
TIMESTEP = 0.002  # s

# After the robot's joints in qpos [40] ...
CHAIR = slice(robot.NUM_JOINTS, robot.NUM_JOINTS + 7)  # x, y, z, quaternion w, x, y, z
SWIVEL = CHAIR.stop + 2 * NUM_LEGS
CASTERS = slice(CHAIR.stop, SWIVEL, 2)  # about their axes; wheels in between
# ... and in qvel [39].
CHAIR_VELOCITY = slice(robot.NUM_JOINTS, robot.NUM_JOINTS + 3)  # in the world
CHAIR_SPIN = slice(robot.NUM_JOINTS + 3, robot.NUM_JOINTS + 6)  # in the chair's own frame
SWIVEL_SPEED = CHAIR_SPIN.stop + 2 * NUM_LEGS

# MJX has room for this many contacts, the deepest, of so many pairs of each kind, the nearest.
# Random actions around a standing or a lying chair made ten at most.
_MJX_CONTACTS, _MJX_PAIRS = 32, 16


def build_spec() -> mujoco.MjSpec:
    """The model of everything."""
    spec = mujoco.MjSpec()
    spec.modelname = "push_chair"
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP
    _add_surroundings(spec)
    robot.add_robot(spec)
    add_chair(spec.worldbody)
    for name, value in (
        ("max_contact_points", _MJX_CONTACTS),
        ("max_geom_pairs", _MJX_PAIRS),
    ):
        spec.add_numeric(name=name, size=1, data=[value])
    return spec


def _add_surroundings(spec: mujoco.MjSpec) -> None:
    for name, kind, builtin, size in (
        ("sky", mujoco.mjtTexture.mjTEXTURE_SKYBOX, mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, 64),
        ("squares", mujoco.mjtTexture.mjTEXTURE_2D, mujoco.mjtBuiltin.mjBUILTIN_CHECKER, 64),
    ):
        spec.add_texture(
            name=name,
            type=kind,
            builtin=builtin,
            width=size,
            height=size * (6 if name == "sky" else 1),
            rgb1=[0.8, 0.8, 0.8],
            rgb2=[0.4, 0.4, 0.4],
        )
    floor = spec.add_material(name="floor")
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "squares"
    world = spec.worldbody
    world.add_light(
        pos=[-1, -2, 5], dir=[0.2, 0.4, -1], type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    )
    world.add_geom(
        name="floor",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[40, 40, 1],
        material="floor",
        **GROUND.as_geom(),
    )
    world.add_geom(
        name="target",
        type=mujoco.mjtGeom.mjGEOM_CYLINDER,
        pos=[0, 0, 0.003],
        size=[TARGET_RADIUS, 0.003, 0],
        rgba=[0.90, 0.08, 0.08, 1],
        **Contact().as_geom(),
    )


def pose(robot_pose: np.ndarray, chair_pose: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """qpos [40] from the robot's [22], the chair's [7] and the chair's joints [11]."""
    return np.concatenate([robot_pose, chair_pose, joints])
