"""`lamour demo`: the whole way on HalfCheetah, from its picture to the report, in minutes."""

import argparse
from pathlib import Path

from lamour_jax.cli import common
from lamour_jax.cli.recover import describe, recover
from lamour_jax.lvlm.transcript import (
    BEHAVIOR_REASONING,
    OOD_DESCRIPTION,
    TRANSCRIPT_FILE,
    Transcript,
)

ROBOT = "half_cheetah"
STOP_AT = 0.8  # of the original policy's return: well above what "recovered" asks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    folder = common.output_folder(options.out, "demo", ROBOT)
    demo(folder)
    return 0


def demo(folder: Path) -> dict:
    """Recovers the HalfCheetah in `folder`; returns the outcome."""
    print("A HalfCheetah lies on its back; its policy was never there and cannot get up.")
    outcome = recover(env=ROBOT, stop_at=STOP_AT, out=folder)
    transcript = Transcript.load(folder / "reward" / TRANSCRIPT_FILE)
    print(f"\n{transcript.model} saw:      {transcript.answer(OOD_DESCRIPTION)}")
    print(f"and advised:  {transcript.answer(BEHAVIOR_REASONING)}\n")
    print(describe(outcome))
    return outcome
