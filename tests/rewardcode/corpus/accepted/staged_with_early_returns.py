def is_recovered(state):
    # The chair stands again.
    tilt = np.abs(state[2])
    return 1 if tilt <= 0.1 * np.pi else 0


def calculate_reward(state, action):
    distance, target_distance, tilt = state[0], state[1], abs(state[2])
    effort = 0.01 * np.linalg.norm(action)

    if not np.isfinite(distance):
        return -100.0

    # Stage 1: come near
    if distance > 0.5:
        return -3.0 - np.tanh(distance) - effort
    # Stage 2: touch and lift
    if tilt > 0.5 * np.pi:
        progress = np.clip(1.0 - tilt / np.pi, 0.0, 1.0)
        return -2.0 + progress - effort
    # Stage 3: set it upright
    reward = -1.0
    if tilt > 0.1 * np.pi:
        reward -= tilt / np.pi
        if target_distance > 1.0:
            reward -= 0.1 * np.log(target_distance)
    else:
        reward = -0.5 * tilt
    return reward - effort
