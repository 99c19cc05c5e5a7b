"""The process of one cell: trains, or goes on where an earlier process stopped.

python -m experiments.paper.child '{"cores": [0], "resume": false, "recover": {...}}'
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    task = json.loads(sys.argv[1])
    if task["cores"] is not None:
        os.sched_setaffinity(0, task["cores"])  # before XLA counts them to size its pools
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # JAX in the parent process has set a lower one
    os.environ["MUJOCO_GL"] = "disable"  # films of every cell would take a fifth of the grid's time
    _train(task["recover"], resuming=task["resume"])


def _train(arguments: dict[str, Any], *, resuming: bool) -> None:
    from lamour_jax.cli import common
    from lamour_jax.cli.outcome import describe
    from lamour_jax.cli.recover import recover, resume
    from lamour_jax.errors import UserError

    common.set_up()
    out = Path(arguments.pop("out"))
    policy, reward = Path(arguments.pop("policy")), [Path(x) for x in arguments.pop("reward")]
    try:
        if resuming:
            outcome = resume(out)
        else:
            outcome = recover(**arguments, policy=policy, reward=reward, out=out)
    except UserError as error:
        sys.exit(str(error))
    print(describe(outcome))


if __name__ == "__main__":
    main()
