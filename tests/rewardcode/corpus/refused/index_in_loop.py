# expect: index-out-of-range at line 9
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    total = 0.0
    for i in range(8):
        total += state[20 + i]
    return -total
