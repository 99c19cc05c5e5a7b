# expect: varying-type at line 3
def total(x):
    scale = 2.0 if isinstance(x, np.ndarray) else 1.0
    return np.sum(x) * scale


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -total(state) - total(state[1])
