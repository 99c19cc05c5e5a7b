"""The states that a robot's reward code is tried on."""

import numpy as np
import pytest

import envs
from lamour_jax.cli.samples import PATH_LENGTH, sample_states


@pytest.mark.parametrize("robot", ["ant", "hopper"])
def test_the_path_leads_from_the_ood_pose_to_the_normal_one_at_rest(robot):
    normal, ood = (envs.make(robot, start, "native") for start in ("normal", "ood"))
    path = sample_states(normal, ood).path
    assert path.shape == (PATH_LENGTH, normal.reward_input_size)
    nq, nv = normal.model.nq, normal.model.nv
    # Both robots' state vectors are qpos without the way travelled, then qvel.
    hidden = nq + nv - path.shape[1]
    np.testing.assert_allclose(path[0, : nq - hidden], ood.ood_start().qpos[hidden:], atol=1e-6)
    np.testing.assert_allclose(
        path[-1, : nq - hidden], normal.normal_start().qpos[hidden:], atol=1e-6
    )
    np.testing.assert_array_equal(path[:, nq - hidden :], 0.0)
    if robot == "ant":
        np.testing.assert_allclose(np.linalg.norm(path[:, 1:5], axis=1), 1.0, atol=1e-6)
    steps = np.abs(np.diff(path, axis=0)).max(axis=1)
    assert steps.min() > 0 and steps.max() < 4 * np.abs(path[-1] - path[0]).max() / PATH_LENGTH
