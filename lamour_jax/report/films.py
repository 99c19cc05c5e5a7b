"""The two films of a report: the original and the recovered policy from one and the same start."""

from dataclasses import dataclass
from pathlib import Path

from envs.base import RecoveryEnv
from lamour_jax.evaluation import EVALUATION_SEED
from lamour_jax.policy import Policy
from lamour_jax.report.video import Trajectory, film, film_steps, make_rollout


@dataclass(frozen=True)
class Film:
    """A film and what is to be seen in it.

    Attributes:
      title: whose it is.
      path: the MP4 file.
      caption: what happens, in a sentence.
      healthy: (begin, end) of each stretch of healthy states, as shares of the length.
    """

    title: str
    path: Path
    caption: str
    healthy: list[tuple[float, float]]


def shoot_before_and_after(
    env: RecoveryEnv, original: Policy, recovered: Policy, folder: Path
) -> list[Film]:
    """Films both policies into `folder`; errors as in `record_episode`."""
    rollout = make_rollout(env, original.network, film_steps(env))
    films = []
    for name, title, policy in (
        ("original", "Before: the original policy", original),
        ("recovered", "After: the recovered policy", recovered),
    ):
        trajectory = rollout(policy.params, EVALUATION_SEED)
        films.append(
            Film(
                title,
                film(env, trajectory.qpos, folder / f"{name}.mp4"),
                _what_happens(trajectory, env.dt),
                _stretches(trajectory),
            )
        )
    return films


def _what_happens(trajectory: Trajectory, dt: float) -> str:
    healthy = trajectory.healthy
    if not healthy.any():
        return f"Not once in a healthy state in {(len(healthy) - 1) * dt:.1f} s."
    if trajectory.terminated and healthy[-1]:
        return (
            f"Healthy for the first time after {healthy.argmax() * dt:.1f} s, its task done after"
            f" {(len(healthy) - 1) * dt:.1f} s."
        )
    if trajectory.terminated:
        return (
            f"Healthy for the first time after {healthy.argmax() * dt:.1f} s, unhealthy again after"
            f" {(len(healthy) - 1) * dt:.1f} s: the episode is over."
        )
    return f"In a healthy state after {healthy.argmax() * dt:.1f} s, and from then on."


def _stretches(trajectory: Trajectory) -> list[tuple[float, float]]:
    """Runs of healthy states; each state lasts until the next."""
    stretches: list[tuple[float, float]] = []
    steps = len(trajectory.healthy) - 1
    for i, healthy in enumerate(trajectory.healthy[:-1]):
        if not healthy:
            continue
        begin, end = i / steps, (i + 1) / steps
        if stretches and stretches[-1][1] == begin:
            begin = stretches.pop()[0]
        stretches.append((begin, end))
    return stretches
