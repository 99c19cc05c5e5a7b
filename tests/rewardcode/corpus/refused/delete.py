# expect: forbidden-syntax at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    x = state[0]
    del x
    return -state[0]
