# expect: import at line 2
import os

def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -1.0 * state[0]
