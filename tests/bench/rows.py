"""A made-up table with every part in it."""

from lamour_jax.bench.table import Row
from lamour_jax.bench.training import WHOLE


def made_up() -> list[Row]:
    def figures(value: float, **more) -> dict:
        return {"value": value, "low": 0.9 * value, "high": 1.2 * value, **more}

    def robots(what: str, engine: str, count: int, value: float, **more) -> Row:
        memory = None if "raw" in what else 100_000 + 500 * count
        return Row(
            "physics", what, engine, "hopper", count, **figures(value, memory_bytes=memory, **more)
        )

    rows = []
    for count, native in ((1, 9e3), (16, 4e4), (64, 7e4), (256, 8.5e4), (1024, 9e4)):
        limit = "raw mujoco.batch"
        rows += [
            robots("environment", "native", count, native, ratio_to=limit, ratio=0.9),
            robots(limit, "native", count, native / 0.9),
        ]
    for count, mjx in ((16, 1.5e3), (256, 5.7e3)):
        rows += [
            robots("environment", "mjx", count, mjx, ratio_to="bare mjx.step", ratio=0.95),
            robots("bare mjx.step", "mjx", count, mjx / 0.95),
        ]
    rows += [
        Row("learner", "SAC updates", batch=batch, **figures(value, ratio_to="x", ratio=share))
        for batch, value, share in ((64, 1100, 0.4), (256, 480, 0.62), (1024, 150, 0.75))
    ]
    shares = {
        "physics": 0.08,
        "environment": 0.03,
        "reward program": 0.02,
        "policy": 0.04,
        "replay": 0.04,
        "updates": 0.75,
        "rest": 0.04,
    }
    for preset, count in (("paper", 1), ("fast", 16)):
        sizes = {"num_envs": count, "batch": 256 // count}
        rows.append(Row("training", f"{WHOLE}, preset {preset}", **sizes, **figures(430.0 * count)))
        rows += [
            Row("training", f"{part}, preset {preset}", **sizes, value=share, ratio=share)
            for part, share in shares.items()
        ]
    for name, theirs, ours in (("SBX SAC", 316, 470), ("Stable-Baselines3 SAC", 144, 480)):
        rows += [
            Row("peers", name, num_envs=1, **figures(theirs)),
            *(
                Row("peers", what, num_envs=1, **figures(ours, ratio_to=name, ratio=ours / theirs))
                for what in ("ours", "ours, without LPC")
            ),
        ]
    rows.append(Row("peers", "brax PPO", num_envs=256, **figures(9e3)))
    rows.append(Row("peers", "brax SAC", note="skipped: crashed"))
    return rows
