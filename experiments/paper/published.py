"""What the paper's learning curves show, read off the drawings: mean returns of five seeds."""

# robot -> return from normal starts of the original policy, and at the end of training from OOD
# starts of each method: after 1M updates, the Humanoid 4M, PushChair 2M.
ORIGINAL = {
    "ant": 6100, "half_cheetah": 12300, "hopper": 3340, "walker2d": 4100, "humanoid": 273,
    "push_chair": 241,
}  # fmt: skip
RETURNS = {
    "ant": {"lamour": 5900, "sero": 4800, "sac_zero": 350, "sac_env": 0},
    "half_cheetah": {"lamour": 11900, "sero": 12400, "sac_zero": 0, "sac_env": 0},
    "hopper": {"lamour": 3340, "sero": 2950, "sac_zero": 2000, "sac_env": 0},
    "walker2d": {"lamour": 4200, "sero": 3400, "sac_zero": 700, "sac_env": 0},
    "humanoid": {"lamour": 265, "sero": 0, "sac_zero": 0, "sac_env": 0},
    "push_chair": {"lamour": 220, "sero": 0, "sac_zero": 0, "sac_env": 0, "sac_t2r": 0},
}
