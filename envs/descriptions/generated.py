"""A description written from the model, for robots that come without one.

Names are the model's own: give joints and actuators names that say what they move. Which entry of
the state is which joint's is found by comparison (`RecoveryEnv.probe`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mujoco
import numpy as np

from envs.descriptions import Description
from envs.roots import root_of

if TYPE_CHECKING:
    from envs.base import RecoveryEnv

_AXES = "xyz"
_FREE_QPOS = [*((f"position along world {a}", "m") for a in _AXES)] + [
    (f"orientation, quaternion's {a}", "1") for a in "wxyz"
]
_FREE_QVEL = [*((f"velocity along world {a}", "m/s") for a in _AXES)] + [
    (f"angular velocity about the body's own {a} axis", "rad/s") for a in _AXES
]


def describe(env: RecoveryEnv) -> Description:
    """The four sections, from the robot's model and its camera."""
    return Description(
        robot=_robot(env), image=_image(env), state=_state(env), action=_action(env.model)
    )


def _robot(env: RecoveryEnv) -> str:
    model, root = env.model, root_of(env.model)
    bodies = [model.body(i).name or f"body {i}" for i in range(1, model.nbody)]
    lines = [
        f"A robot called {env.name}, simulated in MuJoCo: bodies {', '.join(bodies)}, of"
        f" {model.body_mass.sum():.3g} kg together. x and y are horizontal, z is up. An action is"
        f" held for {env.dt:g} s."
    ]
    if (model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE).any():
        lines.append("It stands on a flat floor.")
    if root is not None:
        lines.append(f"Its root is {root.body}; the other bodies hang on it by joints.")
    lines.append("At the start of the original task it is " + _pose(env) + ".")
    return " ".join(lines)


def _pose(env: RecoveryEnv) -> str:
    """Where the bodies are in the normal start's pose."""
    model, data = env.model, mujoco.MjData(env.model)
    data.qpos[:] = env.normal_start().qpos
    mujoco.mj_kinematics(model, data)
    places = [
        f"{model.body(i).name or f'body {i}'} at ({', '.join(f'{v:.2f}' for v in data.xpos[i])})"
        for i in range(1, model.nbody)
    ]
    return "posed with " + ", ".join(places) + " (x, y, z in m)"


def _image(env: RecoveryEnv) -> str:
    azimuth, elevation = np.deg2rad([env.look.azimuth, env.look.elevation])
    right = np.array([np.sin(azimuth), -np.cos(azimuth)])
    axis = int(np.argmax(np.abs(right)))
    shown = f"{'+' if right[axis] > 0 else '-'}{_AXES[axis]}"
    tilt = "horizontally" if abs(elevation) < 0.02 else f"{abs(env.look.elevation):.0f} degrees"
    way = "" if tilt == "horizontally" else (" from above" if elevation < 0 else " from below")
    return (
        f"The camera looks at the robot {tilt}{way}; the direction {shown} is to the right of the"
        " image. The squares on the floor are 1 m wide."
    )


def _state(env: RecoveryEnv) -> str:
    qpos, qvel, inputs = env.probe()
    names = [*_named(env.model, "qpos"), *_named(env.model, "qvel")]
    values = np.concatenate([qpos, qvel])
    lines = [
        f"A vector of {len(inputs)} numbers.",
        "index | name | unit | range | meaning",
    ]
    for index, value in enumerate(inputs):
        alike = np.flatnonzero(np.abs(values - value) <= 1e-6 * np.maximum(1.0, np.abs(value)))
        row = names[alike[0]] if len(alike) == 1 else _OTHER
        lines.append(f"{index} | " + " | ".join(row))
    return "\n".join(lines)


_OTHER = ("other", "?", "any", "computed by the environment from its state; not described")


def _named(model: mujoco.MjModel, source: str) -> list[tuple[str, str, str, str]]:
    """(name, unit, range, meaning) of each entry of qpos or qvel, in order."""
    rows = []
    for joint in range(model.njnt):
        name, kind = model.joint(joint).name or f"joint {joint}", model.jnt_type[joint]
        body = model.body(int(model.jnt_bodyid[joint])).name or "its body"
        suffix = "" if source == "qpos" else " velocity"
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            entries = _FREE_QPOS if source == "qpos" else _FREE_QVEL
            rows += [(name, unit, "any", f"{what} of {body}") for what, unit in entries]
        elif kind == mujoco.mjtJoint.mjJNT_BALL:
            parts = "wxyz" if source == "qpos" else _AXES
            unit = "1" if source == "qpos" else "rad/s"
            rows += [
                (f"{name}{suffix}", unit, "any", f"{part} of the ball joint of {body}")
                for part in parts
            ]
        else:
            slides = kind == mujoco.mjtJoint.mjJNT_SLIDE
            unit = ("m" if slides else "rad") + ("" if source == "qpos" else "/s")
            rows.append(
                (
                    f"{name}{suffix}",
                    unit,
                    _limits(model, joint, source),
                    _motion(model, joint, source),
                )
            )
    return rows


def _limits(model: mujoco.MjModel, joint: int, source: str) -> str:
    if source == "qvel" or not model.jnt_limited[joint]:
        return "any"
    low, high = model.jnt_range[joint]
    return f"[{low:.4g}, {high:.4g}]"


def _motion(model: mujoco.MjModel, joint: int, source: str) -> str:
    """What a slide or hinge does, and to what."""
    body = int(model.jnt_bodyid[joint])
    slides = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE
    axis = ", ".join(f"{value:g}" for value in np.round(model.jnt_axis[joint], 3))
    moved = model.body(body).name or f"body {body}"
    parent = int(model.body_parentid[body])
    frame = "the world" if parent == 0 else model.body(parent).name or f"body {parent}"
    what = f"slide of {moved} along" if slides else f"angle of {moved} about"
    if source == "qvel":
        what = f"velocity of the {what}"
    return f"{what} ({axis}) of its own frame, against {frame}"


def _action(model: mujoco.MjModel) -> str:
    lines = [
        f"A vector of {model.nu} numbers in [-1, 1], one for each actuator; the environment turns"
        " them into controls.",
        "index | actuator | acts on | range of its control",
    ]
    for actuator in range(model.nu):
        name = model.actuator(actuator).name or f"actuator {actuator}"
        low, high = model.actuator_ctrlrange[actuator]
        controls = f"[{low:.4g}, {high:.4g}]" if model.actuator_ctrllimited[actuator] else "any"
        gear = model.actuator_gear[actuator, 0]
        lines.append(
            f"{actuator} | {name} | {_target(model, actuator)} | {controls}, gear {gear:.4g}"
        )
    return "\n".join(lines)


def _target(model: mujoco.MjModel, actuator: int) -> str:
    kind, index = model.actuator_trntype[actuator], int(model.actuator_trnid[actuator, 0])
    servo = model.actuator_biasprm[actuator, 1] != 0
    if kind in (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT)):
        name = model.joint(index).name or f"joint {index}"
        return f"{'position' if servo else 'force or torque'} of joint {name}"
    return "no single joint"
