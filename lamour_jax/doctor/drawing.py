"""Pictures and films: OpenGL without a display, and ffmpeg."""

import os
import subprocess
from pathlib import Path

from lamour_jax.doctor.finding import OK, WARN, Finding
from lamour_jax.doctor.steps import make, run_steps

_LIMIT = 120.0  # seconds
_ENCODING_LIMIT = 30.0  # seconds, of one frame
_WITHOUT = "without it reports have no films, and live models no picture to look at"


def check_drawing(limit: float = _LIMIT) -> Finding:
    """A picture of a robot, in a child process: OpenGL's drivers may crash."""
    report = run_steps(__name__, limit)
    if not report.failure:
        wanted = os.environ.get("MUJOCO_GL") or "MuJoCo's choice"
        return Finding(OK, f"a picture of a robot was drawn (MUJOCO_GL: {wanted})")
    return Finding(
        WARN,
        f"{report.step}: {report.failure}",
        f"apt-get install libegl1, or libosmesa6 with MUJOCO_GL=osmesa; {_WITHOUT}",
    )


def check_films() -> Finding:
    """One frame through the encoder that films are made with."""
    import imageio_ffmpeg

    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        return Finding(WARN, f"no ffmpeg: {error}", _films_advice())
    frame = ["-f", "lavfi", "-i", "color=size=64x48:duration=0.1", "-frames:v", "1"]
    try:
        done = subprocess.run(
            [program, "-loglevel", "error", *frame, "-c:v", "libx264", "-f", "null", "-"],
            capture_output=True,
            timeout=_ENCODING_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(WARN, f"{program}: {error}", _films_advice())
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["without a word"]
        return Finding(WARN, f"{program} writes no H.264: {said[-1]}", _films_advice())
    return Finding(OK, f"{Path(program).name} writes H.264")


def _films_advice() -> str:
    return (
        "pip install imageio-ffmpeg, which brings one, or name one in IMAGEIO_FFMPEG_EXE; without"
        " it reports have no films"
    )


def main() -> None:
    make({"a picture": _draw})


def _draw() -> int:
    import envs
    from envs.rendering import render

    env = envs.make("hopper", "ood", "native")
    return int(render(env.model, env.ood_qpos, width=64, height=48).max())
