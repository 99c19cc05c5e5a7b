"""The grid's cells, and what each asks of `recover`."""

import inspect
from pathlib import Path

import pytest

import envs
from experiments.paper.grid import VARIANTS, Cell, make_cells, obstacle, recover_arguments
from lamour_jax.cli.check import make_checker
from lamour_jax.cli.recover import recover
from lamour_jax.errors import UserError
from lamour_jax.presets import sac_config
from lamour_jax.recovery import METHODS


def test_the_grid_is_robots_by_methods_by_seeds_and_ablations_on_two_robots():
    cells = make_cells(robots=["ant", "hopper"])
    assert len(cells) == len(set(cells)) == 2 * (3 + 2 + 1 + 1) + 3
    assert {cell.robot for cell in cells if cell.method == "handwritten"} == {"hopper"}
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    assert {cell.robot for cell in make_cells()} <= set(envs.names())


def test_a_robot_may_have_more_seeds_than_others():
    cells = make_cells(["humanoid", "ant"], ["sac_zero"])
    assert [cell.name for cell in cells] == [
        "ant-sac_zero-1",
        "humanoid-sac_zero-1",
        "humanoid-sac_zero-2",
        "humanoid-sac_zero-3",
    ]
    with pytest.raises(UserError, match=r"sac_zero 1 \(3 on humanoid\), sac_env 1,"):
        make_cells(["ant"], ["sac_zero"], [2])


def test_a_part_is_chosen_by_robots_methods_and_seeds():
    assert make_cells(["hopper"], ["sero", "lamour"], [2]) == [
        Cell("hopper", "lamour", 2),
        Cell("hopper", "sero", 2),
    ]


@pytest.mark.parametrize(
    "choice",
    [{"robots": ["dog"]}, {"methods": ["ppo"]}, {"seeds": [9]}]
    + [{"methods": ["sac_env"], "seeds": [2]}, {"robots": ["ant"], "methods": ["handwritten"]}],
)
def test_what_is_not_in_the_grid_is_said(choice):
    with pytest.raises(UserError, match=r"choose from|no such cell"):
        make_cells(**choice)


@pytest.mark.parametrize("method", VARIANTS)
def test_recover_understands_what_a_cell_asks_for(method):
    cell = Cell("hopper", method, 1)
    arguments = recover_arguments(cell, "fast", Path("p.msgpack"), Path("out"))
    inspect.signature(recover).bind(**arguments)
    sac_config("hopper", "fast", **arguments["settings"])  # raises on a setting that it lacks
    assert all(Path(reward).is_file() for reward in arguments["reward"])


def test_cells_of_the_published_recipe_end_within_an_hour_and_others_with_their_preset():
    def updates(preset: str) -> int | None:
        arguments = recover_arguments(Cell("ant", "sero", 1), preset, Path("p"), Path("out"))
        return arguments["updates"]

    assert (updates("paper"), updates("fast")) == (400_000, None)


def test_ablations_differ_from_lamour_in_one_thing():
    def asked(method: str) -> dict:
        cell = Cell("hopper", method, 1)
        return recover_arguments(cell, "fast", Path("p"), Path("out"))

    ours = asked("lamour")
    assert asked("no_consolidation") == ours | {"settings": {"consol_coef": 0.0}}
    assert asked("healthy_gate") == ours | {"method": VARIANTS["healthy_gate"].method}
    written = asked("handwritten")
    assert written == ours | {"reward": written["reward"]}


def test_what_cannot_be_trained_is_told(monkeypatch):
    policies = {"hopper": Path("p")}
    assert obstacle(Cell("hopper", "lamour", 1), policies) is None
    assert "no original policy" in obstacle(Cell("ant", "lamour", 1), policies)
    monkeypatch.setattr(
        "experiments.paper.grid.METHODS", [method for method in METHODS if method != "sero"]
    )
    assert "no method sero" in obstacle(Cell("hopper", "sero", 1), policies)


@pytest.mark.parametrize("robot", ["half_cheetah", "hopper"])
def test_handwritten_rewards_pass_the_check_without_a_warning(robot):
    [source] = recover_arguments(Cell(robot, "handwritten", 1), "fast", Path(), Path())["reward"]
    verdict = make_checker(robot)(Path(source).read_text())
    assert verdict.accepted, verdict.summary()
    assert not verdict.findings
