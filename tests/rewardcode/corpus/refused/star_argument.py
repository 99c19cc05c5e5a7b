# expect: forbidden-syntax at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    parts = [state[0], state[1]]
    return -max(*parts)
