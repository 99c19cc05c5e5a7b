"""From settings to a trained policy: what `recover` and `pretrain` share."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import jax
from jax.sharding import Mesh

from envs.base import RecoveryEnv
from envs.wrappers import VectorEnv
from lamour_jax import hosts
from lamour_jax.agents.ppo.agent import make_ppo
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.backend import memory_explained
from lamour_jax.compilation import Announced
from lamour_jax.config import LearnerConfig, PPOConfig, TrainConfig
from lamour_jax.demonstrations import Demonstrations
from lamour_jax.devices import describe, describe_counts, device_counts, make_mesh
from lamour_jax.errors import UserError
from lamour_jax.evaluation import make_play, summarise
from lamour_jax.memory import in_words
from lamour_jax.networks import Actor
from lamour_jax.policy import Policy
from lamour_jax.programs import Layout, compile_programs, lay_out
from lamour_jax.recovery import RecoveryRule
from lamour_jax.runs import Run
from lamour_jax.trainer import Diverged, Evaluate, Interrupted, train
from lamour_jax.types import Agent, Params


@dataclass(frozen=True)
class Task:
    """What is trained.

    Attributes:
      env: where training's episodes are played.
      rule: which reward counts where.
      original: the policy to start from and to stay close to; None trains from scratch.
      demonstrations: planned steps to learn from, if there are any.
    """

    env: RecoveryEnv
    rule: RecoveryRule
    original: Policy | None = None
    demonstrations: Demonstrations | None = None


def make_agent(config: LearnerConfig, task: Task, num_updates: int, mesh: Mesh) -> Agent:
    """The learner that `config` is of, for `task`."""
    env = VectorEnv(task.env, config.num_envs, mesh=mesh, episode_length=config.episode_length)
    from_original = task.original is not None
    if isinstance(config, PPOConfig):
        return make_ppo(config, env, task.rule, num_updates, from_original=from_original)
    return make_sac(
        config,
        env,
        task.rule,
        num_updates,
        demonstrations=task.demonstrations,
        from_original=from_original,
    )


def prepare_training(task: Task, learner: LearnerConfig, settings: TrainConfig, run: Run) -> Layout:
    """Lays the training of an open run out on the devices, and says what it takes.

    Raises:
      UserError: it does not fit.
    """
    mesh = _mesh_of(run, learner)
    agent = make_agent(learner, task, settings.num_updates, mesh)
    original = None if task.original is None else task.original.params
    layout = lay_out(agent, original, settings, run.member_seeds, mesh)
    print(layout.memory, flush=True)
    return layout


def _mesh_of(run: Run, learner: LearnerConfig) -> Mesh:
    num_devices, counts = run.config.get("devices", 1), device_counts()
    if num_devices not in counts:
        raise UserError(
            f"this run was started on {num_devices} devices and keeps their number, by which its"
            f" robots and its replay are split; here it can be {describe_counts(counts)}"
        )
    return make_mesh(num_devices, num_members=run.num_members or 1, divisible=learner.split_numbers)


def run_training(
    layout: Layout,
    evaluate: Evaluate,
    run: Run,
    *,
    resume: bool = False,
    good_enough: Callable[[dict[str, Any]], bool] = lambda measures: False,
) -> None:
    """Trains in an open run folder, whose journals hold the best policies afterwards.

    Args:
      evaluate: plays a policy's episodes.
      good_enough: ends training early when an evaluation satisfies it.

    Raises:
      UserError: the run was interrupted (it says how to resume), its learner diverged, or its
        programs need more memory than there is.
    """
    print(f"compiling for {describe(layout.mesh)} ...", flush=True)
    with memory_explained(layout.memory.advice):  # compilers refuse what no device holds
        programs = compile_programs(layout)
    needed = in_words(programs.memory.parts["programs"])
    print(
        f"compiled in {programs.compilation}; programs need {needed} more; training in"
        f" {run.folder}",
        flush=True,
    )
    try:
        with memory_explained(programs.memory.advice):
            train(
                programs,
                evaluate,
                layout.original,
                layout.config,
                run,
                resume=resume,
                good_enough=good_enough,
            )
    except Interrupted:
        # Every process says it, with the leader's folder.
        hosts.from_leader(lambda: _say_interrupted(run))
    except Diverged as error:
        raise UserError(str(error)) from None


def _say_interrupted(run: Run) -> NoReturn:
    others = " and the flags of its processes" if jax.process_count() > 1 else ""
    raise UserError(
        f"interrupted; the state is saved. Continue with: lamour {run.config['kind']}"
        f" --resume --out {run.folder}{others}"
    ) from None


def add_hosts_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--coordinator",
        help="train in several processes: HOST:PORT at which process 0 listens, or"
        f" {hosts.AUTO!r} on Slurm, Open MPI, TPU pods and Kubernetes",
    )
    parser.add_argument("--num-processes", type=int, help="how many there are")
    parser.add_argument("--process-id", type=int, help="which of them this is, from 0")


@contextmanager
def joined(options: argparse.Namespace) -> Iterator[None]:
    """As one of the processes that the options tell of, while the training lasts.

    Raises:
      UserError: they did not come together, are not given the same command, or one got lost.
    """
    hosts.join(options.coordinator, options.num_processes, options.process_id)
    advice = (
        "start all of them again, with --resume and --out where a checkpoint was saved (see what"
        " the lost one said)"
    )
    with hosts.losses_explained(advice):
        own = ("coordinator", "process_id", "run", "given")
        command = {name: str(x) for name, x in vars(options).items() if name not in own}
        given = hosts.each(lambda: command)
        unlike = [name for name in command if any(other[name] != command[name] for other in given)]
        if unlike:
            names = ", ".join("--" + name.replace("_", "-") for name in unlike)
            raise UserError(f"the processes were given unlike {names}")
        yield


class Evaluator:
    """Plays `num_episodes` at once; compiled when it is made, where it will be used.

    Args:
      env: where, and from which starts.
      network: the policies' shape.
      num_episodes: how many.
      like: parameters such as theirs; the network's own where nothing else is said.
    """

    def __init__(
        self, env: RecoveryEnv, network: Actor, num_episodes: int, like: Params | None = None
    ):
        self._draw = jax.jit(partial(env.draw_starts, count=num_episodes))
        self._play = Announced(f"{num_episodes} episodes of evaluation", make_play(env, network))
        if hosts.leads():
            key, obs = jax.random.key(0), jax.numpy.zeros((1, env.observation_size))
            params = jax.eval_shape(network.init, key, obs) if like is None else like
            self._play.compile(params, *jax.eval_shape(self._draw, key))

    def __call__(self, params: Params, key: jax.Array) -> dict[str, Any]:
        """The measures of fresh episodes."""
        return summarise(self._play(params, *self._draw(key)))
