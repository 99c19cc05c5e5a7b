"""A five-star office chair of boxes, capsules and spheres: as a model, and as distances to it.

Its origin is on the floor below the column, x points where the sitter looks, z up the column. The
foot (column, five legs, casters) is one body; seat, back and armrests turn on it. Standing it fills
the published box: 0.94 m wide, 0.90 m deep, 1.30 m high. The parts that a hand could grasp at the
top are thicker than its fingers open. As in office chairs a third of the mass is in foot and
mechanism, and the centre of mass (0.55 m high) below the armrests: laid on its side the chair rests
on one of them and on two casters, its back in the air.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from envs.push_chair.contacts import CASTER, CHAIR_FOOT, CHAIR_POST, CHAIR_TOP, Contact

Point = tuple[float, float, float]

DENSITY = 200.0  # kg/m^3
SWIVEL_FRICTION, SWIVEL_DAMPING = 0.1, 10.0  # N m, N m s/rad: the middle of the published ranges
# The published ranges begin at 0 (to 0.1 and 0.5), and a wheel's damping acts on its radius
# squared: five wheels with 0.01 take 31 N to roll at 1 m/s, with 0.25 they would sooner slide.
WHEEL_DAMPING = 0.01  # N m s/rad
CASTER_ARMATURE = 1e-4  # kg m^2

NUM_LEGS = 5
LEG_REACH = 0.435  # m from the column to a caster's axis
CASTER_RADIUS = 0.05  # m
CASTER_TRAIL = 0.02  # m from a caster's axis back to its wheel


class Box(NamedTuple):
    """Centre and half sizes (m), turned about y (rad)."""

    name: str
    centre: Point
    half: Point
    pitch: float = 0.0


class Capsule(NamedTuple):
    """From where to where, and its radius (m)."""

    name: str
    start: Point
    end: Point
    radius: float


def _around(radius: float, height: float, leg: int) -> Point:
    angle = 2 * np.pi * leg / NUM_LEGS
    return (float(radius * np.cos(angle)), float(radius * np.sin(angle)), height)


_RECLINE = -0.12
SEAT_BOXES = (
    Box("seat", (0.02, 0.0, 0.50), (0.24, 0.25, 0.04)),
    Box("back", (-0.31, 0.0, 1.00), (0.0425, 0.20, 0.30), _RECLINE),
    Box("mechanism", (0.0, 0.0, 0.43), (0.16, 0.14, 0.04)),
)
SEAT_CAPSULES = (
    Capsule("spine", (-0.18, 0.0, 0.48), (-0.28, 0.0, 0.78), 0.03),
    *(
        part
        for side, y in (("left", 0.33), ("right", -0.33))
        for part in (
            Capsule(f"{side}_armrest", (-0.16, y, 0.72), (0.16, y, 0.72), 0.045),
            Capsule(f"{side}_post", (0.0, y * 0.80, 0.50), (0.0, y, 0.68), 0.03),
        )
    ),
)
FOOT_CAPSULES = (
    Capsule("column", (0.0, 0.0, 0.12), (0.0, 0.0, 0.40), 0.06),
    *(
        Capsule(f"leg{leg}", _around(0.04, 0.15, leg), _around(0.41, 0.135, leg), 0.045)
        for leg in range(NUM_LEGS)
    ),
)
_AXES = np.array([_around(LEG_REACH, CASTER_RADIUS, leg) for leg in range(NUM_LEGS)], np.float32)

_CUSHION = (0.10, 0.25, 0.70, 1.0)
_PLASTIC = (0.12, 0.12, 0.14, 1.0)
_METAL = (0.55, 0.56, 0.60, 1.0)


def add_chair(world: mujoco.MjsBody) -> None:
    """Puts the chair into the world, free to move; its casters follow it as if it had rolled
    forward."""
    foot = world.add_body(name="chair")
    foot.add_freejoint(name="chair")
    for part in FOOT_CAPSULES:
        _add_capsule(foot, part, _METAL, CHAIR_FOOT)
    for leg in range(NUM_LEGS):
        _add_caster(foot, leg)
    top = foot.add_body(name="chair_seat")
    top.add_joint(
        name="chair_swivel",
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0, 0, 1],
        frictionloss=SWIVEL_FRICTION,
        damping=[SWIVEL_DAMPING, 0, 0],
    )
    for box in SEAT_BOXES:
        top.add_geom(
            name=box.name,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=box.centre,
            quat=[np.cos(box.pitch / 2), 0, np.sin(box.pitch / 2), 0],
            size=box.half,
            density=DENSITY,
            rgba=_METAL if box.name == "mechanism" else _CUSHION,
            **_contact_of(box.name).as_geom(),
        )
    for part in SEAT_CAPSULES:
        _add_capsule(top, part, _PLASTIC, _contact_of(part.name))


def _contact_of(part: str) -> Contact:
    """Of what turns with the seat. Some of it never comes to the floor, or to the robot's body."""
    return CHAIR_POST if part in ("mechanism", "spine") or part.endswith("post") else CHAIR_TOP


