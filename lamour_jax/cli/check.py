"""`lamour check`: is this reward code sound?"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from lamour_jax.cli import common
from lamour_jax.cli.sample_cache import samples_for
from lamour_jax.errors import UserError
from lamour_jax.rewardcode import JNP_FILE, Verdict, check, save_artefact

Checker = Callable[[str], Verdict]  # a model's answer -> the verdict on its reward code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="Python reward code, or an answer that holds it")
    common.add_env_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    verdict, folder = check_file(options.file, env=options.env, out=options.out)
    program = str(folder / JNP_FILE) if verdict.jnp_source else None
    record = {**verdict.to_json(), "jnp_source": program}
    print(json.dumps(record, indent=2) if options.json else verdict.summary())
    if not verdict.accepted:
        return 2
    print(
        f"written to {folder}; use it with: lamour recover --env {options.env} --reward {folder}",
        file=sys.stderr,
    )
    return 0


def check_file(file: Path, *, env: str, out: Path | None = None) -> tuple[Verdict, Path]:
    """Checks the reward code in `file`; if it is sound, writes its program.

    Returns the verdict and the folder with reward.py, reward_jnp.py and verdict.json.

    Raises:
      UserError: no such file or robot.
    """
    answer = read_answer(file)
    verdict = make_checker(env)(answer)
    folder = common.output_folder(out, "check", env)
    save_artefact(folder, verdict)
    return verdict, folder


def make_checker(env: str) -> Checker:
    """What gives the verdict on a model's answer for one robot."""
    samples = samples_for(env)
    return lambda answer: check(answer, samples)


def read_answer(file: Path) -> str:
    """The text of `file`.

    Raises:
      UserError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{file} is not a text file in UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from None
