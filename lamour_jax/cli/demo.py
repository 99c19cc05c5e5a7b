"""`lamour demo`: the whole way on HalfCheetah, from its picture to the report, in minutes."""

import argparse
from pathlib import Path
from typing import Any

from lamour_jax.cli import common
from lamour_jax.cli.outcome import describe
from lamour_jax.cli.recover import recover

ROBOT = "half_cheetah"
STOP_AT = 0.95  # of the original policy's return


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    print(describe(demo(options.out)))
    return 0


def demo(out: Path | None = None) -> dict[str, Any]:
    """Recovers the HalfCheetah; returns the outcome, as `recover` does."""
    print("A HalfCheetah lies on its back; its policy was never there and cannot get up.")
    return recover(env=ROBOT, stop_at=STOP_AT, out=common.output_folder(out, "demo", ROBOT))
