import math

import numpy as np

LEGS = [[5, 6], [7, 8], [9, 10], [11, 12]]


def is_recovered(state):
    count = 0
    for hip, ankle in LEGS:
        if abs(state[hip]) < 0.6 and 0.0 <= abs(state[ankle]) < 1.2:
            count += 1
    return 1 if count == 4 and state[0] > 0.2 else 0


def calculate_reward(state, action):
    try:
        height_term = -math.sqrt(abs(0.55 - state[0]))
    except ValueError:
        height_term = -1.0
    leg_terms = np.zeros(len(LEGS))
    for i, (hip, ankle) in enumerate(LEGS):
        bent = state[[hip, ankle]]
        leg_terms[i] = -np.sum(np.abs(bent))
        if leg_terms[i] < -2.0:
            leg_terms[i] = -2.0
    worst = -10.0
    for term in leg_terms:
        if term < -1.9:
            worst = term
            break
    big = np.abs(action) > 0.8
    penalty = 0.1 * np.sum(np.abs(action[big]))
    return height_term + leg_terms.mean() + 0.01 * worst - penalty - 0.001 * len(action[big])
