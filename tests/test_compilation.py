"""What is told of compilation, and of the cache by programs that it has and has not."""

import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np

from lamour_jax.compilation import Announced

PROGRAM = """
import sys, jax, jax.numpy as jnp
from lamour_jax.compilation import watch_compilation
if len(sys.argv) > 1:
    jax.config.update("jax_compilation_cache_dir", sys.argv[1])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
x = jnp.ones(3)
with watch_compilation() as record:
    for power in (2, 3):
        jax.jit(lambda x: x**power).lower(x).compile()
print(record.requests, record.hits, 0.0 < record.seconds < 60.0, record, sep="|")
"""


def run(*arguments):
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    process = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return process.stdout.split("|")


def test_programs_from_the_cache_are_counted(tmp_path):
    assert run(tmp_path)[:3] == ["2", "0", "True"]
    *counts, text = run(tmp_path)
    assert counts == ["2", "2", "True"]
    assert "2 of 2 programs from the cache" in text


def test_nothing_is_said_of_a_cache_that_is_off():
    requests, hits, _, text = run()
    assert (requests, hits) == ("0", "0")
    assert "cache" not in text


def test_a_compilation_that_somebody_waits_for_is_announced_once(capsys):
    traced = []

    def double(x):
        traced.append(x.shape)
        return 2.0 * x

    announced = Announced("three numbers", double)
    announced.compile(jax.ShapeDtypeStruct((3,), jnp.float32))
    first, second = capsys.readouterr().out.splitlines()
    assert first == "compiling three numbers ..."
    assert re.match(r"  compiled in \d+\.\d s", second)
    for numbers in (jnp.arange(3.0), np.float32([3, 4, 5])):
        np.testing.assert_array_equal(announced(numbers), 2.0 * numbers)
    assert traced == [(3,)] and not capsys.readouterr().out


def test_an_announced_function_takes_what_other_devices_hold():
    """An evaluation's parameters come from all devices that train them."""
    program = """
import jax, jax.numpy as jnp
from lamour_jax.compilation import Announced
mesh = jax.make_mesh((2,), ("robots",))
everywhere = jax.NamedSharding(mesh, jax.P())
announced = Announced("a sum", lambda x: x.sum())
announced.compile(jnp.ones(4))
found = announced(jax.device_put(jnp.ones(4), everywhere))
print(float(found), len(found.devices()))
"""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "4.0 1"
