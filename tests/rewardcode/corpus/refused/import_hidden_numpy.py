# expect: import at line 2
from numpy import load

def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return load("x.npy")[0] - state[0]
