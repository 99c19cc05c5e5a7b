"""A run as one HTML file: from the picture that a model saw to the robot on its feet.

Pictures, films, style and script are inside the file, and a content security policy keeps it from
loading or running anything else: a model's answer is a stranger's text.
"""

import base64
import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from envs.base import RecoveryEnv
from envs.rendering import RenderingUnavailable
from lamour_jax.errors import UserError
from lamour_jax.files import write_atomically
from lamour_jax.policy import Policy, load_policy
from lamour_jax.report import figures
from lamour_jax.report.candidates import read_members
from lamour_jax.report.films import Film, shoot_before_and_after
from lamour_jax.report.plots import comparison, learning_curves, training_curves
from lamour_jax.report.story import read_story
from lamour_jax.report.video import EncoderUnavailable
from lamour_jax.runs import read_config, read_metrics

REPORT_FILE = "report.html"
_METHODS = {
    "lamour": "LaMOuR",
    "lamour_healthy_gate": "LaMOuR, environment's gate",
    "sac_env": "SAC-env",
    "sac_zero": "SAC-zero",
    "sero": "SeRO",
}


def write_report(folder: Path, env: RecoveryEnv) -> Path:
    """Writes `report.html` into the folder of a finished run of `lamour recover`.

    Its films are kept beside it, in `videos/`; where they cannot be made, the report says why.

    Args:
      folder: the run.
      env: the environment of its evaluation.

    Raises:
      UserError: the folder holds no finished run, or a file in it was altered.
    """
    config = read_config(folder)
    outcome = _read_outcome(folder)
    original = _load(folder / "original.msgpack", env)
    recovered = _load(folder / "policy.msgpack", env)
    films, no_films = _films(folder, env, original, recovered)
    members = read_members(folder, outcome, config.get("members", []))
    chosen = [member for member in members if member.chosen]
    rows = chosen[0].rows if chosen else read_metrics(folder)
    normal_return = outcome["original"]["normal"]["return"]
    script = resources.files("lamour_jax.report").joinpath("report.js").read_text()
    page = _template().render(
        robot=type(env).__name__,
        task=env.original_task,
        method=_METHODS.get(config["method"], config["method"]),
        config=config,
        outcome=outcome,
        starts=figures.STARTS[outcome["start"]],
        steps=max((row["env_steps"] for row in rows), default=0),
        updates=max((row["updates"] for row in rows), default=0),
        best_updates=recovered.about.get("updates"),
        headlines=figures.headlines(outcome, env.dt),
        story=read_story(folder / "reward"),
        members=members,
        comparison=comparison([(m.name, m.rows) for m in members], normal_return),
        curves=learning_curves(rows, normal_return),
        small_curves=training_curves(rows),
        films=films,
        no_films=no_films,
        settings=_settings(config),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    write_atomically(folder / REPORT_FILE, page.encode())
    return folder / REPORT_FILE


def _films(
    folder: Path, env: RecoveryEnv, original: Policy, recovered: Policy
) -> tuple[list[Film], str]:
    """The films, or why there are none."""
    try:
        return shoot_before_and_after(env, original, recovered, folder / "videos"), ""
    except (RenderingUnavailable, EncoderUnavailable) as error:
        return [], str(error)


def _read_outcome(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "metrics.json").read_text())
    except FileNotFoundError:
        raise UserError(
            f"the run in {folder} is not finished (no metrics.json): continue it with"
            f" lamour recover --resume --out {folder}"
        ) from None


def _load(path: Path, env: RecoveryEnv) -> Policy:
    return load_policy(
        path,
        robot=env.name,
        observation_size=env.observation_size,
        action_size=env.action_size,
    )


def _settings(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings by group; what stands at the top level is the run's own."""
    groups = {name: value for name, value in config.items() if isinstance(value, dict)}
    alone = {name: value for name, value in config.items() if name not in groups}
    return {"run": alone, **groups}


def _template() -> Template:
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
        setting=_setting,
        markup=Markup,
    )
    return environment.get_template("report.html.j2")


def _data_uri(content: bytes | Path, media_type: str) -> str:
    data = content.read_bytes() if isinstance(content, Path) else content
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _setting(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_setting, value))
    return "none" if value is None else str(value)
