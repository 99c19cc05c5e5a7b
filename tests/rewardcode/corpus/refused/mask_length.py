# expect: data-dependent-shape at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    high = state[state > 0.5]
    return -np.median(high)
