# expect: forbidden-syntax at line 8
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    options = {"a_min": 0.0, "a_max": 1.0}
    return -np.clip(state[0], **options)
