# expect: forbidden-syntax at line 9
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    total = 0.0
    def add(x):
        nonlocal total
        total += x
    add(state[0])
    return -total
