from typing import Dict, Tuple

import numpy as np

WEIGHTS: Dict[str, float] = {"height": 1.0, "upright": 2.0, "effort": 0.02}
TARGET_HEIGHT = 1.0


def _components(state: np.ndarray, action: np.ndarray) -> Dict[str, float]:
    qw, qx, qy, qz = state[1:5] / (np.linalg.norm(state[1:5]) + 1e-6)
    up = 1.0 - 2.0 * (qx**2 + qy**2)  # z component of the torso's own up direction
    errors = {}
    errors["height"] = max(0.0, TARGET_HEIGHT - state[0])
    errors["upright"] = 1.0 - np.clip(up, -1.0, 1.0)
    errors["effort"] = np.mean(action**2)
    return errors


def is_recovered(state: np.ndarray) -> int:
    errors = _components(state, np.zeros(8))
    good = all(errors[name] < limit for name, limit in [("height", 0.5), ("upright", 0.3)])
    return int(good)


def calculate_reward(state: np.ndarray, action: np.ndarray) -> float:
    errors = _components(state, action)
    total = sum(WEIGHTS[name] * error for name, error in errors.items())
    return -float(total)
