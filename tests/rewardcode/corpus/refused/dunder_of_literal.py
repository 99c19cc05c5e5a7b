# expect: underscore at line 7
def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    for kind in ().__class__.__base__.__subclasses__():
        print(kind)
    return -state[0]
