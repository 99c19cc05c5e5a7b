# expect: recursion at line 3
def fade(x, n):
    return x if n == 0 else fade(x / 2, n - 1)


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -fade(state[0], 3)
