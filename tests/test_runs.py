"""Which policy of a run is its best."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamour_jax.networks import Actor
from lamour_jax.runs import create_run

FALLS_SELDOM = {"success_rate": 1.0, "return": 3000.0}
PAYS_MORE = {"success_rate": 0.9, "return": 3600.0}
IS_QUICK = {"success_rate": 1.0, "return": 200.0}


@pytest.mark.parametrize(
    ("config", "best"),
    [
        ({}, FALLS_SELDOM),
        ({"judged_by": ["return"]}, PAYS_MORE),
        ({"judged_by": ["success_rate"]}, IS_QUICK),
    ],
)
def test_the_best_policy_is_judged_by_what_the_run_is_for(tmp_path, config, best):
    sizes = {"observation_size": 3, "action_size": 2}
    run = create_run(tmp_path / "run", {"robot": "hopper", **sizes, **config})
    [journal] = run.journals
    actor = Actor(2, (4,)).init(jax.random.key(0), jnp.zeros((1, 3)))
    policies = {}
    worse = {**PAYS_MORE, "return": 9.0}
    for updates, measures in enumerate([FALLS_SELDOM, PAYS_MORE, IS_QUICK, worse]):
        policies[measures["return"]] = jax.tree.map(lambda x, u=updates: jnp.full_like(x, u), actor)
        journal.record_evaluation(updates, 8 * updates, 1.0, measures, policies[measures["return"]])
    assert journal.best_merit == journal.merit(best)
    jax.tree.map(np.testing.assert_array_equal, journal.best_actor(), policies[best["return"]])
    run.close()
