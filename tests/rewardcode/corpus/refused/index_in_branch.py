# expect: index-out-of-range at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    if state[0] > 1000:
        return -state[30]
    return -state[0]
