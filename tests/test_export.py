"""Every robot's training epoch, with its recorded reward, lowers for accelerators not here."""

import jax
import jax.numpy as jnp
import pytest

import envs
from envs.wrappers import VectorEnv
from lamour_jax.agents.ppo.agent import make_ppo
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.cli.rewards import load_reward, provide_rewards
from lamour_jax.config import PPOConfig, SACConfig
from lamour_jax.lvlm.providers import recordings
from lamour_jax.networks import Actor
from lamour_jax.recovery import make_rule

SIZES = (16, 16)
LEARNERS = {
    "sac": (make_sac, SACConfig(num_envs=8, batch_size=16, replay_capacity=64, hidden_sizes=SIZES)),
    "ppo": (make_ppo, PPOConfig(num_envs=8, unroll_length=4, hidden_sizes=SIZES)),
}


CASES = [(robot, learner) for robot in envs.names() if recordings(robot) for learner in LEARNERS]
QUICK = ("hopper", "sac")


@pytest.mark.parametrize(
    ("robot", "learner"),
    [QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in CASES if case != QUICK)],
)
def test_an_epoch_is_exported_for_cuda_and_tpu(robot, learner, tmp_path):
    [folder] = provide_rewards([], 1, robot, tmp_path / "reward").values()
    make, config = LEARNERS[learner]
    env = VectorEnv(envs.make(robot, "ood", "mjx"), config.num_envs, pool_size=8)
    agent = make(config, env, make_rule("lamour", [load_reward(folder)]), 100)
    original = Actor(env.env.action_size, SIZES).init(
        jax.random.key(0), jnp.zeros((1, env.env.observation_size))
    )

    def epoch(state, original):
        return jax.lax.scan(
            lambda state, _: agent.iterate(state, original), agent.begin_epoch(state), length=2
        )

    state = jax.eval_shape(agent.init, jax.random.key(0), original)
    exported = jax.export.export(jax.jit(epoch), platforms=["cuda", "tpu"])(state, original)
    assert set(exported.platforms) == {"cuda", "tpu"}
    text = exported.mlir_module()
    assert "callback" not in text  # the host is never asked
    assert "stablehlo.while" in text
