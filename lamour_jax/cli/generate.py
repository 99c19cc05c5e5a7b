"""`lamour generate`: from a picture of the fallen robot to verified reward programs."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs import rendering
from envs.base import RecoveryEnv
from lamour_jax.cli import common
from lamour_jax.cli.check import Checker, make_checker
from lamour_jax.errors import UserError
from lamour_jax.files import cache_folder, write_atomically, write_json
from lamour_jax.lvlm.conversation import (
    Candidate,
    Review,
    RobotTask,
    run_candidates,
)
from lamour_jax.lvlm.providers import (
    TEXT_RECORDING,
    Provider,
    ProviderError,
    ProviderSettings,
    RecordedProvider,
    has_text_recording,
    make_provider,
    provider_names,
    recordings,
)
from lamour_jax.lvlm.transcript import IMAGE_FILE, TRANSCRIPT_FILE, Transcript
from lamour_jax.rewardcode import Verdict, save_artefact

CANDIDATE_FOLDERS = "candidate-*"

# Passes every check on every robot: proof that the way is free before a question is paid for.
KNOWN_GOOD = """
import numpy as np

def is_recovered(state):
    return int(abs(state[0]) < 1.0)

def calculate_reward(state, action):
    return -abs(state[0]) - 0.01 * np.sum(np.square(action)) - 1e-3
"""


@dataclass(frozen=True)
class Generated:
    """A candidate: one program, or why there is none.

    Attributes:
      folder: image.png, transcript.json, reward.py, reward_jnp.py, verdict.json.
      transcript: the conversation.
      verdict: on the last answer; None where no code was answered.
      error: why the conversation ended early, else None.
    """

    folder: Path
    transcript: Transcript
    verdict: Verdict | None
    error: ProviderError | None

    @property
    def accepted(self) -> bool:
        """The program can be trained with."""
        return self.error is None and self.verdict is not None and self.verdict.accepted

    @property
    def name(self) -> str:
        return self.folder.name

    def summary(self) -> str:
        """The verdict, or the provider's failure, for people."""
        if self.error is not None:
            return f"no usable answer: {self.error}"
        return "no code was answered" if self.verdict is None else self.verdict.summary()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser)
    parser.add_argument(
        "--lvlm", default="recorded", help=f"who answers: {', '.join(provider_names())}"
    )
    parser.add_argument("--model", help="the model to ask, or that a person asks (manual)")
    parser.add_argument("--candidates", type=int, default=1, help="how many programs to ask for")
    parser.add_argument(
        "--text-only",
        action="store_true",
        help="ask for a reward of the task itself, without picture and reasoning (Text2Reward)",
    )
    parser.add_argument("--recording", help="which recorded conversation; the first if left out")
    parser.add_argument("--base-url", help="the server to ask, in place of the provider's own")
    parser.add_argument("--max-cost", type=float, help="stop before more dollars are spent")
    parser.add_argument(
        "--price",
        type=float,
        nargs=2,
        metavar=("INPUT", "OUTPUT"),
        help="dollars per million tokens, for a model whose price is not known here",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="ask again what was answered before and is in the cache",
    )
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    programs = generate(
        env=options.env,
        lvlm=options.lvlm,
        model=options.model,
        candidates=options.candidates,
        text_only=options.text_only,
        recording=options.recording,
        base_url=options.base_url,
        max_cost=options.max_cost,
        price=None if options.price is None else tuple(options.price),
        fresh=options.fresh,
        out=options.out,
    )
    for program in programs:
        transcript = program.transcript
        print(f"answers by {transcript.model}, {transcript.date} ({transcript.provider})")
        print(program.summary())
        picture = "" if options.text_only else "image.png, "
        print(f"written to {program.folder}: {picture}transcript.json, reward.py, reward_jnp.py")
    return 0


