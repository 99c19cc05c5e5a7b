# expect: index-out-of-range at line 3
def last(vector):
    return vector[10]


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -last(state[1:5])
