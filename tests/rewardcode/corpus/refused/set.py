# expect: forbidden-syntax at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -1.0 if state[0] in {0.0, 1.0} else 0.0
