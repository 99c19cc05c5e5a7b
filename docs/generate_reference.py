"""Writes what these pages say of the code: commands.md, settings.md, and the repository's address.

    make reference      # or python docs/generate_reference.py

A test holds that what is committed is what this writes.
"""

import argparse
import dataclasses
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lamour_jax import config, presets
from lamour_jax.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
_NOTE = (
    "<!-- Written by docs/generate_reference.py: change the code, then run make reference. -->\n"
)
# Of settings whose name says it all to those who know the algorithm, and so have no comment there.
_MEANINGS = {
    "aux_coef": "weight of the recovery reward, where the robot is not healthy",
    "consol_coef": "weight of the consolidation term in the actor's loss",
    "num_envs": "robots side by side",
    "replay_capacity": "transitions that are kept",
    "batch_size": "transitions of an update",
    "gamma": "discount of a step",
    "tau": "how far the target critics move towards the critics in an update",
    "actor_learning_rate": "Adam's, of the actor",
    "critic_learning_rate": "Adam's, of the critics",
    "temperature_learning_rate": "Adam's, of the temperature",
    "value_learning_rate": "Adam's, of the value",
    "initial_temperature": "weight of the entropy to begin with",
    "target_entropy_per_action": "what the temperature steers the entropy to, times the actions",
    "activation": "of the actor's hidden layers; the original policy's where there is one",
    "std": "what makes the actor's output a standard deviation; as above",
    "normalizes": "whether the actor normalises observations first; as above",
    "hidden_sizes": "of actor and critics; the original policy's where there is one",
    "critic_layer_norm": "layer norm in the critics",
    "value_layer_norm": "layer norm in the value",
    "unroll_length": "steps of each robot in a rollout",
    "num_epochs": "how often a rollout is learned from",
    "num_minibatches": "updates in each of these",
    "gae_lambda": "of generalised advantage estimation",
    "clip_range": "of the ratio of probabilities in PPO's objective",
    "entropy_coef": "weight of the entropy",
    "max_grad_norm": "longer gradients are cut to this",
}
_ROBOTS = (*presets.PUBLISHED, "others")  # the last a name that no preset knows
# Where the repository's address is written, besides pyproject.toml, which is where it comes from.
_ADDRESSES = ("docs/notebooks.md", "experiments/notebooks/*.ipynb")


def main() -> None:
    for path, text in pages().items():
        path.write_text(text)


def pages() -> dict[Path, str]:
    """Everything that this writes, by path."""
    generated = {
        ROOT / f"docs/{name}.md": re.sub(r"\n{3,}", "\n\n", make())
        for name, make in (("commands", commands), ("settings", settings))
    }
    addressed = [path for pattern in _ADDRESSES for path in sorted(ROOT.glob(pattern))]
    return generated | {path: with_address(path.read_text()) for path in addressed}