def _add_capsule(
    body: mujoco.MjsBody, part: Capsule, colour: tuple[float, ...], contact: Contact
) -> None:
    body.add_geom(
        name=part.name,
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[*part.start, *part.end],
        size=[part.radius, 0, 0],
        density=DENSITY,
        rgba=colour,
        **contact.as_geom(),
    )


def _add_caster(foot: mujoco.MjsBody, leg: int) -> None:
    centre = _AXES[leg] - np.array([CASTER_TRAIL, 0, 0])
    body = foot.add_body(name=f"caster{leg}", pos=centre)
    for name, axis, at in (("swivel", [0, 0, 1], CASTER_TRAIL), ("wheel", [0, 1, 0], 0.0)):
        body.add_joint(
            name=f"caster{leg}_{name}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=axis,
            pos=[at, 0, 0],
            damping=[WHEEL_DAMPING, 0, 0],
            armature=CASTER_ARMATURE,
        )
    body.add_geom(
        name=f"caster{leg}",
        type=mujoco.mjtGeom.mjGEOM_SPHERE,
        size=[CASTER_RADIUS, 0, 0],
        density=DENSITY,
        rgba=_PLASTIC,
        **CASTER.as_geom(),
    )


def to_surface(points: jax.Array, swivel: jax.Array, casters: jax.Array) -> jax.Array:
    """The way from points to the nearest point of the chair's surface, in the chair's frame.

    Args:
      points: [N, 3] in the frame of the chair's foot (m).
      swivel: [] angle of the seat (rad).
      casters: [5] angles of the casters about their axes (rad).

    Returns [N, 3] (m); zero for a point inside.
    """
    cos, sin = jnp.cos(swivel), jnp.sin(swivel)
    turn = jnp.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])  # seat -> foot
    on_seat = points @ turn
    ways = jnp.concatenate(
        [
            *(_to_box(on_seat, box) @ turn.T for box in SEAT_BOXES),
            _to_capsules(on_seat, *_stacked(SEAT_CAPSULES)) @ turn.T,
            _to_capsules(points, *_stacked(FOOT_CAPSULES)),
            _to_casters(points, casters),
        ],
        axis=1,
    )
    nearest = jnp.argmin(jnp.sum(jnp.square(ways), axis=-1), axis=1)
    return jnp.take_along_axis(ways, nearest[:, None, None], axis=1)[:, 0]


def _stacked(parts: tuple[Capsule, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    starts, ends = (np.array([getattr(part, end) for part in parts]) for end in ("start", "end"))
    radii = np.array([part.radius for part in parts])
    return starts.astype(np.float32), ends.astype(np.float32), radii.astype(np.float32)


def _to_box(points: jax.Array, box: Box) -> jax.Array:
    """[N, 1, 3]"""
    cos, sin = np.cos(box.pitch), np.sin(box.pitch)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]], np.float32)  # box -> seat
    inside = (points - np.array(box.centre, np.float32)) @ turn
    half = np.array(box.half, np.float32)
    return ((jnp.clip(inside, -half, half) - inside) @ turn.T)[:, None]


def _to_capsules(
    points: jax.Array, start: np.ndarray, end: np.ndarray, radius: np.ndarray
) -> jax.Array:
    """[N, K, 3] from points [N, 3] to capsules [K]."""
    axis = end - start
    from_start = points[:, None] - start
    share = jnp.sum(from_start * axis, axis=-1) / np.sum(np.square(axis), axis=-1)
    to_axis = jnp.clip(share, 0.0, 1.0)[..., None] * axis - from_start
    return _shortened(to_axis, radius)


def _to_casters(points: jax.Array, casters: jax.Array) -> jax.Array:
    """[N, 5, 3]"""
    behind = jnp.stack([jnp.cos(casters), jnp.sin(casters), jnp.zeros(NUM_LEGS)], axis=-1)
    centres = jnp.asarray(_AXES) - CASTER_TRAIL * behind
    return _shortened(centres - points[:, None], np.float32(CASTER_RADIUS))


def _shortened(way: jax.Array, radius: np.ndarray | np.float32) -> jax.Array:
    """Ways [..., 3] that end where `radius` before their end is left; zero where they are
    shorter."""
    length = jnp.sqrt(jnp.sum(jnp.square(way), axis=-1))
    left = jnp.maximum(length - radius, 0.0) / jnp.maximum(length, 1e-9)
    return way * left[..., None]
