"""Episodes as films: the deterministic policy's motion in MP4 (H.264), in real time."""

import contextlib
import itertools
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import jax
import jax.numpy as jnp
import numpy as np

from envs.base import RecoveryEnv, RecoveryState
from envs.rendering import render_trajectory
from lamour_jax.errors import EncoderUnavailable
from lamour_jax.networks import Actor
from lamour_jax.policy import Policy
from lamour_jax.types import Params

WIDTH, HEIGHT = 480, 360  # pixels
FRAME_SECONDS = 0.04  # aimed at; a whole number of control steps comes near it
MAX_SECONDS = 10.0  # long enough to see a recovery and the task taken up again
STILL = 1e-3  # rad or m: no joint moved farther, so nobody sees a difference
QUALITY = 27  # x264's constant rate factor: soft floors need few bits


class Trajectory(NamedTuple):
    """One episode up to its end or to the number of steps asked for.

    Attributes:
      qpos: [T + 1, nq] the start and what each of T control steps reached.
      healthy: [T + 1] bool, the environment's own rule.
      terminated: the rules ended the episode at the last step.
    """

    qpos: np.ndarray
    healthy: np.ndarray
    terminated: bool


Rollout = Callable[[Params, int], Trajectory]


def make_rollout(env: RecoveryEnv, actor: Actor, num_steps: int) -> Rollout:
    """(actor parameters, seed) -> Trajectory of at most `num_steps`, compiled on first use.

    The start is that of the first episode that an evaluation with this seed plays, and a batch of
    one takes the same path through the physics.
    """

    @jax.jit
    def play(params: Params, key: jax.Array):
        start = jax.vmap(env.reset_to)(*env.draw_starts(key, 1))

        def one_step(state: RecoveryState, _):
            state = jax.vmap(env.step)(state, jnp.tanh(actor.apply(params, state.obs)[0]))
            return state, _seen(state)

        _, later = jax.lax.scan(one_step, start, length=num_steps)
        return jax.tree.map(
            lambda first, rest: jnp.concatenate([first[None], rest]), _seen(start), later
        )

    def rollout(params: Params, seed: int) -> Trajectory:
        qpos, healthy, terminated = jax.device_get(play(params, jax.random.key(seed)))
        ends = np.flatnonzero(terminated)
        length = int(ends[0]) + 1 if ends.size else num_steps + 1
        return Trajectory(qpos[:length], healthy[:length], bool(ends.size))

    return rollout


def _seen(state: RecoveryState) -> tuple[jax.Array, jax.Array, jax.Array]:
    """qpos [nq], healthy [] and terminated [] of a batch of one."""
    return state.pipeline_state.physics.qpos[0], state.healthy[0], state.terminated[0]


def film_steps(env: RecoveryEnv) -> int:
    """How many control steps a film shows unless told otherwise."""
    return min(env.episode_length, round(MAX_SECONDS / env.dt))


def record_episode(
    env: RecoveryEnv, policy: Policy, path: Path, seed: int, *, max_steps: int | None = None
) -> Path:
    """Films one episode of the deterministic policy.

    Args:
      env: where; its start and physics.
      policy: who acts.
      path: the MP4 file to write.
      seed: of the start: the first episode of `lamour evaluate` with this seed.
      max_steps: control steps at most; by default about ten seconds. The film ends earlier
        where the rules end the episode.

    Raises:
      RenderingUnavailable: no OpenGL.
      EncoderUnavailable: no ffmpeg.
    """
    rollout = make_rollout(env, policy.network, max_steps or film_steps(env))
    return film(env, rollout(policy.params, seed).qpos, path)


def film(env: RecoveryEnv, qpos: np.ndarray, path: Path) -> Path:
    """Draws qpos [T, nq], one of each control step, and writes the film to `path`; errors as in
    `record_episode`."""
    every = max(1, round(FRAME_SECONDS / env.dt))
    write_mp4(path, _frames(env, qpos[::every]), fps=1 / (every * env.dt))
    return path


def _frames(env: RecoveryEnv, qpos: np.ndarray) -> Iterator[np.ndarray]:
    """Frames uint8 [HEIGHT, WIDTH, 3] of qpos [T, nq].

    Drawing in software takes a tenth of a second, so a robot that lies still is drawn once.
    """
    kept = [0]
    for i in range(1, len(qpos)):
        if np.abs(qpos[i] - qpos[kept[-1]]).max() > STILL:
            kept.append(i)
    shown = np.diff([*kept, len(qpos)])
    drawn = render_trajectory(env.model, qpos[kept], width=WIDTH, height=HEIGHT, look=env.look)
    for frame, count in zip(drawn, shown, strict=True):
        yield from itertools.repeat(frame, int(count))


def write_mp4(path: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    """Encodes frames uint8 [HEIGHT, WIDTH, 3]; an interrupted write leaves the old file.

    Raises:
      EncoderUnavailable: no ffmpeg, or none that writes H.264.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".part-{path.name}")
    try:
        _encode(temporary, frames, fps)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _encode(path: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    # Not imageio_ffmpeg.write_frames: it forks with a preexec_fn, which can deadlock beside JAX.
    command = [
        _ffmpeg(), "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", f"{fps:.6g}",
        "-i", "-", "-an", "-c:v", "libx264", "-crf", str(QUALITY), "-preset", "slow",
        # yuv420p plays everywhere; faststart puts the index first, for players that stream.
        "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        with contextlib.suppress(BrokenPipeError):  # ffmpeg gave up: its own words follow
            for frame in frames:
                process.stdin.write(frame.tobytes())
            process.stdin.close()
        complaint = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise EncoderUnavailable(f"ffmpeg cannot write {path.name}: {complaint}")


def _ffmpeg() -> str:
    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise EncoderUnavailable(
            f"no ffmpeg to write a film with ({error}): install one, or name it in"
            " IMAGEIO_FFMPEG_EXE"
        ) from error
