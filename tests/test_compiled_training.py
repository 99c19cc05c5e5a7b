"""The compiled epoch on MJX: traced once, alone on its device, and lowered for devices not here."""

import jax
import numpy as np
import pytest
from jax import export

import envs
from envs.wrappers import VectorEnv
from lamour_jax.agents.sac.agent import make_sac
from lamour_jax.config import SACConfig, TrainConfig
from lamour_jax.networks import Actor
from lamour_jax.policy import policy_from_params
from lamour_jax.programs import compile_programs, lay_out
from lamour_jax.recovery import make_rule
from lamour_jax.runs import create_run
from lamour_jax.trainer import train
from lamour_jax.uncertainty import make_uncertainty

ROBOTS, EPOCH = 2, 2
CONFIG = SACConfig(
    num_envs=ROBOTS,
    random_steps=ROBOTS,
    replay_capacity=64,
    batch_size=8,
    hidden_sizes=(8, 8),
    dropout_rate=0.0,
)
TRAIN = TrainConfig(num_updates=3 * EPOCH, eval_every=EPOCH)


def make_agent(engine):
    """With SeRO's rewards, since a method's rewards are compiled into the epoch, too."""
    env = VectorEnv(envs.make("hopper", "ood", engine), ROBOTS, pool_size=2)
    params = Actor(3, (8, 8)).init(jax.random.key(0), jax.numpy.zeros((1, 11)))
    policy = policy_from_params("hopper", params, {})
    rule = make_rule("sero", (), make_uncertainty(policy, np.ones(8, np.float32)))
    return make_sac(CONFIG, env, rule, TRAIN.num_updates, from_original=False)


def epoch_of(agent):
    """An epoch as the trainer compiles it."""

    def epoch(state):
        begun = agent.begin_epoch(state)
        return jax.lax.scan(lambda s, _: agent.iterate(s, None), begun, length=EPOCH)

    return jax.jit(epoch, donate_argnums=0)


def shapes_of(agent):
    return jax.eval_shape(agent.init, jax.random.key(0), None)


@pytest.fixture(scope="module")
def exported():
    """(MJX's epoch lowered for accelerators, its state's shapes)"""
    agent = make_agent("mjx")
    shapes = shapes_of(agent)
    return export.export(epoch_of(agent), platforms=["cuda", "tpu"])(shapes), shapes


def test_an_epoch_is_lowered_for_accelerators_that_are_not_here(exported):
    program, shapes = exported
    assert program.platforms == ("cuda", "tpu")
    leaves = [leaf.shape for leaf in jax.tree.leaves(shapes)]
    assert [aval.shape for aval in program.in_avals] == leaves
    assert [aval.shape for aval in program.out_avals[: len(leaves)]] == leaves


def test_mjx_never_calls_back_to_the_host(exported):
    text = exported[0].mlir_module()
    assert "callback" not in text and "lamour_step" not in text
    # The native engine does, which shows that a call would be seen.
    agent = make_agent("native")
    assert "lamour_step" in epoch_of(agent).lower(shapes_of(agent)).as_text()


@pytest.fixture(scope="module")
def compiled():
    """(agent, programs, how often an iteration was traced)"""
    plain, traced = make_agent("mjx"), []

    def iterate(state, original):
        traced.append(state)
        return plain.iterate(state, original)

    agent = plain._replace(iterate=iterate)
    return agent, compile_programs(lay_out(agent, None, TRAIN)), traced


@pytest.mark.slow
def test_the_compiled_epoch_has_no_callback(compiled):
    assert "custom-call" in compiled[1].epoch.as_text()
    assert "callback" not in compiled[1].epoch.as_text()


@pytest.mark.slow
def test_nothing_moves_from_host_to_device_within_an_epoch(compiled):
    _, programs, _ = compiled
    state = programs.init(programs.key, None)
    jax.block_until_ready(state)
    with jax.transfer_guard("disallow"):
        with pytest.raises(Exception, match=r"[Dd]isallowed host-to-device transfer"):
            jax.block_until_ready(jax.jit(lambda x: x + 1)(np.ones(3, np.float32)))
        state, metrics = programs.epoch(state, None)
        jax.block_until_ready(state)
    assert np.isfinite(float(metrics["train/critic_loss"]))


@pytest.mark.slow
def test_an_iteration_is_traced_once_in_a_whole_run(compiled, tmp_path):
    _, programs, traced = compiled
    assert len(traced) == 1
    config = {"robot": "hopper", "observation_size": 11, "action_size": 3}
    run = create_run(tmp_path / "run", config)
    epochs = []

    def evaluate(actor, key):
        epochs.append(actor)
        return {"success_rate": 0.0, "return": 0.0}

    train(programs, evaluate, None, TRAIN, run)
    run.close()
    assert len(epochs) == 3
    assert len(traced) == 1
