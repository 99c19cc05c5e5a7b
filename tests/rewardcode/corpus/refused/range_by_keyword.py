# expect: fails at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -state[0] - np.arange(3, step=1e-9).sum()
