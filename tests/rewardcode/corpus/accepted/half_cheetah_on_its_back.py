Here is the reward code for the recovery behaviour.

```python
def wrap_angle(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi

def is_recovered(state) -> int:
    pitch = wrap_angle(state[1])
    if np.abs(pitch) < 1.0:
        return 1
    else:
        return 0

def calculate_reward(state, action) -> float:
    """Denser the nearer the pitch is to zero."""
    pitch_error = np.abs(wrap_angle(state[1]))
    reward = -pitch_error
    if pitch_error > 2.5:
        reward -= 0.5
    elif pitch_error > 1.5:
        reward -= 0.25
    action_penalty = 0.05 * np.sum(np.square(action))
    print(f"pitch {pitch_error:.2f}")
    return float(reward - action_penalty)
```

This rewards turning back onto the feet.
