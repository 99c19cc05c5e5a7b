# expect: forbidden-syntax at line 3
def parts(state):
    yield state[0]
    yield state[1]


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -sum(parts(state))
