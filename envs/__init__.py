"""Robots and their worlds: physics, starts, health and rewards. Knows nothing of learning."""

from envs.registry import make, names

__all__ = ["make", "names"]
