"""Importing the makers' libraries, at the first need and quietly."""

from __future__ import annotations

import importlib
import warnings
from typing import Any
from urllib.parse import urlsplit

from lamour_jax.lvlm.providers.outcomes import BadSettings, SdkMissing


def load(module: str, package: str) -> Any:
    """Imports a library.

    Args:
      module: what to import.
      package: its name where packages are installed from.

    Raises:
      SdkMissing: it is not there, or cannot be imported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is said in our own words
            return importlib.import_module(module)
    except ImportError as error:
        reason = str(error)
    raise SdkMissing(f"{package} cannot be imported ({reason}); install it: pip install {package}")


def server(base_url: str) -> str:
    """A server's address as it is used here: checked, without a slash at the end.

    Raises:
      BadSettings: it is no address, or holds a password, which would turn up in messages.
    """
    if "@" in base_url or "?" in base_url:
        raise BadSettings("the base URL holds a password or parameters: give the address only")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings(f"base URL {base_url!r}: it has to start with http:// or https://")
    return base_url.rstrip("/")
