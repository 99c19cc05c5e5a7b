"""The notebooks are clean, and run from top to bottom."""

import ast
import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from lamour_jax.lvlm.transcript import Transcript
from lamour_jax.rewardcode.extract import extract
from tests.pages import own_robots_page

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "experiments" / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
HOPPER = ROOT / "lamour_jax" / "lvlm" / "recordings" / "hopper" / "1" / "transcript.json"


def load(name: str) -> nbformat.NotebookNode:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def execute(name: str, folder: Path, monkeypatch, **parameters) -> list[dict]:
    """Runs a notebook in `folder` with other parameters than its own; returns all outputs."""
    notebook = load(name)
    (chosen,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    known = {node.targets[0].id for node in ast.parse(chosen.source).body}
    assert parameters.keys() <= known
    chosen.source += "".join(f"\n{key} = {value!r}" for key, value in parameters.items())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    client = NotebookClient(
        notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def shown(outputs: list[dict], kind: str) -> list[str]:
    """What was displayed of a MIME type."""
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def printed(outputs: list[dict]) -> str:
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


@pytest.mark.parametrize("name", NAMES)
def test_kept_without_outputs_and_opened_in_colab_by_its_first_cell(name):
    notebook = load(name)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.count(f"/experiments/notebooks/{name}.ipynb") == 1
    assert "git+https://github.com/" in notebook.cells[1].source  # it installs itself
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_the_code_to_be_edited_is_what_the_model_answered():
    (cell,) = [cell for cell in load("quickstart").cells if "%%writefile" in cell.source]
    answered = extract(Transcript.load(HOPPER).answer_code)
    written = cell.source.partition("\n")[2]
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(answered))


def test_reading_the_results(tmp_path, monkeypatch):
    outputs = execute("reading_the_results", tmp_path, monkeypatch)
    assert len(shown(outputs, "image/png")) == 3
    table = "".join(shown(outputs, "text/markdown"))
    with (ROOT / "experiments" / "results" / "paper_fast.json").open() as file:
        trained = {name.split("-")[0] for name in json.load(file)["released"]}
    assert all(robot.replace("_", "") in table.lower() for robot in trained)
    assert "from the battery" in printed(outputs)


@pytest.mark.slow
def test_quickstart(tmp_path, monkeypatch):
    outputs = execute("quickstart", tmp_path, monkeypatch, UPDATES=1_600, EPISODES=2)
    assert len(shown(outputs, "image/png")) == 2  # the fallen robot, and curves
    films = [html for html in shown(outputs, "text/html") if "data:video/mp4" in html]
    assert len(films) == 3  # the original policy, and both from one start
    said = printed(outputs)
    assert "success_rate" in said and "report.html" in said
    (run,) = tmp_path.glob("runs/quickstart-hopper-*/run")
    assert (run / "report.html").exists()


def test_ones_own_robot_is_the_pages(tmp_path):
    page = own_robots_page(tmp_path)
    written = [c.source for c in load("your_own_robot").cells if "%%writefile" in c.source]
    for name, file in (("rover.toml", "rover.toml"), ("reward.py", "rover.py")):
        [cell] = [text for text in written if text.startswith(f"%%writefile {name}\n")]
        assert cell.partition("\n")[2].strip() == (page / file).read_text().strip()


@pytest.mark.slow
def test_your_own_robot(tmp_path, monkeypatch):
    parameters = {"ORIGINAL_UPDATES": 400, "UPDATES": 800, "EPISODES": 2}
    outputs = execute("your_own_robot", tmp_path, monkeypatch, **parameters)
    assert len(shown(outputs, "image/png")) == 4  # both starts, before and after, and curves
    films = [html for html in shown(outputs, "text/html") if "data:video/mp4" in html]
    assert len(films) == 4  # the original policy from both starts, and both from one
    said = printed(outputs)
    assert "accepted" in said and "retention" in said
    (run,) = tmp_path.glob("runs/your-own-robot-*/run")
    assert (run / "report.html").exists()


@pytest.mark.slow
def test_throughput(tmp_path, monkeypatch):
    parameters = {"NUM_ENVS": (8, 64), "BUDGET": 0.2, "BRAX_STEPS": 4}
    outputs = execute("throughput", tmp_path, monkeypatch, **parameters)
    assert len(shown(outputs, "image/png")) == 2
    said = printed(outputs)
    assert "brax, 64 robots" in said and "native" in said
