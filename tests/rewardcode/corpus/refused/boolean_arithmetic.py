# expect: boolean-arithmetic at line 11
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    upright = float(state[1]) > 0.5
    if state[0] > 0.3:
        upright = state[2] > 0.5
    # Python's boolean on one path, NumPy's on the other: their sums differ.
    return float(upright + upright) - 2.0
