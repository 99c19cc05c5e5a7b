# expect: too-many-turns at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    total = 0.0
    for i in range(100000):
        total += state[0]
    return -total
