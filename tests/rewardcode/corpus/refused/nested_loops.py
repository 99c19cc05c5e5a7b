# expect: too-many-steps at line 10
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    total = 0.0
    for i in range(200):
        for j in range(200):
            total += state[0] * i
    return -total
