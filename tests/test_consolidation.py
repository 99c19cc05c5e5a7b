"""The consolidation term against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.consolidation import consolidation_loss


def test_states_that_are_not_recovered_weigh_nothing():
    recovered = jnp.array([1.0, 0.0, 0.5, 1.0])
    log_prob = jnp.array([-2.0, -100.0, -4.0, 1.0])
    # -(1 * -2 + 0 * -100 + 0.5 * -4 + 1 * 1) / 4 = 3 / 4: the mean is over all four states.
    np.testing.assert_allclose(consolidation_loss(recovered, log_prob), 0.75, rtol=1e-6)
    # Each state's slope is -recovered / 4.
    slope = jax.grad(consolidation_loss, argnums=1)(recovered, log_prob)
    np.testing.assert_allclose(slope, [-0.25, 0.0, -0.125, -0.25], rtol=1e-6)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(AssertionError):
        consolidation_loss(jnp.ones((3, 1)), jnp.ones(3))
