# expect: undefined at line 10
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    terms = [state[0]]
    if state[1] > 0:
        terms.append(1.0)
    return -sum(terms)
