# expect: dict-key at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    table = {0: 1.0, 1: 2.0}
    return -table[int(state[0] > 0)]
