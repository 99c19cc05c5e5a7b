"""`lamour`: the command line. Parses, dispatches, and turns errors into messages and exit codes.

0: done; 2: something that the user can mend; 1: a failure that is not the user's (of doctor: the
machine is not ready).
"""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence

# XLA logs every program that it finds in the cache, on a CPU as an error (its list of what the CPU
# can do holds settings too, which no CPU has). Must be set before XLA is loaded.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from lamour_jax.errors import UserError

# command -> (module in lamour_jax.cli, what it does); imported only when asked for, since `check`
# must not wait for the trainer's libraries.
COMMANDS = {
    "demo": ("demo", "a robot on its back, the answers, reward code, recovery, report"),
    "generate": ("generate", "ask the language model; write reward code and its jnp program"),
    "check": ("check", "is this reward code sound? exit code 0 yes, 2 no"),
    "plan": ("plan", "does a reward lead to a recovery? looked for by planning, without learning"),
    "recover": ("recover", "fine-tune a policy until it recovers"),
    "evaluate": ("evaluate", "play whole episodes and measure"),
    "pretrain": ("pretrain", "train an original policy of one's own"),
    "bench": ("bench", "throughput, against the machine's limits and against peers"),
    "import": (
        "import_policy",
        "convert a policy that was trained elsewhere: released PyTorch ones, brax's",
    ),
    "report": ("report", "rebuild a run's report, or compare several runs on one page"),
    "doctor": ("doctor", "is this machine ready? says what is broken and what to do"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the process's exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser, chosen = _parsers(arguments[0] if arguments else None)
    options = parser.parse_args(arguments)
    options.given = _given(chosen, arguments[1:])
    try:
        return _run(options)
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was left half written", 2)
    except OSError as error:
        return _fail(_explain(error), 1)


def _run(options: argparse.Namespace) -> int:
    if "jax" not in sys.modules:  # doctor's, which tells of a JAX that cannot be imported
        return options.run(options)
    from lamour_jax.backend import memory_explained

    with memory_explained(lambda: "lower the number of robots or episodes, or use more devices"):
        return options.run(options)


def _parsers(command: str | None) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parser of all arguments, and within it the one of `command`."""
    parser = argparse.ArgumentParser(
        prog="lamour", description="Language-model-guided recovery of robot policies, in JAX."
    )
    chosen = parser
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module_name, purpose) in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            help=purpose,
            description=purpose,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        if name == command:
            module = importlib.import_module(f"lamour_jax.cli.{module_name}")
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
            chosen = subparser
    return parser, chosen


def _given(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> set[str]:
    """The names of the options that are among the arguments: of the others there are defaults."""
    names, absent = vars(parser.parse_args(arguments)).keys() - {"run"}, object()
    # A default is not put where there is a value.
    values = argparse.Namespace(**dict.fromkeys(names, absent))
    parser.parse_args(arguments, values)
    return {name for name in names if getattr(values, name) is not absent}


def _explain(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return (
            f"the disk is full{_where(error)}. What was complete before is kept: free some space,"
            " then continue with --resume"
        )
    return f"{error.strerror or error}{_where(error)}"


def _where(error: OSError) -> str:
    return f" ({error.filename})" if error.filename else ""


def _fail(message: str, code: int) -> int:
    print(f"lamour: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
