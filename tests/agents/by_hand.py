"""Networks written out, to check learners by."""

import jax.numpy as jnp


def forward(params, obs):
    """The actor written out: two ReLU layers, then mean and log_std."""
    x = obs
    for layer in ("Dense_0", "Dense_1"):
        dense = params["params"]["shared"][layer]
        x = jnp.maximum(x @ dense["kernel"] + dense["bias"], 0.0)
    heads = (params["params"][name] for name in ("mean", "log_std"))
    return tuple(x @ head["kernel"] + head["bias"] for head in heads)
