"""The reward programs that a run learns from: given as files or folders, or recorded."""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from lamour_jax.cli.check import make_checker, read_answer
from lamour_jax.cli.generate import CANDIDATE_FOLDERS, generate
from lamour_jax.errors import UserError
from lamour_jax.lvlm.transcript import BEHAVIOR_REASONING, OOD_DESCRIPTION, Transcript
from lamour_jax.rewardcode import RewardCodeError, RewardProgram, load_program, save_artefact


def add_reward_arguments(parser: argparse.ArgumentParser, several: str) -> None:
    """--reward and --candidates; `several` says what is done with more than one program."""
    parser.add_argument(
        "--reward",
        type=Path,
        nargs="+",
        default=[],
        help="reward code (.py) or folders of `lamour generate` or `check`; recorded if left out;"
        f" several {several}",
    )
    parser.add_argument(
        "--candidates",
        type=int,
        default=1,
        help=f"how many recorded answers to take; several {several}",
    )


def provide_rewards(
    given: Sequence[Path], candidates: int, env: str, folder: Path, *, text_only: bool = False
) -> dict[str, Path]:
    """Writes verified reward programs into `folder`; returns them by name.

    Args:
      given: reward code (.py), folders of `lamour generate` or `lamour check`, or folders of
        several candidates; none to take the recorded answers.
      candidates: how many recorded answers to take where nothing is given.
      env: the robot.
      text_only: take the answer that was recorded to text alone, without picture and reasoning.

    Raises:
      UserError: no program, or none that can be used.
    """
    if not given:
        return _recorded(candidates, env, folder, text_only)
    sources = _expand(given)
    accepted: dict[str, Path] = {}
    refused = []
    for number, source in enumerate(sources, 1):
        name = f"candidate-{number}"
        complaint = _take(source, env, folder / name)
        if complaint is None:
            accepted[name] = folder / name
        else:
            refused.append(f"{source} is refused:\n{complaint}")
    if not accepted:
        raise UserError("\n".join(refused))
    for complaint in refused:
        print(f"left out: {complaint}", flush=True)
    return accepted


def count_rewards(given: Sequence[Path], candidates: int) -> int:
    """How many programs `provide_rewards` takes, if it refuses none."""
    return len(_expand(given)) if given else candidates


def load_reward(folder: Path) -> RewardProgram:
    """The program in a reward folder.

    Raises:
      UserError: it was altered or is not there.
    """
    try:
        return load_program(folder)
    except (RewardCodeError, OSError) as error:
        raise UserError(f"no sound reward program in {folder}: {error}") from None


def _recorded(candidates: int, env: str, folder: Path, text_only: bool) -> dict[str, Path]:
    answers = generate(env=env, candidates=candidates, text_only=text_only, out=folder)
    programs = [program for program in answers if program.accepted]
    for number, program in enumerate(programs, 1):
        _tell(program.transcript, f"candidate {number}: " if len(programs) > 1 else "")
    return {f"candidate-{k}": program.folder for k, program in enumerate(programs, 1)}


def _tell(transcript: Transcript, prefix: str) -> None:
    who = f"{prefix}{transcript.model}, {transcript.date} ({transcript.provider})"
    if not transcript.pictures:
        print(f"{who} wrote a reward of the task itself", flush=True)
        return
    print(f"{who} saw:")
    print(f"  {transcript.answer(OOD_DESCRIPTION).strip()}")
    print(f"and advised:\n  {transcript.answer(BEHAVIOR_REASONING).strip()}", flush=True)


def _expand(given: Sequence[Path]) -> list[Path]:
    """The paths, with the candidates in place of a folder of several."""
    return [source for path in given for source in (sorted(path.glob(CANDIDATE_FOLDERS)) or [path])]


def _take(source: Path, env: str, folder: Path) -> str | None:
    """Copies or checks one program into `folder`; returns what is wrong with it, else None."""
    if source.is_dir():
        try:
            load_reward(source)
        except UserError as error:
            return str(error)
        shutil.copytree(source, folder)
        return None
    verdict = make_checker(env)(read_answer(source))
    save_artefact(folder, verdict)
    return None if verdict.accepted else verdict.summary()
