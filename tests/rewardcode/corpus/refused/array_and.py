# expect: array-truth at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    if (state[:3] > 0) and (state[3:6] > 0):
        return 0.0
    return -1.0
