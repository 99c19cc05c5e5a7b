"""Studies that the project's figures are of, and what makes its shipped data."""

import os

# XLA says of every program in the compilation cache which processor features it does not know.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
