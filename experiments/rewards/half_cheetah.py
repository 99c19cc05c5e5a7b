"""A reward that a person would write for the HalfCheetah on its back: turn over."""

import numpy as np


def is_recovered(state):
    return int(abs(state[1]) < 0.5 * np.pi)  # where the original task may go on


def calculate_reward(state, action):
    lean = abs(state[1])  # whole turns count: the policy knows its task around 0 only
    effort = 0.1 * np.sum(np.square(action))  # as the original task weighs it
    return -(lean + effort)
