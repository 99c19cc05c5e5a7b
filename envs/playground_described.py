"""A description on top of a Playground environment: its health, its OOD start, its words.

    playground = "CheetahRun"
    task = "Run forward."

    [healthy]
    max_tilt = 60

    [ood]
    drop = { height = 0.2, pitch = 180 }

Tables are those of envs.described; all are optional, and what they leave out is as for the
environment by its name alone.
"""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from envs.base import RecoveryEnv
from envs.described_parts import check_start, read_camera, read_health, read_start, read_texts
from envs.playground import default_ood, default_rule, load_world, make_class, standing_pose
from envs.playground import playground_class as by_name
from envs.roots import root_of
from envs.starts import Start
from envs.tables import Table

_PLAYGROUNDS_OWN = ("model", "substeps", "episode_length", "observation", "reward", "normal")


def playground_robot(file: Path, top: Table, name: str, content: str) -> type[RecoveryEnv]:
    """The environment that `file` describes; errors as `envs.described.described_class`."""
    for key in _PLAYGROUNDS_OWN:
        if key in top:
            top.fail(key, "is Playground's own beside the key playground: leave it out")
    world_name = top.text("playground")
    try:
        model: mujoco.MjModel = load_world(world_name).mj_model
    except ValueError as error:
        top.fail("playground", f"cannot be used: {error}")
    root = root_of(model)
    rule = read_health(top, model, root) if "healthy" in top else default_rule(root)
    ood = _read_ood(top, model) if "ood" in top else default_ood(model, root)
    if ood is not None:
        check_start(top, "ood", ood, rule, healthy=False)
    made = make_class(
        world_name,
        name=name,
        task=top.text("task", by_name(world_name).original_task),
        rule=rule,
        ood=ood,
        texts=read_texts(top),
        camera=read_camera(top),
        content=content.encode(),
    )
    top.close()
    return made


def _read_ood(top: Table, model: mujoco.MjModel) -> Start:
    return read_start(top, "ood", model, Start(np.array(standing_pose(model))))
