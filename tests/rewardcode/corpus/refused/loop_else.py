# expect: forbidden-syntax at line 11
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    for x in state:
        if x > 1:
            break
    else:
        return 0.0
    return -1.0
