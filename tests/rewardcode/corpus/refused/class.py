# expect: forbidden-syntax at line 2
class Reward:
    weight = 1.0


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    return -Reward.weight * state[0]
