"""NumPy functions called by name from compiled programs."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.physics import host_call

SHAPE = jax.ShapeDtypeStruct((2,), jnp.float32)


def _sum_and_difference(arguments, results):
    a, b = arguments
    results[0][...] = a + b
    results[1][...] = a - b


host_call.register("test_sum_and_difference", _sum_and_difference)


def _call(a, b):
    return host_call.call("test_sum_and_difference", [SHAPE, SHAPE], a, b)


def test_results_are_the_functions():
    total, difference = jax.jit(_call)(jnp.array([1.0, 2.0]), jnp.array([0.5, 4.0]))
    np.testing.assert_array_equal(total, [1.5, 6.0])
    np.testing.assert_array_equal(difference, [0.5, -2.0])


def test_one_call_serves_a_batch():
    shapes = []

    def record(arguments, results):
        shapes.append([argument.shape for argument in arguments])
        results[0][...] = 2.0 * arguments[0]

    host_call.register("test_record", record)
    rows = jnp.arange(12.0).reshape(3, 2, 2)
    double = jax.vmap(jax.vmap(lambda x: host_call.call("test_record", [SHAPE], x)[0]))
    np.testing.assert_array_equal(jax.jit(double)(rows), 2.0 * rows)
    assert shapes == [[(3, 2, 2)]]


def test_on_other_platforms_the_host_is_called_back(monkeypatch):
    monkeypatch.setattr(
        jax.lax, "platform_dependent", lambda *arguments, cpu, default: default(*arguments)
    )
    rows = jnp.arange(12.0).reshape(3, 2, 2)
    total, difference = jax.jit(jax.vmap(jax.vmap(_call)))(rows, 2.0 * rows)
    np.testing.assert_array_equal(total, 3.0 * rows)
    np.testing.assert_array_equal(difference, -rows)


def test_arrays_without_elements():
    empty = jax.ShapeDtypeStruct((0,), jnp.float32)

    def copy(arguments, results):
        assert (arguments[0].shape, results[0].shape) == ((0,), (0,))
        results[1][...] = arguments[1]

    host_call.register("test_nothing", copy)
    run = jax.jit(lambda x: host_call.call("test_nothing", [empty, SHAPE], jnp.zeros(0), x))
    nothing, same = run(jnp.ones(2))
    assert nothing.shape == (0,)
    np.testing.assert_array_equal(same, [1.0, 1.0])


def test_what_a_function_raises_arrives_with_its_reason():
    def fail(arguments, results):
        raise RuntimeError("no such robot here")

    host_call.register("test_failure", fail)
    run = jax.jit(lambda x: host_call.call("test_failure", [SHAPE], x)[0])
    with pytest.raises(Exception, match="no such robot here"):
        jax.block_until_ready(run(jnp.ones(2)))
    test_results_are_the_functions()  # and the process goes on


PROGRAM = """
import sys, jax, jax.numpy as jnp
jax.config.update("jax_compilation_cache_dir", sys.argv[1])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
misses = []
jax.monitoring.register_event_listener(
    lambda name, **_: misses.append(name) if name.endswith("cache_misses") else None)
import envs
robot = envs.make("hopper", "ood", "native")
start = robot.ood_start().qpos
state = robot.reset_to(jnp.asarray(start, jnp.float32), jnp.zeros(robot.model.nv))
before = len(misses)
state = jax.jit(robot.step)(state, jnp.full(3, 0.3))
print(len(misses) - before, [float(x).hex() for x in state.reward_inputs])
"""


def test_a_program_with_native_physics_comes_out_of_the_compilation_cache(tmp_path):
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path)],
            capture_output=True, text=True, check=True,
        ).stdout.split(maxsplit=1)
        for _ in range(2)
    ]  # fmt: skip
    misses = [int(count) for count, _ in runs]
    assert misses[0] >= 1 and misses[1] == 0
    assert runs[0][1] == runs[1][1]
