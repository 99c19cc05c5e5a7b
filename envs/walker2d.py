"""Walker2d: two planar legs of three joints; out of distribution flat on the ground."""

import mujoco

from envs.assets import gymnasium_spec
from envs.physics import SolverLimits
from envs.planar import PlanarWalker, flat_pose

THIGH_RANGE = (-30, 0)  # degrees; Gymnasium's is (-150, 0)


class Walker2d(PlanarWalker):
    """Gymnasium's Walker2d (the model without `_v5`) with stiffer hips and a stricter health."""

    name = "walker2d"
    original_task = "Walk forward."
    num_substeps = 4
    mjx_limits = SolverLimits(iterations=8, ls_iterations=16)
    height_range = (0.9, 2.0)
    max_angle = 0.3
    ood_qpos = flat_pose(1.5740, -0.1222, 0.0, -0.7854, -0.1222, 0.0, -0.7854)

    @classmethod
    def build_spec(cls) -> mujoco.MjSpec:
        spec = gymnasium_spec("walker2d.xml")
        for name in ("thigh_joint", "thigh_left_joint"):
            spec.joint(name).range = THIGH_RANGE
        return spec
