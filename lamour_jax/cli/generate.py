"""`lamour generate`: from a picture of the fallen robot to a verified reward program."""

import argparse
from pathlib import Path

import envs.descriptions
from envs import rendering
from lamour_jax.cli import common
from lamour_jax.cli.check import verdict_on
from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically, write_json
from lamour_jax.lvlm.conversation import RobotTask, run_conversation
from lamour_jax.lvlm.providers import ProviderSettings, make_provider, provider_names
from lamour_jax.lvlm.transcript import IMAGE_FILE, TRANSCRIPT_FILE, Transcript
from lamour_jax.rewardcode import Verdict, save_artefact


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_env_argument(parser)
    parser.add_argument(
        "--lvlm", default="recorded", help=f"who answers: {', '.join(provider_names())}"
    )
    parser.add_argument("--model", help="the model to ask, or that a person asks (manual)")
    parser.add_argument("--recording", help="which recorded conversation; the newest if left out")
    common.add_out_argument(parser)


def run(options: argparse.Namespace) -> int:
    common.set_up()
    folder, transcript, verdict = generate(
        env=options.env,
        lvlm=options.lvlm,
        model=options.model,
        recording=options.recording,
        out=options.out,
    )
    print(f"answers by {transcript.model}, {transcript.date} ({transcript.provider})")
    print(verdict.summary())
    print(f"written to {folder}: image.png, transcript.json, reward.py, reward_jnp.py")
    return 0


def generate(
    *,
    env: str,
    lvlm: str = "recorded",
    model: str | None = None,
    recording: str | None = None,
    out: Path | None = None,
) -> tuple[Path, Transcript, Verdict]:
    """Asks the three questions and turns the answer into a verified program.

    Returns the folder (image.png, transcript.json, reward.py, reward_jnp.py, verdict.json).

    Raises:
      UserError: bad input, no answer, or the answered code is refused (it is kept for reading).
    """
    robot = common.make_env(env, "ood", "native")
    folder = common.output_folder(out, "generate", env)
    provider = make_provider(lvlm, ProviderSettings(env, model, folder / "manual", recording))
    image = provider.image
    if image is None:
        look = rendering.look_of(env)
        try:
            pixels = rendering.render(robot.model, robot.ood_qpos, look=look)
        except rendering.RenderingUnavailable as error:
            raise UserError(f"no picture to ask about: {error}") from None
        image = rendering.encode_png(pixels)
    transcript = run_conversation(provider, robot_task(env, robot.original_task), image)
    write_atomically(folder / IMAGE_FILE, image)
    transcript.save(folder / TRANSCRIPT_FILE)
    verdict = verdict_on(transcript.answer_code, env)
    save_artefact(folder, verdict)
    write_json(folder / "metrics.json", {"robot": env, "verdict": verdict.to_json()})
    if not verdict.accepted:
        raise UserError(f"the answered reward code is refused:\n{verdict.summary()}")
    return folder, transcript, verdict


def robot_task(env: str, original_task: str) -> RobotTask:
    """What the model is told about a robot."""
    description = envs.descriptions.load(env)
    return RobotTask(env, original_task, description.vectors, description.image)
