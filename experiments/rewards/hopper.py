"""A reward that a person would write for the fallen Hopper: be upright, be up."""

import numpy as np


def is_recovered(state):
    height, pitch = state[0], state[1]
    return int(height > 0.7 and abs(pitch) < 0.2)  # where the original task may go on


def calculate_reward(state, action):
    height, pitch = state[0], state[1]
    lean = abs(pitch)  # whole turns count: the policy knows its task around 0 only
    too_low = max(0.0, 1.25 - height)  # 1.25 m: standing
    effort = 0.001 * np.sum(np.square(action))
    return -(lean + too_low + effort)
