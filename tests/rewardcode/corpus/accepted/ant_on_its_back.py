import numpy as np


def quaternion_to_euler(q):
    """Roll, pitch, yaw in radians from a quaternion (w, x, y, z)."""
    w, x, y, z = q
    # Roll (rotation about x)
    roll = np.arctan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    # Pitch (rotation about y); guard against the gimbal lock
    sinp = 2.0 * (w * y - z * x)
    if abs(sinp) >= 1:
        pitch = np.copysign(np.pi / 2, sinp)
    else:
        pitch = np.arcsin(sinp)
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return roll, pitch, yaw


def is_recovered(state: np.ndarray) -> int:
    """1 if the ant stands upright at a usual height."""
    height = state[0]
    roll, pitch, _ = quaternion_to_euler(state[1:5])

    upright = abs(roll) < np.pi / 4 and abs(pitch) < np.pi / 4
    if upright and 0.2 < height < 1.0:
        return 1
    return 0


def calculate_reward(state: np.ndarray, action: np.ndarray) -> float:
    height = state[0]
    roll, pitch, _ = quaternion_to_euler(state[1:5])

    reward = -(np.abs(roll) + np.abs(pitch)) / np.pi
    if height < 0.2:
        reward -= 0.2 - height
    elif height > 1.0:
        reward -= height - 1.0

    # Penalise large actions
    reward -= 0.1 * np.linalg.norm(action)
    return float(reward)
