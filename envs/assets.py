"""The MuJoCo models that come inside other packages."""

import importlib.util
from pathlib import Path

import mujoco


def gymnasium_spec(file_name: str) -> mujoco.MjSpec:
    """Reads one of the Gymnasium package's models.

    Raises:
      FileNotFoundError: the package or the model is not there.
    """
    return _spec("gymnasium", Path("envs", "mujoco", "assets", file_name))


def playground_spec(file_name: str) -> mujoco.MjSpec:
    """Reads one of the Control Suite's models that come with MuJoCo Playground.

    Raises:
      FileNotFoundError: the package or the model is not there.
    """
    folder = Path("_src", "dm_control_suite", "xmls")
    return _spec("mujoco_playground", folder / file_name, distribution="playground")


def _spec(package: str, path: Path, distribution: str | None = None) -> mujoco.MjSpec:
    """The model at `path` in `package`, which is not imported (both take seconds)."""
    distribution = distribution or package
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise FileNotFoundError(
            f"the model {path.name} comes with {distribution}: pip install {distribution}"
        )
    file = Path(found.origin).parent / path
    if not file.is_file():
        raise FileNotFoundError(f"{file} is missing: reinstall {distribution}")
    return mujoco.MjSpec.from_file(str(file))
