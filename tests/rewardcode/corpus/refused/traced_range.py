# expect: shape-from-data at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    total = 0.0
    for i in range(int(state[0])):
        total += 1.0
    return -total
