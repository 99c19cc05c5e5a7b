"""How each robot is shown: the camera's angles, and paint that tells its parts apart."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Marking:
    """An ellipsoid of colour on a body, seen in pictures only: physics knows nothing of it.

    `pos` and `radii` are in metres in the body's own frame.
    """

    body: str
    pos: tuple[float, float, float]
    radii: tuple[float, float, float]
    rgb: tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """From where a robot is seen, and its paint.

    Angles are in degrees; azimuth 90 looks along +y, so that +x is to the right.
    """

    azimuth: float = 90.0
    elevation: float = -12.0
    markings: tuple[Marking, ...] = ()


_BLUE = (0.10, 0.25, 0.75)
_YELLOW = (0.95, 0.75, 0.05)

# A ball with four equal legs looks the same from above and below, and a robot of bars nearly the
# same from either end: paint tells back from belly, and marks the head.
LOOKS = {
    "ant": Look(
        azimuth=105.0,
        elevation=-30.0,
        markings=(
            Marking("torso", (0.0, 0.0, 0.06), (0.247, 0.247, 0.197), _BLUE),
            Marking("torso", (0.0, 0.0, -0.06), (0.247, 0.247, 0.197), _YELLOW),
        ),
    ),
    "push_chair": Look(azimuth=112.0, elevation=-24.0),
    "half_cheetah": Look(markings=(Marking("torso", (0.7, 0.0, 0.18), (0.07, 0.07, 0.07), _BLUE),)),
    "hopper": Look(markings=(Marking("torso", (0.0, 0.0, 0.19), (0.07, 0.07, 0.07), _BLUE),)),
    "humanoid": Look(
        azimuth=120.0,
        elevation=-25.0,
        markings=(Marking("head", (0.075, 0.0, 0.0), (0.05, 0.05, 0.05), _BLUE),),
    ),
    "walker2d": Look(markings=(Marking("torso", (0.0, 0.0, 0.19), (0.07, 0.07, 0.07), _BLUE),)),
}


def look_of(robot: str) -> Look:
    """The look of a robot by its registered name; by default it is seen from the side."""
    return LOOKS.get(robot, Look())
