"""Going on with a run: its own settings hold, and others are refused."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import envs
from lamour_jax.cli.common import user_settings
from lamour_jax.config import TrainConfig, to_json
from lamour_jax.errors import UserError
from lamour_jax.files import write_json
from lamour_jax.runs import Run, read_config

# Options that a resumed run may be given anew.
_ANEW = {"resume", "out", "updates", "coordinator", "num_processes", "process_id"}


def settings_given(options: argparse.Namespace) -> dict[str, Any]:
    """The options of a training that were given and not left out, but for those that a resumed run
    may have anew."""
    return {name: getattr(options, name) for name in sorted(options.given - _ANEW)}


def open_run(
    folder: Path | None,
    kind: str,
    updates: int | None = None,
    given: Mapping[str, Any] | None = None,
) -> Run:
    """Opens the run of `lamour KIND` in `folder`, to be continued.

    Args:
      updates: the run's new length; None leaves it as it was. Schedules stretch with it.
      given: settings that the run is believed to have, by the names of their options.

    Raises:
      UserError: no folder given, it holds no such run, or the run has other settings.
    """
    if folder is None:
        raise UserError("--resume needs --out, the folder of the run to continue")
    config = read_config(folder)
    if config["kind"] != kind:
        raise UserError(f"{folder} holds a run of `lamour {config['kind']}`: resume it with that")
    _refuse_changes(config, given or {})
    if updates is not None:
        settings = user_settings(TrainConfig, **{**config["train"], "num_updates": updates})
        config["train"] = to_json(settings)
        write_json(folder / "config.json", config)
    return Run(folder, config)


def _refuse_changes(config: dict[str, Any], given: Mapping[str, Any]) -> None:
    """A resumed run goes on with its own settings; one that is given must be the run's.

    Raises:
      UserError: it is another, or it cannot be compared (a policy or reward code).
    """
    train, learner = config["train"], config[config.get("learner", "sac")]
    known = {
        **config,
        "env": config["robot"],
        "num_envs": learner["num_envs"],
        "seed": train["seed"],
        "seeds": list(dict.fromkeys(config.get("member_seeds") or [train["seed"]])),
    }
    place = envs.canonical(given["env"]) if "env" in given else None
    changes = []
    for name, value in {**given, **({"env": place} if place else {})}.items():
        flag = "--" + name.replace("_", "-")
        if name not in known:
            changes.append(f"{flag} must be left out, the run has its own")
        elif value not in (known[name], "auto"):
            changes.append(f"{flag} was {_shown(known[name])} and not {_shown(value)}")
    if changes:
        raise UserError(
            f"--resume goes on with the settings of the run: {'; '.join(changes)}. Only --updates"
            " may change"
        )


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
