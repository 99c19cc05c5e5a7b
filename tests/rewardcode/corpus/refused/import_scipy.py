# expect: import at line 2
from scipy.spatial.transform import Rotation

def is_recovered(state):
    return 1 if state[0] > 0.3 else 0


def calculate_reward(state, action):
    r = Rotation.from_quat(state[1:5])
    return -abs(r.as_euler("xyz")[0])
