# expect: missing-return at line 6
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    if state[0] > 0.5:
        return -1.0
