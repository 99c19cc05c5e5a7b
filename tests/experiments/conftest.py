"""What the command line's tests have made, too."""

from tests.cli.conftest import hopper_policy  # noqa: F401
