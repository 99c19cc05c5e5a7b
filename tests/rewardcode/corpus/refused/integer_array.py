# expect: assignment at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    counts = np.array([0, 0, 0])
    counts[0] = state[0]
    return -counts[0]
