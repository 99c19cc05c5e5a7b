"""Playground's CartpoleBalance, its pole hanging: swing it up and stop it there. Written by hand,
with the project."""

import numpy as np


def is_recovered(state):
    upright, turning = state[1], state[4]  # cosine of the pole's angle, its rate in rad/s
    return int(upright > 0.95 and abs(turning) < 2.0)


def calculate_reward(state, action):
    off_centre, upright = abs(state[0]), state[1]
    effort = 0.01 * np.sum(np.square(action))
    return -((1.0 - upright) + 0.1 * off_centre + effort)
