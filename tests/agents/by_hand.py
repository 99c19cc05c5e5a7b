"""Networks and divergences written out, to check learners by."""

import jax.numpy as jnp


def forward(params, obs):
    """The actor written out: two ReLU layers, then mean and log_std."""
    x = obs
    for layer in ("Dense_0", "Dense_1"):
        dense = params["params"]["shared"][layer]
        x = jnp.maximum(x @ dense["kernel"] + dense["bias"], 0.0)
    heads = (params["params"][name] for name in ("mean", "log_std"))
    return tuple(x @ head["kernel"] + head["bias"] for head in heads)


def divergence(original, policy):
    """KL(original || policy) [B] of Gaussians (mean, log_std) [B, A], action by action."""
    (mean0, log_std0), (mean, log_std) = original, policy
    moved = (jnp.exp(2 * log_std0) + (mean0 - mean) ** 2) / (2 * jnp.exp(2 * log_std))
    return jnp.sum(log_std - log_std0 + moved - 0.5, axis=-1)
