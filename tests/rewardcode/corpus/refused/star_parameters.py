# expect: forbidden-syntax at line 2
def total(*terms):
    return terms[0]


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -total(state[0])
