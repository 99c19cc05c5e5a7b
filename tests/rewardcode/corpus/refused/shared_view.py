# expect: shared-array at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    q = state[1:5]
    q /= np.linalg.norm(q)
    return -abs(q[1]) - state[2]
