# expect: big-number at line 9
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    x = 3
    for i in range(200):
        x = x * 3
    return -state[0] * x
