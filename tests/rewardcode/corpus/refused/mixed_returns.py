# expect: mixed-types at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    def pick():
        if state[0] > 0:
            return state[0], state[1]
        return 0.0
    return -pick()
