"""Programs that put constructs into one another, three deep and more, as language models do.

In the form of programs.py: mostly bodies of calculate_reward; state has 13 numbers, action 4.
"""

COMBINED = {
    "loop_in_loop_in_condition": """
        total = 0.0
        if state[0] > -1.0:
            for i in range(3):
                for j, a in enumerate(action):
                    if a > 0.2 and not state[i] < 0:
                        total += a * (i + 1)
                    elif -0.5 <= a < 0.0 or state[j] > 1:
                        total -= 0.5 * j
                    else:
                        continue
                    if total > 3.0:
                        break
                else_part = max(total, -5.0)
                total = min(else_part, 10.0)
        return total
        """,
    "condition_in_loop_in_condition_with_return": """
        if state[0] > 0:
            for x in state[1:5]:
                if x > 1.0:
                    if state[6] > 0:
                        return x
                    return -x
                elif x < -1.5:
                    continue
        else:
            for x in state[5:8]:
                if np.isnan(x):
                    return 7.0
                if abs(x) < 0.2:
                    return 0.25
        return sum(state[:3])
        """,
    "helpers_three_deep": """
        LIMIT = 0.8

        def clamp(x, lo=-LIMIT, hi=LIMIT):
            if x < lo:
                return lo
            return hi if x > hi else x

        def leg(values, gain=1.0):
            total = 0.0
            for v in values:
                total += gain * clamp(v)
            return total

        def legs(s):
            return [leg(s[k:k + 2], gain=g) for k, g in zip(range(0, 8, 2), (1.0, 0.5, 2.0, -1.0))]

        def calculate_reward(state, action):
            parts = legs(state)
            if any(p > 1.0 for p in parts):
                return clamp(sum(parts), hi=0.3)
            return max(parts) - leg(action)
        """,
    "lambda_in_helper_in_comprehension": """
        def score(v, f):
            return f(v) if v > 0 else -f(-v)

        def calculate_reward(state, action):
            root = lambda u: np.sqrt(u) if u > 0.1 else u * 2.0
            return sum([score(x, lambda u: root(u) + 1.0) for x in state if len(state) > 3])
        """,
    "dict_of_parts_with_branches": """
        parts = {'height': -abs(state[0] - 0.5), 'legs': 0.0, 'spin': 0.0}
        for name, index in (('legs', 2), ('spin', 5)):
            if state[index] > 0.5:
                parts[name] = -state[index] ** 2
                if state[index] > 1.5:
                    parts[name] -= 1.0
            elif state[index] < -0.5:
                parts[name] = state[index]
        weights = {'height': 2.0, 'legs': 0.5}
        total = sum(weights.get(k, 1.0) * v for k, v in parts.items())
        return total if np.isfinite(total) else -100.0
        """,
    "ternaries_in_one_another": """
        a = 1.0 if state[0] > 0 else (2.0 if state[1] > 0 else (3.0 if state[2] > 0 else state[3]))
        b = [x if x > 0 else (-x if x < -1 else 0.5) for x in action]
        return a * sum(b) + (max(b) if a > 1 else min(b))
        """,
    "masks_in_conditions_in_loops": """
        total = 0.0
        for k in range(2):
            part = state[k:k + 5].copy()
            if part[0] > 0:
                part[part > 1.0] = 1.0
                part[part < 0] *= 0.5
                for i in range(3):
                    if part[i] > 0.5:
                        part[i] = part[i + 1]
                        part[i + 1] += 0.25
            total += np.sum(part[part > 0.2]) + part.mean()
        return total
        """,
    "logic_three_deep": """
        up = state[0] > 0 and (state[1] > 0 or not (state[2] > 0 and state[3] > 0))
        near = not (abs(state[4]) > 1 or (state[5] < 0 and not state[6] in (0.0, 1.0)))
        between = -1 < state[7] < state[8] + 1 < 3
        if up and near:
            return 3.0
        if up or (near and not between):
            return 2.0 if between else 1.5
        return float(between)
        """,
    "early_returns_in_helpers_in_branches": """
        def angle(q):
            w, x, y, z = q
            norm = math.sqrt(w * w + x * x + y * y + z * z)
            if norm < 1e-6:
                return 0.0, False
            up = 1 - 2 * (x ** 2 + y ** 2) / norm ** 2
            if up > 0.5:
                return up, True
            return up - 1.0, up > -0.5

        def calculate_reward(state, action):
            up, ok = angle(state[1:5])
            if not ok:
                return up * 2 if up < -1 else up
            if state[0] > 0.3:
                second, fine = angle(state[5:9])
                if fine:
                    return second
                up += second
            return up
        """,
    "while_in_for_in_if": """
        x = state[0]
        if x > -0.5:
            for i in range(2):
                k = 0
                while k < 3:
                    k += 1
                    if k == 2 and i == 1:
                        continue
                    if state[k] > 0:
                        x += 0.1 * k
                    else:
                        x *= 0.9
        return x
        """,
    "nested_functions_in_branches": """
        base = state[0]
        if base > 0:
            def local(v):
                scale = 2.0
                def inner(u):
                    return scale * u if u > 0 else u
                return inner(v) + inner(-v)
            r = local(state[1])
        else:
            r = -1.0
        return r
        """,
    "tuples_swapped_in_loops": """
        lo, hi = state[0], state[1]
        for a, b in zip(state[2:6], state[6:10]):
            if lo > hi:
                lo, hi = hi, lo
            if a > b:
                pair = (a, b)
            else:
                pair = (b, a)
            lo, hi = min(lo, pair[1]), max(hi, pair[0])
        return hi - lo
        """,
    "guards_three_deep": """
        speed = np.sqrt(state[0])
        ratio = np.log(state[1]) / np.where(state[2] == 0, 1.0, state[2])
        if np.isnan(speed):
            if np.isfinite(ratio):
                speed = ratio if not np.isnan(state[3]) else 0.0
            else:
                speed = np.nan_to_num(ratio, nan=-1.0, posinf=2.0, neginf=-2.0)
        return speed + np.nan_to_num(np.sqrt(state[4]))
        """,
    "array_methods_in_loops_in_branches": """
        total = 0.0
        if state[0] > -1:
            for k in range(2):
                block = state[k:k + 4].reshape(2, 2)
                if block.sum() > 0:
                    total += block.T[0, 1] + block.dot(action[:2]).max() + block.shape[0]
                    total += block.astype(float).mean() - block.copy().min() + block.size
                    total += block[0].tolist()[1] + block[1, 1].item() + block.ndim
        return total
        """,
    "numpy_calls_of_lists_in_branches": """
        r = 0.0
        for i in range(2):
            if state[i] > 0:
                if state[i + 2] > 0:
                    r += np.linalg.norm([state[i], state[i + 1], 1.0])
                    r += np.clip(state[i + 4], a_min=-0.5, a_max=np.float64(0.5))
                else:
                    r += np.max([abs(a) for a in action]) + math.hypot(state[i], 2.0)
            r -= np.mean((state[i + 5], 0.5))
        return r
        """,
    "any_and_all_in_branches_in_loops": """
        n = 0
        for i in range(3):
            if any(a > 0.5 for a in action) or state[i] > 1:
                if all([s > -2 for s in state[i:i + 3]]):
                    n += int(np.any(state[i:] > 1.5)) + bool(state[i + 1] > 0)
                elif len(state[state > 0]) > 6:
                    n += round(abs(state[i]))
        return float(n) / 3 + sum([state[0] > 0, state[1] > 0])
        """,
    "try_and_raise_in_branches": """
        if np.any(np.isnan(state)):
            raise ValueError('nan')
        total = 0.0
        for i in range(2):
            if state[i] < 0:
                if state[i] < -1e6:
                    raise ValueError('low')
            try:
                if state[i] > 0:
                    x = 1.0 / (1.0 + abs(state[i]))
                else:
                    x = -state[i]
            except (ZeroDivisionError, ValueError):
                x = 0.0
            total += x
        assert total > -1e9, 'low'
        return total
        """,
    "words_without_meaning_everywhere": """
        import numpy as np
        from typing import Dict, Tuple
        import logging
        log = logging.getLogger('reward')

        def part(q: np.ndarray, k: float = 1.0) -> Tuple[float, Dict[str, float]]:
            '''A part.'''
            total: float = 0.0
            for i in range(2):
                if q[i] > 0:
                    'up'
                    print('up', i)
                    log.info('%s', q)
                    with np.errstate(invalid='ignore'):
                        extra: float = np.sqrt(q[i])
                        total += k * extra
            return total, {'total': total}

        def calculate_reward(state, action):
            value, info = part(state[:2], k=0.5)
            return value - info['total'] * 0.25 + state[3]
        """,
    "isinstance_in_helpers_in_loops": """
        def size(v):
            return abs(v) if isinstance(v, (int, float)) else -1.0

        def norm(v):
            if isinstance(v, np.ndarray):
                for i in range(2):
                    if v[i] > 0:
                        return v[i] if isinstance(v[i], float) else 0.0
                return np.linalg.norm(v)
            return 5.0

        def calculate_reward(state, action):
            return norm(state[:3]) + sum(size(x) for x in action)
        """,
    "lists_filled_in_loops_and_reduced": """
        terms = []
        for i in range(4):
            row = []
            for j in range(3):
                value = state[i] * state[i + j]
                row.append(value if value > 0 else -0.1)
            terms.append(sum(row) if i % 2 == 0 else max(row))
        terms.extend([t * 0.5 for t in terms[:2]])
        best = terms[0]
        for t in terms[1:]:
            if t > best:
                best = t
        return best - np.mean(terms) + len(terms)
        """,
    "flags_kept_through_loops": """
        found = False
        where = -1
        last = 0.0
        for i, x in enumerate(state):
            if x > 0.8 and not found:
                found = True
                where = i
            if found:
                if x < 0:
                    last = x
                    break
        if not found:
            return -2.0
        return where + last if where >= 0 else 1.0
        """,
    "returns_in_two_loops": """
        def first(values, limit):
            for i, v in enumerate(values):
                if v > limit:
                    return i, v
            return -1, 0.0

        def calculate_reward(state, action):
            limit, place = 1.0, -1
            for k in range(2):
                for limit in (1.0, 0.5):
                    place, value = first(state[k:k + 4], limit)
                    if place >= 0:
                        if value > 1.5:
                            return value + k
                        break
            return -limit * (place + 1)
        """,
    "augmented_in_all_ways": """
        x = state[0]
        v = state[:3].copy()
        for i in range(3):
            if state[i] > 0:
                x += 1
                x *= 0.5
                v[i] -= x
                if x > 0.2:
                    x -= 0.1
                    x /= 2
                    v += x
                    v[0] *= 2
                    x **= 2
            v *= 0.9
        x %= 0.7
        x //= 0.2
        return x + v.sum()
        """,
    "comprehensions_in_comprehensions": """
        table = [[a * s for a in action] for s in state[:3]]
        rows = {k: [v if v > 0 else 0.0 for v in row] for k, row in zip('xyz'.copy()
                if False else ['x', 'y', 'z'], table)}
        return sum(max(r) for r in rows.values()) + sum(sum(r) for r in table)
        """,
    "booleans_calculated_with": """
        c = [float(x) > 0 for x in state[:4]]
        n = state[4:8] > 0
        total = 0
        for i in range(4):
            if c[i] or n[i]:
                total += c[i] + c[i - 1]
                total += (n[i] & n[i - 1]) * 2 if not n[i - 2] else -1
        return total + np.sum(n) + (n | (state[:4] > 1)).sum() + (~n).any()
        """,
    "indices_that_depend_on_data": """
        total = 0.0
        for i in range(2):
            if state[i] > 0:
                k = np.argmax(state[i:i + 4])
                total += state[k] if k > 1 else state[int(abs(action[i]) * 3)]
            else:
                total -= state[np.argsort(state)[i]]
        return total
        """,
    "values_of_and_and_or": """
        total = 0.0
        for i in range(3):
            gain = state[i] and state[i + 1]
            other = (state[i + 2] if state[i] > 0 else 0.0) or 0.5
            if gain > other and (i or state[4] > 0):
                total += gain if gain else 1.0
            total += other and 0.25
        return total
        """,
    "dead_code_after_returns": """
        if len(state) == 13:
            for i in range(3):
                if i == 1:
                    return state[i] if state[0] > 0 else -state[i]
                if i > 5:
                    return state[99]
        return -5.0
        """,
    "none_until_found": """
        best = None
        for i in range(4):
            candidate = state[i] if i % 2 == 0 else None
            if candidate is not None:
                if best is None:
                    best = candidate
                elif candidate > best:
                    best = candidate
        return 0.0 if best is None else best
        """,
    "python_numbers_in_arrays": """
        v = np.zeros(4)
        for i in range(4):
            v[i] = float(state[i]) if state[i] > 0 else int(state[i] * 3)
            if i > 1:
                v[i] += round(float(action[i]), 0) + bool(state[i])
                if action[i] > 0:
                    v[i - 1] = max(v[i], abs(v[i - 1]), 0.5)
        return v @ action + np.dot(v, [1, 2, 3, 4]) + v[v != 0].sum()
        """,
    "staged_reward": """
        height, upright = state[0], 1 - 2 * (state[2] ** 2 + state[3] ** 2)
        if height < 0.0:
            stage = -3.0
            progress = np.tanh(height)
        elif upright < 0.5:
            stage = -2.0
            if upright < -0.5:
                progress = upright * (1 if height < 1 else 0.5)
            else:
                progress = 0.5 * (upright + 1)
        else:
            stage = -1.0
            speed = np.linalg.norm(state[7:10])
            progress = np.exp(-speed) if speed > 0.1 else 1.0
        penalty = 0.01 * np.sum(np.square(action))
        if stage > -1.5 and any(abs(a) > 0.95 for a in action):
            penalty *= 2
        return stage + np.clip(progress, -1, 1) - penalty
        """,
    "legs_by_name": """
        LEGS = {'front': (0, 1), 'back': (2, 3)}
        WEIGHTS = {'front': 1.0, 'back': 0.5}

        def leg_cost(action, name):
            hip, ankle = LEGS[name]
            cost = abs(action[hip]) + action[ankle] ** 2
            if cost > 1.0:
                cost = 1.0 + math.log(cost)
            return WEIGHTS[name] * cost

        def calculate_reward(state, action):
            costs = {}
            for name in LEGS.keys():
                costs[name] = leg_cost(action, name)
                if name == 'front' and state[0] > 0:
                    costs[name] += 0.1
            worst = max(costs.values())
            return -worst - sum([c for c in costs.values()]) / len(costs)
        """,
    "errstate_in_try_in_loop": """
        total = 0.0
        for i in range(2):
            try:
                with np.errstate(divide='ignore'):
                    if state[i] != 0:
                        value = 1.0 / state[i]
                    else:
                        value = 0.0
            except Exception:
                value = -1.0
            finally:
                total += 0.5
            total += math.atan2(value, 1.0)
        return total
        """,
    "number_times_list": """
        xs = 2 * [state[0], 1.0] + [0.5] * 2
        if state[1] > 0:
            xs = [x * 2 for x in xs]
        return sum(xs) + np.sum(3 * [state[2]])
        """,
    "dtype_by_name": """
        v = np.array([1, 2, 3], 'float64') * state[:3] + np.zeros(3, 'float')
        w = np.ones_like(v, dtype='int') + np.full(3, 2, 'int32')
        return np.sum(v * w) + np.array([state[0], 1], dtype='float32')[1]
        """,
    "everything_four_deep": """
        total = 0.0
        for k in range(2):
            if state[k] > -0.5:
                for name in ['a', 'b']:
                    if name == 'a' or state[k + 2] > 0:
                        part = state[k:k + 4].copy()
                        part[part < 0] = 0.25
                        for i in range(2):
                            if round(part[i]) in (0, 1):
                                print('near', i)
                                'counts half'
                                weight: float = 0.5 * float(state[i] > 0)
                                total += weight + sum([part[i], part[i + 1]])
                        for a, b in zip(part, action):
                            total += a * b
                        turn = 0
                        while turn < 2:
                            turn += 1
                            total += np.clip(state[turn], a_min=-0.1, a_max=None)
                        total += np.linalg.norm([part[0], total])
                        total += np.nan_to_num(np.sqrt(state[k]), nan=0.5)
        return total
        """,
    "membership_in_branches": """
        if state[0] not in [0.0, 1.0]:
            for i, x in enumerate(state[:4]):
                if x in (0.0, 1.0, -1.0):
                    'exactly there'
                    if isinstance(x, np.ndarray):
                        return state[99]
                    return float(i)
                count: int = i
                print(count)
        return -1.0
        """,
}
