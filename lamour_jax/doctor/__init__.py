"""Is this machine ready? Each check says what it found and what to do about it.

Nothing here imports JAX or a library of the product in this process: a JAX that cannot be imported,
hangs or crashes is a finding. What needs one is tried in a child process with a time limit.
"""

from collections.abc import Callable, Iterator

from lamour_jax.doctor import drawing, machine, numbers, robots, versions
from lamour_jax.doctor.finding import FAIL, Finding

Check = Callable[[], Finding]

CHECKS: dict[str, Check] = {
    "machine": machine.check_machine,
    "python": versions.check_python,
    "versions": versions.check_versions,
    "devices": numbers.check_devices,
    "numbers": numbers.check_numbers,
    "robots": robots.check_robots,
    "drawing": drawing.check_drawing,
    "films": drawing.check_films,
    "cache": machine.check_cache,
    "output": machine.check_output,
    "keys": machine.check_keys,
}


def examine(checks: dict[str, Check] | None = None) -> Iterator[tuple[str, Callable[[], Finding]]]:
    """(name, what gives its finding) of each check: a caller says which one it waits for."""
    for name, check in (CHECKS if checks is None else checks).items():
        yield name, lambda check=check: _survive(check)  # type: ignore[misc]


def _survive(check: Check) -> Finding:
    """The finding of a check, whatever is broken: a check that cannot be made has failed."""
    try:
        return check()
    except Exception as error:
        return Finding(
            FAIL,
            f"cannot be checked: {type(error).__name__}: {error}",
            "install the tested versions anew: pip install -r requirements.txt",
        )
