"""Playground's CheetahRun on its back: turn over. Written by hand, with the project."""

import numpy as np


def is_recovered(state):
    return int(abs(state[1]) < 0.5 * np.pi)  # the torso's pitch; where the run may go on


def calculate_reward(state, action):
    lean = abs(state[1])  # whole turns count: the policy knows its task around 0 only
    effort = 0.01 * np.sum(np.square(action))
    return -(lean + effort)
