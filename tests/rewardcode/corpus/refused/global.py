# expect: forbidden-syntax at line 10
count = 0


def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    global count
    count += 1
    return -state[0] * count
