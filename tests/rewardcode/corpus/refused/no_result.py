# expect: not-a-scalar at line 6
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    reward = -state[0]
