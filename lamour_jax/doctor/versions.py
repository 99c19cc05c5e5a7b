"""Versions: what is installed, against what is tested together and what is known to work."""

from __future__ import annotations

import platform
import re
from importlib import metadata, resources
from typing import TYPE_CHECKING

from lamour_jax.doctor.finding import FAIL, OK, WARN, Finding

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

PACKAGE = "lamour-jax"
_DEVELOPERS = ("dev", "docs")  # extras that the product does not run with


def tested() -> str:
    """The text of requirements.txt, which travels with the package: a test holds them together."""
    return resources.files("lamour_jax.doctor").joinpath("tested.txt").read_text()


def tested_versions() -> dict[str, str]:
    """The tested version of each package, by its name in the form that names are compared in."""
    pairs = (line.split("==") for line in tested().splitlines() if re.match(r"[\w.-]+==", line))
    return {_canonical(name): version.split()[0] for name, version in pairs}


def tested_python() -> str:
    """The version of Python that is tested, such as 3.11."""
    found = re.search(r"Python (\d+\.\d+)", tested())
    assert found  # its first line says so, which is tested
    return found[1]


def check_python() -> Finding:
    """The interpreter."""
    here, wanted = platform.python_version(), tested_python()
    if here.startswith(f"{wanted}."):
        return Finding(OK, f"{here}, as tested")
    older = tuple(map(int, here.split(".")[:2])) < tuple(map(int, wanted.split(".")))
    return Finding(
        FAIL if older else WARN,
        f"{here}; tested is {wanted}",
        f"make the environment with Python {wanted}: make setup PYTHON=python{wanted}",
    )


def check_versions() -> Finding:
    """The packages that this one runs with."""
    try:
        required, tools = _requirements()
    except metadata.PackageNotFoundError:
        return Finding(WARN, f"{PACKAGE} itself is not installed", "pip install --no-deps -e .")
    wrong, other = [], []
    for name, version in tested_versions().items():
        here = _installed(name)
        if name in tools or (here is None and name not in required):
            continue
        if here is None or (name in required and here not in required[name]):
            wrong.append((name, here, version))
        elif here != version:
            other.append((name, here, version))
    if not wrong and not other:
        return Finding(OK, f"jax {_installed('jax')}, mujoco {_installed('mujoco')}: all as tested")
    found = ", ".join(
        [f"{name} {here or 'is missing'} (needed: {version})" for name, here, version in wrong]
        + [f"{name} {here} (tested: {version})" for name, here, version in other]
    )
    wanted = " ".join(f"{name}=={version}" for name, _, version in [*wrong, *other])
    if wrong:
        return Finding(FAIL, found, f"pip install {wanted}")
    return Finding(
        WARN, found, f"if anything goes wrong, take the tested ones: pip install {wanted}"
    )


def _requirements() -> tuple[dict[str, SpecifierSet], set[str]]:
    """The versions that this package requires, by name, and the packages that only its developers
    use.

    Raises:
      PackageNotFoundError: it is not installed, so that nobody knows.
    """
    from packaging.requirements import Requirement  # here: it may be what is missing
    from packaging.specifiers import SpecifierSet

    required, tools, optional = {}, set(), set()
    for line in metadata.requires(PACKAGE) or ():
        requirement = Requirement(line)
        name, marker = _canonical(requirement.name), requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            # A tested version may be one before its release, such as a nightly.
            required[name] = SpecifierSet(str(requirement.specifier), prereleases=True)
        elif any(marker.evaluate({"extra": extra}) for extra in _DEVELOPERS):
            tools.add(name)
        else:
            optional.add(name)
    return required, tools - optional - required.keys()


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
