# expect: forbidden-syntax at line 5
import numpy as np


@np.vectorize
def helper(x):
    return x


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -helper(state[0])
