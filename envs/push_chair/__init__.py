"""PushChair: the robot with two arms, the chair, and their task, a module each."""

from envs.push_chair.env import PushChair

__all__ = ["PushChair"]
