"""Does an original policy keep its return on every physics engine?

Whole episodes from normal starts, the same starts on each engine. 95% intervals are those of the
mean (normal approximation). An engine keeps the return where its interval and native MuJoCo's
overlap, or their means differ by less than 10%. Rows that the file already has are not measured
again.

    python -m experiments.engines                            # the shipped policies
    python -m experiments.engines --policies released        # or a folder of one's own
"""

import argparse
import csv
import io
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from envs.physics import ENGINES, available_engines
from experiments.original_policies import find_policies
from lamour_jax.cli import common
from lamour_jax.cli.policies import policy_for
from lamour_jax.evaluation import EVALUATION_SEED, make_play, summarise
from lamour_jax.files import write_atomically

RESULTS = Path(__file__).parent / "results" / "engines.csv"
CELL = ("robot", "policy", "engine", "episodes")  # what names a row
COLUMNS = (
    *CELL, "return", "interval", "success_rate", "broken", "compile_seconds", "seconds", "date",
)  # fmt: skip
CLOSE = 0.1  # of native MuJoCo's mean


def measure(robot: str, file: Path, engine: str, episodes: int) -> dict[str, Any]:
    """What a row holds beside its name; `interval` is half of one."""
    env = common.make_env(robot, "normal", engine, evaluation=True)
    policy, _ = policy_for(env, file)
    began = time.monotonic()
    play = jax.jit(make_play(env, policy.network))
    starts = env.draw_starts(jax.random.key(EVALUATION_SEED), episodes)
    compiled = play.lower(policy.params, *starts).compile()
    middle = time.monotonic()
    played = jax.block_until_ready(compiled(policy.params, *starts))
    measures = summarise(played)
    return {
        "return": round(measures["return"], 1),
        "interval": round(1.96 * float(np.std(played.returns, ddof=1)) / episodes**0.5, 1),
        "success_rate": round(measures["success_rate"], 3),
        "broken": measures["broken"],
        "compile_seconds": round(middle - began, 1),
        "seconds": round(time.monotonic() - middle, 1),
        "date": time.strftime("%Y-%m-%d"),
    }


def read_rows(path: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of an earlier run, by their names."""
    if not path.exists():
        return {}
    with path.open() as lines:
        return {tuple(row[name] for name in CELL): row for row in csv.DictReader(lines)}


def write_rows(path: Path, rows: dict[tuple[str, ...], dict[str, Any]]) -> None:
    """The whole file anew."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows[cell] for cell in sorted(rows))
    write_atomically(path, text.getvalue().encode())


def table(rows: dict[tuple[str, ...], dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| robot | policy | engine | episodes | return | against native | success rate | seconds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for _, row in sorted(rows.items()):
        native = rows.get((row["robot"], row["policy"], "native", row["episodes"]))
        lines.append(
            f"| {row['robot']} | {row['policy']} | {row['engine']} | {row['episodes']}"
            f" | {float(row['return']):.0f} ± {float(row['interval']):.0f}"
            f" | {'' if native in (None, row) else _compare(row, native)}"
            f" | {float(row['success_rate']):.2f} | {float(row['seconds']):.0f} |"
        )
    return "\n".join(lines)


def _compare(row: dict[str, Any], native: dict[str, Any]) -> str:
    ours, theirs = float(row["return"]), float(native["return"])
    difference = ours / theirs - 1
    overlap = abs(ours - theirs) <= float(row["interval"]) + float(native["interval"])
    kept = overlap or abs(difference) < CLOSE
    return f"{difference:+.1%}, {'overlap' if overlap else 'kept' if kept else 'CHANGED'}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policies", default="shipped", help="shipped, released or a folder")
    parser.add_argument("--robots", nargs="+", help="all that have a policy if left out")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=available_engines())
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    common.set_up()
    name, files = find_policies(args.policies)
    rows = read_rows(args.out)
    for robot, file in files.items():
        for engine in args.engines:
            cell = (robot, name, engine, str(args.episodes))
            if cell in rows or (args.robots and robot not in args.robots):
                continue
            print(f"{robot}, {name} policy, {engine}, {args.episodes} episodes ...", flush=True)
            found = measure(robot, file, engine, args.episodes)
            print(f"  return {found['return']:.0f} in {found['seconds']:.0f} s", flush=True)
            rows[cell] = dict(zip(CELL, cell, strict=True)) | found
            write_rows(args.out, rows)
    print(table(rows))


if __name__ == "__main__":
    main()
