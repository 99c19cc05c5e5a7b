# expect: shared-array at line 3
def clip_first(vector):
    vector[0] = 0.0
    return vector


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    copy = clip_first(state)
    return -np.sum(copy) - state[0]
