"""The MuJoCo models that come inside other packages."""

import importlib.util
from pathlib import Path

import mujoco


def gymnasium_spec(file_name: str) -> mujoco.MjSpec:
    """Reads one of the Gymnasium package's models, without importing Gymnasium (it is slow).

    Raises:
      FileNotFoundError: the package or the model is not there.
    """
    package = importlib.util.find_spec("gymnasium")
    if package is None or package.origin is None:
        raise FileNotFoundError("the robots' models come with gymnasium: pip install gymnasium")
    path = Path(package.origin).parent / "envs" / "mujoco" / "assets" / file_name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: reinstall gymnasium (1.4 is tested)")
    return mujoco.MjSpec.from_file(str(path))
