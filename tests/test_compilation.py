"""What is told of the compilation cache, by programs that it has and has not."""

import os
import subprocess
import sys

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
