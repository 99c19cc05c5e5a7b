# expect: wrong-arguments at line 2
def is_recovered(state, action):
    return 1


def calculate_reward(state, action):
    return -state[0]
