# expect: bad-index at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    weights = [1.0, 2.0]
    return -weights[int(state[0] > 0)]
