"""Makes the policy of a finished `lamour pretrain` run the one that ships for its robot.

    python experiments/ship_policy.py RUN

Writes policies/ROBOT.msgpack, and policies/ROBOT.json with where it comes from: settings, seed,
steps, learning curve and the final measures.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

from lamour_jax.errors import UserError
from lamour_jax.runs import POLICY_FILE, read_config, read_metrics

POLICIES = Path(__file__).parent / "policies"


def ship(run: Path) -> Path:
    """Copies the policy of the run in folder `run`; returns the file with its origin.

    Raises:
      UserError: the folder holds no finished run of `lamour pretrain`.
    """
    config = read_config(run)
    if config["kind"] != "pretrain" or not (run / "metrics.json").exists():
        raise UserError(f"{run} holds no finished run of `lamour pretrain`")
    robot = config["robot"]
    curve = [row for row in read_metrics(run) if row["kind"] == "evaluation"]
    measures = json.loads((run / "metrics.json").read_text())
    origin = {
        "trained": "from scratch by `lamour pretrain`; the best evaluated policy of the run",
        "date": time.strftime("%Y-%m-%d"),
        **{name: config[name] for name in ("physics", "sac", "train", "machine")},
        "seconds": curve[-1]["seconds"],
        "final_evaluation": {k: v for k, v in measures.items() if k != "policy"},
        "curve": {
            "columns": ["updates", "env_steps", "return", "success_rate"],
            "rows": [[row["updates"], row["env_steps"], round(row["return"], 1),
                      row["success_rate"]] for row in curve],
        },
    }  # fmt: skip
    shutil.copyfile(run / POLICY_FILE, POLICIES / f"{robot}.msgpack")
    path = POLICIES / f"{robot}.json"
    path.write_text(json.dumps(origin, indent=1) + "\n")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the run's folder")
    print(ship(parser.parse_args().run))
