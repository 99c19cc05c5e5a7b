# expect: undefined at line 10
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    parts = {"a": 1.0}
    if state[0] > 0.5:
        parts["b"] = 2.0
    return -parts["b"]
