"""How much arithmetic one SAC update is, counted by hand from the layers' sizes.

Matrix products alone, at 2 operations per multiply-add: biases, losses, random numbers and Adam are
a few per cent beside them at a batch of 256.
"""

from collections.abc import Sequence
from itertools import pairwise


def update_flops(
    observation_size: int,
    action_size: int,
    hidden_sizes: Sequence[int],
    batch_size: int,
    *,
    consolidation: bool = True,
) -> int:
    """Floating-point operations of one update of twin critics, actor and temperature.

    Args:
      consolidation: the original policy is asked for its actions, too.
    """
    actor = _weights([observation_size, *hidden_sizes, 2 * action_size])
    critic = _weights([observation_size + action_size, *hidden_sizes, 1])
    actor_entry = observation_size * hidden_sizes[0]
    critic_entry = (observation_size + action_size) * hidden_sizes[0]
    # Forwards: next actions, fresh actions, perhaps the original's. Backwards: to the weights, and
    # to the inputs of every layer but the first.
    actor_passes = (2 + consolidation) * actor + actor + (actor - actor_entry)
    # Forwards: target, loss, the actor's loss. Backwards: the loss as above; the actor's loss to
    # the action, hence through the first layer, too, but to no weights.
    critic_passes = 3 * critic + critic + (critic - critic_entry) + critic
    return 2 * batch_size * (actor_passes + 2 * critic_passes)


def _weights(sizes: Sequence[int]) -> int:
    return sum(a * b for a, b in pairwise(sizes))
