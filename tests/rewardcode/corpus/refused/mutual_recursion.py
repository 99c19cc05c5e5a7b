# expect: recursion at line 7
def even(x):
    return odd(x - 1)


def odd(x):
    return even(x - 1)


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -even(state[0])
