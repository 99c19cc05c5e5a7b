# expect: invert at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    fallen = not state[0] > 0.3
    return -1.0 if ~fallen else -2.0
