# expect: too-large at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -np.sum(np.repeat(state, 100000000))
