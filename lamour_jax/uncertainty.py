"""How uncertain a policy is of a state, by Monte-Carlo dropout (Gal and Ghahramani, 2016, arXiv
1506.02142): the measure that SeRO rewards and consolidates by (Kim et al., 2023, arXiv 2311.03651).

A state goes through the policy's hidden layers NUM_PASSES times, with units dropped at random. Over
the passes each of the F features, the last layer's activations, has a variance v_j. Set against the
largest that training has seen, they are averaged, the large ones counting most:

    n_j = v_j / largest_j,   w_j = n_j / sum_i n_i,   uncertainty = clip(sum_j w_j n_j, 0, 1)
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from envs.wrappers import VectorEnv
from lamour_jax.networks import MLP, NORMALIZER, Normalizer, sample_pre_tanh
from lamour_jax.policy import Policy
from lamour_jax.recovery import Uncertainty, make_rule
from lamour_jax.rollout import collect, random_actions

DROPOUT_RATE = 0.1
NUM_PASSES = 30
_ENOUGH = 1e6  # of normalised variance


def make_uncertainty(policy: Policy, largest: np.ndarray) -> Uncertainty:
    """(obs [..., O], key) -> uncertainty [...] of `policy`, given its `largest_variances` [F].

    Masks are fresh in every call, as SeRO's are: a fixed set of 30 never drops one unit in 24, and
    a learner would find the states that look certain for that. The states of one call share masks.
    The uncertainty of each is distributed as if it had its own, they compare with less noise, and
    masks cost next to nothing.
    """
    # NumPy's arrays become constants of the compiled program, on whatever devices that runs.
    frozen = replace(policy, params=jax.device_get(policy.params))
    return lambda obs, key: uncertainty(feature_variances(frozen, obs, key), jnp.asarray(largest))


def feature_variances(policy: Policy, obs: jax.Array, key: jax.Array) -> jax.Array:
    """Variances [..., F] of the last hidden layer's activations at obs [..., O]."""
    hidden = MLP(policy.hidden_sizes, dropout_rate=DROPOUT_RATE, activation=policy.activation)
    variables = {"params": policy.params["params"]["shared"]}
    if policy.normalizes:
        obs = jnp.asarray(Normalizer().apply({"params": policy.params["params"][NORMALIZER]}, obs))

    def features(key: jax.Array) -> jax.Array:
        def one_state(obs: jax.Array) -> jax.Array:
            return jnp.asarray(hidden.apply(variables, obs, False, rngs={"dropout": key}))

        return jnp.vectorize(one_state, signature="(o)->(f)")(obs)

    return jnp.var(jax.vmap(features)(jax.random.split(key, NUM_PASSES)), axis=0, ddof=1)


def uncertainty(variances: jax.Array, largest: jax.Array) -> jax.Array:
    """The uncertainty [...] from variances [..., F].

    Args:
      variances: of a state's features.
      largest: [F] of each feature, in training. One that is 0 tells nothing, and is left out.
    """
    alive = largest > 0.0
    normalised = jnp.where(alive, variances / jnp.where(alive, largest, 1.0), 0.0)
    # One feature at F already makes the uncertainty 1; more would only overflow.
    normalised = jnp.minimum(normalised, _ENOUGH)
    total = jnp.sum(normalised, axis=-1)
    # Where nothing varies the sums are 0 / 0, and the uncertainty is 0.
    mean = jnp.sum(jnp.square(normalised), axis=-1) / jnp.where(total > 0.0, total, 1.0)
    return jnp.clip(mean, 0.0, 1.0)


def largest_variances(policy: Policy, env: VectorEnv, key: jax.Array, num_steps: int) -> jax.Array:
    """The largest variance of each feature [F] over states like those of the policy's training.

    SeRO keeps a running maximum while it trains a policy: over every state in replay, from the
    first random steps on. A trained policy comes without. Its own states alone are no substitute:
    many features hardly vary there, and next to their largest variances those of any state out of
    distribution are tens to millions of times as large, so that the uncertainty is 1 everywhere and
    tells no direction. Hence the robots play as training does from its beginning to its end: the
    first one by the policy, stochastically, the last one at random, those between with a growing
    share of random actions. Falls are part of it.

    Args:
      policy: the trained policy.
      env: robots that begin at normal starts.
      key: randomness.
      num_steps: control steps of each robot.
    """
    reset_key, play_key, measure_key = jax.random.split(key, 3)
    random = random_actions(env.env.action_size)
    random_share = jnp.linspace(0.0, 1.0, env.num_envs)

    def act(obs: jax.Array, key: jax.Array) -> tuple[jax.Array, None]:
        own_key, random_key, choice_key = jax.random.split(key, 3)
        mean, log_std = policy.network.apply(policy.params, obs)
        own = jnp.tanh(sample_pre_tanh(jnp.asarray(mean), jnp.asarray(log_std), own_key))
        at_random = jax.random.uniform(choice_key, random_share.shape) < random_share
        return jnp.where(at_random[:, None], random(obs, random_key)[0], own), None

    _, rollout = collect(env, make_rule("sac_zero"), act, env.reset(reset_key), play_key, num_steps)

    def larger(largest: jax.Array, step: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        obs, valid, key = step
        variances = jnp.where(valid[:, None], feature_variances(policy, obs, key), 0.0)
        return jnp.maximum(largest, jnp.max(variances, axis=0)), None

    keys = jax.random.split(measure_key, num_steps)
    states = (rollout.transitions.next_obs, rollout.valid, keys)
    return jax.lax.scan(larger, jnp.zeros(policy.hidden_sizes[-1]), states)[0]
