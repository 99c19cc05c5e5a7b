# expect: traced-while at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    x = state[0]
    while x > 0.1:
        x = x / 2
    return -x
