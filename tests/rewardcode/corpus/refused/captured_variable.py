# expect: captured-variable at line 12
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    scale = 1.0
    def scaled(x):
        return scale * x
    if state[0] > 0:
        scale = 2.0
        x = scaled(state[1])
    else:
        x = 0.0
    return -x
