# expect: too-large at line 9
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    x = state
    for i in range(20):
        x = np.concatenate([x, x])
    return -x[0]
