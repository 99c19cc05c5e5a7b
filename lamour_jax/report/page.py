"""Pages in one file: style and script are inside, and nothing is loaded from anywhere.

A content security policy keeps a page from loading or running anything else than what was written
here: a model's answer is a stranger's text.
"""

import base64
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lamour_jax.files import write_atomically
from lamour_jax.report import figures

REPORT_FILE = "report.html"


def write_page(path: Path, template: str, **content: Any) -> Path:
    """Fills in one of this package's templates and writes it; returns the path.

    Args:
      path: of the page.
      template: the template's file name.
      content: what it shows; text in it is escaped.
    """
    script = resources.files("lamour_jax.report").joinpath("report.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        _environment().get_template(template).render(**content, script=script, script_hash=digest)
    )
    write_atomically(path, page.encode())
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lamour_jax", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=figures.count,
        percent=figures.percent,
        duration=figures.duration,
        data_uri=_data_uri,
        setting=setting,
        markup=Markup,
    )
    return environment


def _data_uri(content: bytes | Path, media_type: str) -> str:
    data = content.read_bytes() if isinstance(content, Path) else content
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def setting(value: Any) -> str:
    """A setting's value, for people."""
    if isinstance(value, list | tuple):
        return ", ".join(map(setting, value))
    return "none" if value is None else str(value)
