# expect: not-a-number at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    both = np.atleast_1d(state, action)
    return -np.sum(both[0]) - np.sum(both[1])