def generate(
    *,
    env: str,
    lvlm: str = "recorded",
    model: str | None = None,
    candidates: int = 1,
    text_only: bool = False,
    recording: str | None = None,
    base_url: str | None = None,
    max_cost: float | None = None,
    price: tuple[float, float] | None = None,
    fresh: bool = False,
    out: Path | None = None,
) -> list[Generated]:
    """Asks the three questions and turns the answers into verified programs.

    One candidate is written to the folder `out` itself, several to candidate-1, candidate-2, ... in
    it. What was answered is kept whatever happens afterwards.

    Args:
      env: the robot.
      lvlm, model, base_url: who answers.
      candidates: how many programs to ask for.
      text_only: ask the third question alone, about the robot's task: no picture, no reasoning.
      recording: which recorded conversation; the first ones by default.
      max_cost: in dollars; no question is asked that might cost more.
      price: (input, output) in dollars per million tokens, where it is not known here.
      fresh: do not take answers from the cache.
      out: the folder.

    Raises:
      UserError: bad input, no answer, or no answered program can be used.
    """
    if candidates < 1:
        raise UserError(f"--candidates must be at least 1, not {candidates}")
    if recording is not None and (text_only or lvlm != RecordedProvider.name):
        other = "--text-only, of which there is one" if text_only else f"--lvlm {lvlm}"
        raise UserError(
            f"--recording {recording} names a recorded conversation from a picture: it does not go"
            f" together with {other}; leave one of them out"
        )
    robot = common.make_light_env(env, "ood")
    known = has_text_recording(robot.name) if text_only else recordings(robot.name)
    if lvlm == RecordedProvider.name and not known:
        raise UserError(
            f"no conversation about {robot.name} is recorded. Ask a model (lamour generate --env"
            f" {env} --lvlm gemini, openai or manual: by hand in any chat window), or write reward"
            f" code yourself (lamour check reward.py --env {env}) and give it with --reward"
        )
    folder = common.output_folder(out, "generate", env)
    settings = ProviderSettings(
        robot=robot.name,
        model=model,
        folder=folder / "manual",
        recording=TEXT_RECORDING if text_only else recording,
        base_url=base_url,
        max_cost=max_cost,
        price=price,
        answers=None if fresh else cache_folder("answers"),
    )
    provider = make_provider(lvlm, settings)
    check = make_checker(env)
    if isinstance(provider, RecordedProvider):
        programs = _replay(provider, settings, robot, check, candidates, folder)
    else:
        image = None if text_only else _picture(robot)
        programs = _ask(provider, robot, image, check, candidates, folder)
    # Transcripts of candidates share their first questions: their costs do not add up to this.
    cost = provider.meter.cost_usd if provider.meter is not None else 0.0
    rows = [_row(program) for program in programs]
    write_json(folder / "metrics.json", {"robot": robot.name, "cost_usd": cost, "candidates": rows})
    if not any(program.accepted for program in programs):
        reasons = "\n".join(program.summary() for program in programs)
        raise UserError(f"no reward program can be used (see {folder}):\n{reasons}")
    return programs


def _replay(
    first: RecordedProvider,
    settings: ProviderSettings,
    robot: RecoveryEnv,
    check: Checker,
    candidates: int,
    folder: Path,
) -> list[Generated]:
    """Recorded conversations, one a candidate."""
    known = recordings(robot.name)
    if candidates > (len(known) if settings.recording is None else 1):
        raise UserError(
            f"--candidates {candidates}: {len(known)} conversations about {robot.name} are recorded"
            " (and --recording chooses one); ask for fewer, or ask a live model (--lvlm)"
        )
    providers = [first, *(RecordedProvider(robot.name, name) for name in known[1:candidates])]
    programs = []
    for number, provider in enumerate(providers, 1):
        talk = run_candidates(provider, _task(robot), text_only=provider.image is None)[0]
        place = _place(folder, number, candidates)
        programs.append(_finish(place, talk, provider.image, check))
    return programs


def _ask(
    provider: Provider,
    robot: RecoveryEnv,
    image: bytes | None,
    check: Checker,
    candidates: int,
    folder: Path,
) -> list[Generated]:
    """Live answers, to text alone without a picture; what is wrong with a program goes back to who
    wrote it."""
    known_good = check(KNOWN_GOOD)
    if not known_good.accepted:
        raise UserError(
            "nothing was asked: a program that is known to be good does not pass the checks here."
            f" Please report this.\n{known_good.summary()}"
        )

    def review(answer: str) -> Review:
        verdict = check(answer)
        return Review(verdict.accepted, verdict.summary(), verdict.to_json())

    def keep(number: int, transcript: Transcript) -> None:
        _keep(_place(folder, number, candidates), transcript, image)

    talks = run_candidates(
        provider,
        _task(robot),
        image,
        count=candidates,
        review=review,
        keep=keep,
        text_only=image is None,
    )
    if provider.meter is not None:
        print(provider.meter.summary())
    return [
        _finish(_place(folder, number, candidates), talk, image, check)
        for number, talk in enumerate(talks, 1)
    ]


def _keep(folder: Path, transcript: Transcript, image: bytes | None) -> None:
    if image is not None:
        write_atomically(folder / IMAGE_FILE, image)
    transcript.save(folder / TRANSCRIPT_FILE)


def _finish(folder: Path, talk: Candidate, image: bytes | None, check: Checker) -> Generated:
    _keep(folder, talk.transcript, image)
    verdict = None
    if talk.transcript.has_code:
        verdict = check(talk.transcript.answer_code)
        save_artefact(folder, verdict)
    return Generated(folder, talk.transcript, verdict, talk.error)


def _picture(robot: RecoveryEnv) -> bytes:
    try:
        pixels = rendering.render(robot.model, robot.ood_start().qpos, look=robot.look)
    except rendering.RenderingUnavailable as error:
        raise UserError(f"no picture to ask about: {error}") from None
    return rendering.encode_png(pixels)


def _place(folder: Path, number: int, candidates: int) -> Path:
    return folder if candidates == 1 else folder / f"candidate-{number}"


def _task(robot: RecoveryEnv) -> RobotTask:
    """What the model is told about a robot."""
    description = robot.description
    return RobotTask(
        robot.name,
        robot.original_task,
        description.vectors,
        description.image,
        description.example,
    )


def _row(program: Generated) -> dict[str, Any]:
    return {
        "folder": str(program.folder),
        "accepted": program.accepted,
        "model": program.transcript.model,
        "cost_usd": program.transcript.cost_usd,
        "error": None if program.error is None else str(program.error),
        "verdict": None if program.verdict is None else program.verdict.to_json(),
    }
