"""Who can touch whom. Each relation is one bit: one side carries it in `contype`, the other in
`conaffinity`. What cannot meet, or would not matter, is left out: MJX computes every pair that may
collide in every step."""

from typing import Any, NamedTuple

_FLOOR = 1  # the floor and what may lie on it
_HAND = 2  # forearms, hands and fingers with all of the chair
_BODY = 4  # the robot's body and upper arms with the chair's seat, back and armrests
_BASE = 8  # the robot's base with the chair's foot
_LEFT = 16  # the left forearm and hand with the robot's body and the right ones
_RIGHT = 32  # the right forearm and hand with the robot's body


# A servo can push 500 N, and a hand swings at 3 m/s: MuJoCo's default of 0.02 s lets it in by 4 cm.
SOFTNESS = 0.01  # s


class Contact(NamedTuple):
    """A geom's side in these relations; nothing touches it by default."""

    contype: int = 0
    conaffinity: int = 0
    friction: float = 0.1

    def as_geom(self) -> dict[str, Any]:
        """Keywords of `MjsBody.add_geom`."""
        return {
            "contype": self.contype,
            "conaffinity": self.conaffinity,
            "friction": [self.friction, 0.005, 0.0001],
            "solref": [SOFTNESS, 1.0],
        }


# The larger friction of two geoms counts.
GROUND = Contact(_FLOOR, 0)
FOREARM = Contact(_HAND, _FLOOR, 0.3)
LEFT_FOREARM = Contact(_HAND | _LEFT, _FLOOR, 0.3)
RIGHT_FOREARM = Contact(_HAND | _RIGHT, _FLOOR | _LEFT, 0.3)
FINGER = Contact(_HAND, _FLOOR, 2.0)
UPPER_ARM = Contact(_BODY, _FLOOR, 0.3)
TORSO = Contact(_BODY, _LEFT | _RIGHT, 0.3)
MOBILE_BASE = Contact(_BODY | _BASE, 0, 0.3)
CHAIR_TOP = Contact(0, _FLOOR | _HAND | _BODY, 0.1)
CHAIR_POST = Contact(0, _HAND, 0.1)
CHAIR_FOOT = Contact(0, _HAND | _BASE, 0.1)
CASTER = Contact(0, _FLOOR | _HAND | _BASE, 1.0)
