"""What documentation shows, as files: what a reader copies is what is tested."""

import re
from pathlib import Path

import gymnasium

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"```\w+\n(.*?)```", re.DOTALL)
_FILES = {
    "swimmer.toml": 'name = "swimmer"',
    "reward.py": "abs(state[0]) < 1.5",
    "rover.toml": 'name = "rover"',
    "rover.py": "abs(state[1]) < 0.5",
    "crab.py": "class Crab",
    "cheetah_run.toml": 'playground = "CheetahRun"',
}


def own_robots_page(folder: Path) -> Path:
    """The files of docs/own-robots.md, and Gymnasium's swimmer, in a folder."""
    blocks = _BLOCK.findall((ROOT / "docs" / "own-robots.md").read_text(encoding="utf-8"))
    for name, mark in _FILES.items():
        [text] = [block for block in blocks if mark in block]
        (folder / name).write_text(text)
    assets = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"
    (folder / "swimmer.xml").write_bytes((assets / "swimmer.xml").read_bytes())
    return folder
