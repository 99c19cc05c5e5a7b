"""Native MuJoCo in one host call, against a loop over single simulations."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from envs.physics import SolverLimits, make_engine
from envs.physics.native import NativeEngine

PENDULUM = """
<mujoco>
  <worldbody><body>
    <joint name="hinge" axis="0 1 0"/>
    <geom size="0.1" pos="0.3 0 0"/>
    <site name="tip" pos="0.5 0 0"/>
  </body></worldbody>
  <actuator>{actuator}</actuator>
  <sensor><velocimeter site="tip"/><jointpos joint="hinge"/></sensor>
</mujoco>
"""
SUBSTEPS = 3


def pendulum(actuator: str = '<motor joint="hinge"/>') -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(PENDULUM.format(actuator=actuator))


def stepped_alone(model, qpos, qvel, warmstart, ctrl):
    """(qpos, qvel, qacc_warmstart, sensordata) of one simulation, in float32 as they travel."""
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:], data.qacc_warmstart[:], data.ctrl[:] = qpos, qvel, warmstart, ctrl
    for _ in range(SUBSTEPS):
        mujoco.mj_step(model, data)
    fields = data.qpos, data.qvel, data.qacc_warmstart, data.sensordata
    return [field.astype(np.float32) for field in fields]


def test_steps_as_simulations_alone_and_keeps_nothing_between_calls():
    model = pendulum()
    engine = NativeEngine(model, num_substeps=SUBSTEPS)
    key = jax.random.key(0)
    qpos, qvel, ctrl = (x[..., None] for x in jax.random.normal(key, (3, 2, 3)))
    start = jax.vmap(jax.vmap(engine.init))(qpos, qvel)
    # The velocimeter's third axis: the tip, 0.5 m from the hinge, goes the way of -z.
    np.testing.assert_allclose(start.sensordata[..., 2], -0.5 * qvel[..., 0], rtol=1e-6)
    np.testing.assert_array_equal(start.sensordata[..., 3], qpos[..., 0])
    step = jax.jit(jax.vmap(jax.vmap(engine.step)))
    first = step(start, ctrl)
    step(first, -ctrl)
    for state in (first, step(start, ctrl)):
        for index in np.ndindex(2, 3):
            alone = stepped_alone(model, qpos[index], qvel[index], 0.0, ctrl[index])
            together = state.qpos, state.qvel, state.qacc_warmstart, state.sensordata
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other[index])


def test_what_mujoco_would_not_accept_comes_back_as_nan_and_alone():
    engine = NativeEngine(pendulum(), num_substeps=SUBSTEPS)
    state = jax.vmap(engine.init)(jnp.ones((7, 1)), jnp.ones((7, 1)))
    ctrl = jnp.zeros((7, 1))
    good = jax.vmap(engine.step)(state, ctrl)
    bad = state.replace(
        qpos=state.qpos.at[0].set(jnp.nan),
        qvel=state.qvel.at[1].set(-1e10),  # MuJoCo's own bound
        qacc_warmstart=state.qacc_warmstart.at[2].set(jnp.inf),
    )
    # The last is below the bound, but the acceleration that it makes is not.
    bad_ctrl = ctrl.at[3].set(jnp.nan).at[4].set(jnp.inf).at[5].set(9e9)
    after = jax.vmap(engine.step)(bad, bad_ctrl)
    for value, expected in zip(jax.tree.leaves(after), jax.tree.leaves(good), strict=True):
        assert np.isnan(value[:6]).all()
        np.testing.assert_array_equal(value[6], expected[6])


def test_a_state_that_is_not_carried_is_refused():
    muscle = pendulum('<general joint="hinge" dyntype="integrator" actrange="-1 1"/>')
    with pytest.raises(ValueError, match="not carried"):
        make_engine("native", muscle, num_substeps=1, mjx_limits=SolverLimits(1, 1))
