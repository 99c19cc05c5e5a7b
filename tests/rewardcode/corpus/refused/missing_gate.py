# expect: missing-function at line 0
def calculate_reward(state, action):
    return -state[0]
