"""What is compared: robots x methods x seeds, and ablations on two robots."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import envs
from lamour_jax.errors import UserError
from lamour_jax.recovery import METHODS

ROBOTS = ("ant", "half_cheetah", "hopper", "walker2d", "humanoid", "push_chair")  # as published
ABLATED = ("half_cheetah", "hopper")
# The published recipe takes a core for two and a half hours to come to its million updates. Its
# learning rates do not fall: a run that ends here, after an hour, is the beginning of the long one.
PAPER_UPDATES = 400_000
REWARDS = Path(__file__).resolve().parents[1] / "rewards"


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
      label: its name for people.
      method: of `lamour recover`.
      num_seeds: it is repeated with seeds 1 to this,
      more_seeds: or, on these robots, to these.
      robots: where.
      settings: of the learner, in place of the preset's.
      handwritten: with the reward that we wrote, in place of the model's.
    """

    label: str
    method: str
    num_seeds: int = 1
    more_seeds: Mapping[str, int] = field(default_factory=dict)
    robots: tuple[str, ...] = ROBOTS
    settings: Mapping[str, Any] = field(default_factory=dict)
    handwritten: bool = False

    def seeds_on(self, robot: str) -> range:
        """The seeds that `robot` is trained with."""
        return range(1, self.more_seeds.get(robot, self.num_seeds) + 1)


COMPARED = {
    "lamour": Variant("LaMOuR", "lamour", num_seeds=3),
    "sero": Variant("SeRO", "sero", num_seeds=2),
    # It does as well as LaMOuR on the Humanoid: one seed would not show that.
    "sac_zero": Variant("SAC-zero", "sac_zero", more_seeds={"humanoid": 3}),
    "sac_env": Variant("SAC-env", "sac_env"),
    "sac_t2r": Variant("SAC-T2R", "sac_t2r", robots=("push_chair",)),
}
ABLATIONS = {
    "no_consolidation": Variant(
        "no consolidation", "lamour", robots=ABLATED, settings={"consol_coef": 0.0}
    ),
    # The original policy is held wherever the environment calls the robot healthy.
    "healthy_gate": Variant("environment's gate", "lamour_healthy_gate", robots=ABLATED),
    "handwritten": Variant("handwritten reward", "lamour", robots=ABLATED, handwritten=True),
}
VARIANTS = COMPARED | ABLATIONS


class Cell(NamedTuple):
    """One training; `method` names one of VARIANTS."""

    robot: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        """Names its run folder."""
        return f"{self.robot}-{self.method}-{self.seed}"

    @property
    def variant(self) -> Variant:
        return VARIANTS[self.method]


def make_cells(
    robots: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> list[Cell]:
    """The cells of the chosen robots, methods and seeds, of all if None; first seeds first, so that
    a grid that was stopped early compares something.

    Robots of the paper that `envs` does not have are left out.

    Raises:
      UserError: a choice that is not in the grid.
    """
    known = [robot for robot in ROBOTS if robot in envs.shipped()]
    all_seeds = max((v.seeds_on(robot) for v in VARIANTS.values() for robot in ROBOTS), key=len)
    chosen = [
        Cell(robot, method, seed)
        for seed in _choose("--seeds", seeds, all_seeds)
        for method in _choose("--methods", methods, VARIANTS)
        for robot in _choose("--robots", robots, known)
        if robot in VARIANTS[method].robots and seed in VARIANTS[method].seeds_on(robot)
    ]
    if not chosen:
        raise UserError(
            f"no such cell. How many seeds: {', '.join(map(_seeds, VARIANTS))}; "
            f"ablations of {' and '.join(ABLATED)} only"
        )
    return chosen


def obstacle(cell: Cell, policies: Mapping[str, Path]) -> str | None:
    """Why the cell cannot be trained here, with the original `policies` by robot; else None."""
    if cell.variant.method not in METHODS:
        return f"this version has no method {cell.variant.method}"
    if cell.robot not in policies:
        return "no original policy for this robot (--policies)"
    return None


def recover_arguments(cell: Cell, preset: str, policy: Path, out: Path) -> dict[str, Any]:
    """What `lamour_jax.cli.recover.recover` is given, as plain data."""
    variant = cell.variant
    return {
        "env": cell.robot,
        "method": variant.method,
        "preset": preset,
        "updates": PAPER_UPDATES if preset == "paper" else None,
        "seeds": [cell.seed],
        "settings": dict(variant.settings),
        "reward": [str(REWARDS / f"{cell.robot}.py")] if variant.handwritten else [],
        "policy": str(policy),
        "out": str(out),
    }


def _seeds(name: str) -> str:
    more = [f"{number} on {robot}" for robot, number in VARIANTS[name].more_seeds.items()]
    return " ".join([name, str(VARIANTS[name].num_seeds), *(f"({text})" for text in more)])


def _choose(option: str, wanted: Iterable | None, known: Iterable) -> list:
    known = list(known)
    if wanted is None:
        return known
    wanted = list(wanted)
    if strange := [x for x in wanted if x not in known]:
        raise UserError(
            f"{option} {' '.join(map(str, strange))}: choose from {', '.join(map(str, known))}"
        )
    return [x for x in known if x in wanted]