def with_address(text: str) -> str:
    """A text whose links to the repository, and to Colab for it, are those of pyproject.toml."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text())
    owner = about["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    colab = "https://colab.research.google.com/github/"
    text = re.sub(rf"{colab}[\w.-]+/[\w.-]+", f"{colab}{owner}", text)
    return re.sub(r"https://github\.com/[\w.-]+/lamour_jax", f"https://github.com/{owner}", text)


def commands() -> str:
    """Every command with its options, from its parser."""
    parts = [
        f"{_NOTE}\n# Commands\n\nExit codes: 0 done; 2 something that you can mend, said in a"
        " message; 1 a failure that is not yours (of `doctor`: the machine is not ready). Each"
        " command has a Python function of the same name in `lamour_jax.cli`.\n"
    ]
    for name, (module_name, purpose) in COMMANDS.items():
        module = importlib.import_module(f"lamour_jax.cli.{module_name}")
        parser = argparse.ArgumentParser(prog=f"lamour {name}", add_help=False)
        module.add_arguments(parser)
        parts.append(f"\n## lamour {name}\n\n{_sentence(purpose)}\n")
        rows = [_option(action) for action in parser._actions]
        parts.append(_table(("option", "default", "meaning"), rows))
    return "\n".join(parts)


def _option(action: argparse.Action) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in action.option_strings)
    if not names:
        names = f"`{action.metavar or action.dest.upper()}`"
    elif action.nargs != 0:
        metavar = action.metavar or action.dest.upper()
        shown = " ".join(metavar) if isinstance(metavar, tuple) else metavar
        names += f" {shown}" + (" ..." if action.nargs == "+" else "")
    required = "required" if action.required and action.option_strings else ""
    default = required or _default(action.default)
    return names, default, (action.help or "").replace("%%", "%")


def _default(value: Any) -> str:
    if value is None or value is False or value == []:
        return ""
    return f"`{' '.join(map(str, value)) if isinstance(value, list) else value}`"


def settings() -> str:
    """Every setting with its value in each preset and its comment, from the dataclasses."""
    sac = {
        preset: {robot: presets.sac_config(robot, preset) for robot in _ROBOTS}
        for preset in presets.PRESETS
    }
    ppo = {
        preset: {robot: presets.ppo_config(robot, preset) for robot in _ROBOTS}
        for preset in presets.PPO_PRESETS
    }
    return "\n".join(
        [
            f"{_NOTE}\n# Settings\n",
            "`--preset` chooses them; `lamour recover --set NAME=VALUE ...` takes single ones in"
            " its place, as does `recover(settings={...})` in Python. A run keeps all of them in"
            ' its `config.json`. Where robots differ, "by robot" leads to the second table.\n',
            *_learner("SAC (`--learner sac`)", config.SACConfig, sac),
            *_learner("PPO (`--learner ppo`)", config.PPOConfig, ppo),
            *_run(),
            *_lengths(),
            *_baselines(),
        ]
    )


def _run() -> Iterable[str]:
    """The settings of a run, whatever its learner, which a docstring explains."""
    about = dict(re.findall(r"^ +(\w+): (.+)$", config.TrainConfig.__doc__ or "", re.MULTILINE))
    yield "\n## A run, whatever its learner\n"
    rows = [
        (f"`{field.name}`", _value(field.default), about[field.name])
        for field in dataclasses.fields(config.TrainConfig)
    ]
    yield _table(("setting", "unless told otherwise", "meaning"), rows)


def _learner(title: str, kind: type, by_preset: dict[str, dict[str, Any]]) -> Iterable[str]:
    comments = field_comments(kind)
    rows, differing = [], []
    for field in dataclasses.fields(kind):
        cells = []
        for robots in by_preset.values():
            values = {robot: _value(getattr(made, field.name)) for robot, made in robots.items()}
            same = len(set(values.values())) == 1
            cells.append(next(iter(values.values())) if same else "by robot")
        meaning = comments[field.name] or _MEANINGS.get(field.name, "")
        rows.append((f"`{field.name}`", *cells, meaning))
        if "by robot" in cells:
            differing.append(field.name)
    yield f"\n## {title}\n"
    yield _table(("setting", *by_preset, "meaning"), rows)
    yield "\nBy robot:\n"
    by_robot: list[list[str]] = []
    for name in differing:
        for preset, made in by_preset.items():
            values = [_value(getattr(made[robot], name)) for robot in _ROBOTS]
            if len(set(values)) == 1:
                continue
            before = by_robot[-1] if by_robot else []
            if before[:1] == [f"`{name}`"] and before[2:] == values:
                before[1] += f", {preset}"
            else:
                by_robot.append([f"`{name}`", preset, *values])
    yield _table(("setting", "preset", *_ROBOTS), by_robot)


def _lengths() -> Iterable[str]:
    """How long each preset trains."""
    yield "\n## Length of a run (`--updates`)\n"
    rows = [
        (learner, preset, *(_value(presets.recovery_updates(r, preset, learner)) for r in _ROBOTS))
        for learner, known in (("sac", presets.PRESETS), ("ppo", presets.PPO_PRESETS))
        for preset in known
    ]
    yield _table(("learner", "preset", *_ROBOTS), rows)


def _baselines() -> Iterable[str]:
    yield "\n## Published coefficients of the baselines\n"
    rows = [
        (f"`{method}`", f"`{name}`", *(_value(robots[robot][name]) for robot in robots))
        for method, robots in presets.PUBLISHED_BASELINES.items()
        for name in next(iter(robots.values()))
    ]
    first = next(iter(presets.PUBLISHED_BASELINES.values()))
    yield _table(("method", "setting", *first), rows)


def field_comments(kind: type) -> dict[str, str]:
    """What comments say of the fields of a dataclass: the one behind a field, and those right above
    it that are sentences about it. A heading over several fields is no such comment."""
    lines = inspect.getsource(kind).splitlines()
    found, above = {}, []
    for line in lines:
        text = line.strip()
        if text.startswith("#"):
            above.append(text.removeprefix("#").strip())
            continue
        if match := re.match(r"(\w+): [^#]*?(?:#\s*(.*))?$", text):
            said = [match[2]] if match[2] else []
            found[match[1]] = " ".join(_sentences(above) + said)
        above = []
    return found


def _sentences(lines: list[str]) -> list[str]:
    """The lines of a block of comments from which on they are about a single field: a heading is
    short and ends without a full stop."""
    if lines and not lines[0].endswith((".", ":", ",")) and len(lines[0]) < 40:
        lines = lines[1:]
    return lines


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(("?", ".")) else ".")


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return " x ".join(map(str, value))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:,}".replace(",", " ")
    return "none" if value is None else str(value)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text


if __name__ == "__main__":
    sys.exit(main())
