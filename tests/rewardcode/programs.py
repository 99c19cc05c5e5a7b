"""Programs for every row of what may be written, by the name of what they are about.

Where there is no `def calculate_reward`, it is the body of one; state has 13 numbers, action 4.
"""

PROGRAMS = {
    # Conditions
    "if": """
        r = -1.0
        if state[0] > 0.5:
            r = -0.5
        return r
        """,
    "if_else_two_vars": """
        if state[0] > 0.5:
            r = -0.5
            k = 2.0
        else:
            r = -1.0
            k = state[1]
        return r * k
        """,
    "elif": """
        if state[0] > 1:
            r = 1.0
        elif state[0] > 0:
            r = state[1]
            r += 1
        elif state[0] > -1:
            r = 3
        else:
            r = 4.5
        return r
        """,
    "early": """
        if state[0] > 0.5:
            return -1.0
        if state[1] > 0:
            x = state[2]
            if x > 0:
                return x
            y = x * 2
        else:
            y = 3.0
        if y > 2:
            return 7
        return y
        """,
    "early_nested_else": """
        if state[0] > 0:
            if state[1] > 0:
                return 1.0
            elif state[2] > 0:
                return 2.0
            a = 3.0
        else:
            if state[3] > 0:
                return 4.0
            else:
                return 5.0
        return a + state[4]
        """,
    "known_if": """
        n = 3
        if n > 2:
            r = state[0]
        else:
            r = later
        later = 1
        return r if n else state[99]
        """,
    "ternary": "return -1.0 if state[0] > 0.3 else (2.0 if state[1] > 0 else state[2])",
    "and_or_not": """
        if (state[0] > 0 and state[1] > 0) or not state[2] > 0:
            return -1
        return 0
        """,
    "and_value": """
        a = state[0] and state[1]
        b = state[2] or 5.0
        return a + b
        """,
    "chained": "return 1.0 * (-0.5 < state[0] <= 0.5) + (state[1] < state[2] < state[3])",
    "in_list": """
        near = round(state[1]) not in (0, 1)
        return 1.0 if state[0] in [0.0, 1.0, -1.0] else (2.0 if near else 3.0)
        """,
    "deep": """
        r = 0.0
        if state[0] > 0:
            if state[1] > 0:
                if state[2] > 0:
                    r = 1.0
                else:
                    r = state[3]
                    z = 2.0
                    r += z
            else:
                return -9.0
            r = r + 1
        elif state[4] > 0:
            q = r + 5
            r = q
        return r
        """,
    "not_truthy": """
        a = not state[0]
        if state[1]:
            return 1.0
        return 2.0 + a
        """,
    "swap": """
        lo, hi = state[0], state[1]
        if lo > hi:
            lo, hi = hi, lo
        return hi - lo + 2 * lo
        """,
    "guards": """
        x = np.log(state[0])
        if np.isnan(x) or not np.isfinite(x):
            x = -5.0
        if math.isnan(state[1]):
            return 0.0
        y = np.nan_to_num(np.sqrt(state[2]), nan=-1.0)
        return x + y if np.isfinite(x + y) else -3.0
        """,
    "bool_return_helper": """
        def up(s):
            return s[0] > 0 and s[1] > 0
        def calculate_reward(state, action):
            if up(state):
                return 1.0
            elif not up(state[2:]):
                return 2.0
            return 3.0
        """,
    # Python's own functions
    "maxmin": "return max(state[0], state[1]) + min(0.0, state[2], state[3]) * max(1, 2)",
    "maxlist": """
        xs = [abs(s) for s in state[:4]]
        return max(xs) - min(xs) + max(state) + min(state[2:5])
        """,
    "maxnan": """
        n = np.sqrt(state[0])
        r = max(n, 0.5)
        q = min(0.5, n)
        return np.nan_to_num(r, nan=-7.0) + np.nan_to_num(q, nan=-9.0)
        """,
    "builtins": """
        total = abs(state[0])
        total += sum([state[1], state[2]])
        total += len(state)
        total += float(state[3] > 0)
        total += int(state[4] * 3)
        total += bool(state[5] > 0)
        total += round(state[6], 1)
        total += round(state[7])
        return total
        """,
    "sumarray": """
        total = sum(state)
        total += sum(state > 0)
        total += sum((x * x for x in action))
        total += sum([a > 0 for a in action])
        total += sum(action, 2.0)
        return total
        """,
    "anyall": """
        r = 0
        if any(state[:3] > 1) and all([a < 0.9 for a in action]):
            r = 1
        if any(x > 1 for x in state):
            r += 2
        if all(state[:2]):
            r += 4
        return r
        """,
    "pybools": """
        a = float(state[0]) > 0
        b = float(state[1]) > 0
        c = state[2] > 0
        d = state[3] > 0
        return (a + b) * 10 + (c + d) + (not c) + (not d) - (-a)
        """,
    "int_division": """
        a = int(state[0] * 5)
        b = 3
        return a // b + a % b + a / b + (-7) // 2 + 2 ** 3 + (state[1] > 0) * 2
        """,
    "xor": """
        a = state[0] > 0
        b = state[1] > 0
        total = (a ^ b) * 1.0
        total += (a & b) * 2.0
        total += (a | b) * 4.0
        total += ~a * 8.0
        total += (a != b) * 16.0
        return total
        """,
    "isinstance": """
        if isinstance(state, np.ndarray):
            r = state[0]
        else:
            r = state
        if isinstance(r, (int, float)):
            r = r * 2
        return r
        """,
    "math": """
        total = math.sqrt(abs(state[0]))
        total += math.atan2(state[1], state[2])
        total += math.exp(-state[3] ** 2)
        total += math.floor(state[4])
        total += math.ceil(state[5])
        total += math.hypot(state[6], state[7])
        total += math.pi
        total += math.radians(90)
        total += math.log(2 + abs(state[8]), 2)
        total += math.copysign(1, state[9])
        total += math.degrees(state[1])
        total += math.fabs(state[2])
        total += math.trunc(state[3])
        total += math.pow(abs(state[2]), 1.5)
        return total
        """,
    # NumPy
    "np_elementwise": """
        x = state[:6]
        total = np.sum(np.clip(x, -1, 1))
        total += np.mean(np.tanh(x))
        total += np.sum(np.where(x > 0, x, 0.1 * x))
        total += np.abs(x).max()
        total += np.sum(np.square(x))
        total += np.sum(np.sign(x))
        total += np.sum(np.maximum(x, 0))
        total += np.sum(np.minimum([1.0, 2.0], x[:2]))
        total += np.sum(np.hypot(x, 2))
        total += np.sum(np.logical_and(x > 0, x < 1))
        total += np.sum(np.power(np.abs(x), 0.5))
        total += np.log1p(np.abs(x[0]))
        total += np.heaviside(x[1], 0.5)
        total += np.sum(np.round(x, 1))
        total += np.sum(np.mod(x, 0.7))
        total += np.sum(np.fmod(x, 0.7))
        total += np.arctan2(x[0], x[1])
        total += np.sum(x // 0.3)
        total += np.sum(x % 0.4)
        return total
        """,
    "np_clip_kw": """
        total = np.clip(state[0], a_min=-0.5, a_max=0.5)
        total += np.clip(state[1], None, 0)
        total += np.clip(state[2], a_max=1, a_min=None)
        return total
        """,
    "norms": """
        total = np.linalg.norm(action)
        total += np.linalg.norm(action, ord=1)
        total += np.linalg.norm(state[:4].reshape(2, 2), axis=1).sum()
        total += np.linalg.norm([state[0], state[1]])
        total += np.linalg.norm(state[:3] - np.array([0, 0, 1.0]))
        total += np.linalg.norm(action, np.inf)
        return total
        """,
    "reductions": """
        x = state
        total = np.std(x)
        total += np.var(x, ddof=1)
        total += np.prod(x[:3])
        total += np.median(x)
        total += np.percentile(x, 30)
        total += np.argmax(x)
        total += np.ptp(x)
        total += np.count_nonzero(x > 0)
        total += np.average(x[:4], weights=[1, 2, 3, 4])
        total += np.any(x > 2)
        total += np.all(x < 3)
        total += np.max(x, initial=0.5)
        total += np.nanmax(x)
        total += np.allclose(x, x)
        total += np.mean(x.reshape(13, 1), axis=0)[0]
        return total
        """,
    "array_functions": """
        x = state[:3]
        y = state[3:6]
        total = np.dot(x, y)
        total += np.cross(x, y)[1]
        total += x @ y
        total += np.inner(x, [1, 2, 3])
        total += np.outer(x, y)[0, 1]
        total += np.cumsum(x)[-1]
        total += np.diff(x).sum()
        total += np.concatenate([x, [1.0], y]).sum()
        total += np.stack([x, y])[1, 2]
        total += np.hstack((x, y)).sum()
        total += np.vstack([x, y]).mean()
        total += np.append(x, y[0])[3]
        total += np.interp(x[0], [-1, 0, 1], [0, 1, 4])
        total += np.polyval([1, 2, 3], x[1])
        total += np.sort(x)[0]
        total += np.roll(x, 1)[0]
        total += np.flip(x)[0]
        total += np.trace(np.outer(x, y))
        total += np.tile(x, 2).sum()
        total += np.repeat(y, 2).sum()
        total += np.linalg.det(np.eye(2) * x[0])
        total += np.expand_dims(x, 0)[0, 1]
        total += np.squeeze(x[None, :])[2]
        total += np.atleast_1d(x[0])[0]
        total += np.ravel(np.outer(x, y))[4]
        total += np.transpose(np.outer(x, y))[0, 1]
        return total
        """,
    "makers": """
        z = np.zeros(3)
        o = np.ones_like(state)
        total = np.sum(z + state[:3])
        total += np.sum(o)
        total += np.full(3, state[0]).sum()
        total += np.arange(3)[1]
        total += np.linspace(0, 1, 5)[2]
        total += np.eye(3)[0, 0]
        total += np.full_like(z, 2.0).sum()
        total += np.array([state[0], 2, 3.5]).mean()
        total += np.array([[1, 2], [3, state[1]]])[1, 1]
        total += np.asarray(state, dtype=np.float32)[2]
        total += np.zeros_like(state, dtype=float).sum()
        return total
        """,
    "casts": """
        total = np.float64(state[0])
        total += np.float32(2.5)
        total += np.int32(state[1] * 4)
        total += np.bool_(state[2] > 0)
        total += state[3].astype(float)
        total += (state > 0).astype(np.float64).sum()
        total += (state * 3).astype(int).sum()
        total += np.array([1, 2, 3], dtype=float) @ state[:3]
        return total
        """,
    "methods": """
        x = state[:4]
        total = x.copy().sum()
        total += x.mean()
        total += x.min()
        total += x.max()
        total += x.dot(action)
        total += x.reshape(2, 2)[1, 0]
        total += x.reshape(-1, 2).shape[0]
        total += x[0].item()
        total += sum(x.tolist())
        total += x.T.sum()
        total += x.size
        total += x.ndim
        total += x.std()
        total += x.argmax()
        total += x.flatten()[0]
        total += x.clip(-1, 1).sum()
        total += x.round(1).sum()
        total += (x > 0).any()
        total += (x > 0).all()
        total += x.reshape((2, 2)).T[0, 1]
        total += x.cumsum()[-1]
        total += x.prod()
        total += x.var()
        return total
        """,
    "dynamic_index": """
        i = np.argmax(state)
        j = np.argsort(state)
        return state[i] + state[j[0]] * 2 + i
        """,
    "list_index": """
        idx = [1, 3, 5]
        ks = np.array([0, 2])
        legs = {'front': [0, 1], 'back': [2, 3]}
        t = 0.0
        for name in ['front', 'back']:
            t += np.sum(state[legs[name]] ** 2)
        total = state[idx].sum()
        total += state[ks].sum()
        total += state[np.arange(2, 5)].sum()
        total += state[[0, -1]].sum()
        total += t
        total += state[::2].sum()
        total += state[-3:].sum()
        total += state[..., 0]
        total += state[None, 2][0]
        return total
        """,
    # Functions and modules
    "helper": """
        def calculate_reward(state, action):
            r, p = angles(state[1:5], scale=2.0)
            return r * p + clamp(state[0]) + clamp(state[1], hi=0.5)

        def clamp(x, lo=-1.0, hi=1.0):
            if x < lo:
                return lo
            if x > hi:
                return hi
            return x

        def angles(q, *, scale):
            w, x, y, z = q
            return scale * w * x, y - z
        """,
    "helper_known_and_traced": """
        def calculate_reward(state, action):
            total = clamp(2.0)
            total += clamp(state[0])
            total += pick('a', state[1])
            total += pick('b', state[2])
            return total

        def clamp(x):
            if x > 1.0:
                return 1.0
            return x

        def pick(mode, x):
            if mode == 'a':
                return x
            return -x * x
        """,
    "nested": """
        gain = 2.0
        def scaled(x):
            return gain * x
        f = lambda x, y=1.0: scaled(x) + y
        gain = 3.0
        return f(state[0]) + f(state[1], 2.0)
        """,
    "lambda_sort": """
        clip01 = lambda v: min(max(v, 0.0), 1.0)
        return clip01(state[0]) + clip01(state[1]) * 2
        """,
    "constants": """
        TARGET = 0.5
        WEIGHTS = np.array([1.0, 2.0])
        THRESH = {'z': 0.3, 'roll': 0.5}
        def is_recovered(state):
            return 1 if state[0] > TARGET else 0
        def calculate_reward(state, action):
            total = -abs(state[0] - TARGET) - WEIGHTS[1] * state[1] - THRESH['z']
            total += np.sum(WEIGHTS * state[:2])
            return total
        """,
    "from_imports": """
        from math import sqrt, pi as PI
        from numpy.linalg import norm
        import numpy as onp
        from typing import Tuple
        def calculate_reward(state, action) -> float:
            return sqrt(abs(state[0])) * PI + norm(action) + onp.sin(state[1])
        """,
    "reserved": """
        jnp = state[0]
        max_ = 2
        sum = state[1]
        select = 3.0
        list_ = [jnp, sum]
        range_ = 1
        abs = 2.0
        return jnp * max_ + sum + select * abs + list_[0]
        """,
    # Loops
    "loops": """
        t = 0.0
        for i in range(3):
            t += state[i] * (i + 1)
        for i, a in enumerate(action):
            if a > 0:
                t += a * i
            else:
                t -= 0.1
        for a, b in zip(action, state):
            t += a * b
        for w in [0.5, 0.25]:
            t = t * w
        for k in reversed(range(2)):
            t += k * state[k]
        return t
        """,
    "break": """
        t = 0.0
        for x in state:
            if x > 1.0:
                break
            t += x
        return t
        """,
    "continue": """
        t = 0.0
        for x in state:
            if x < 0.0:
                continue
            y = x * 2
            t += y
        return t
        """,
    "return_in_loop": """
        for i, x in enumerate(state):
            if x > 1.0:
                return i + x
            if x < -1.5:
                return -x
        return -1.0
        """,
    "nested_loops": """
        t = 0.0
        for i in range(3):
            for j in range(3):
                if state[i] * state[j + 3] > 0.5:
                    break
                if i == j:
                    continue
                t += state[i] - state[j]
                if t > 2.0:
                    return t
            t += 0.5
        return -t
        """,
    "known_break": """
        t = 0.0
        for i in range(10):
            if i == 3:
                break
            t += state[i]
        while i < 5:
            t += 1
            i += 1
        return t
        """,
    "loop_in_branch": """
        t = state[0]
        if state[1] > 0:
            for i in range(3):
                t += state[i]
                if i > 1:
                    t *= 2
        else:
            k = 0
            while k < 2:
                t -= state[k]
                k += 1
        return t
        """,
    "comprehensions": """
        xs = [s * 2 for s in state[:4]]
        ys = [x for i, x in enumerate(xs) if i % 2 == 0]
        d = {k: v for k, v in zip(['a', 'b'], ys)}
        total = sum(ys)
        total += np.mean([abs(y) for y in ys])
        total += d['a'] * d['b']
        total += sum((a * b for a in xs for b in ys))
        total += np.max(np.array(xs))
        return total
        """,
    "none": """
        best = None
        for x in state[:4]:
            if best is None:
                best = x
            elif x > best:
                best = x
        return best
        """,
    # Arrays and containers written to
    "augmented": """
        r = 0
        r += state[0]
        r *= 2
        r -= 1
        r /= 4
        r **= 2
        x = state[:3].copy()
        x += 1
        x[0] *= 2
        return r + x.sum()
        """,
    "multi_target": """
        a = b = state[0]
        b += 1
        return a * b
        """,
    "item_assign": """
        a = np.zeros(5)
        a[0] = state[0]
        a[1] += state[1]
        a[2:4] = state[2:4]
        a[-1] = 7
        a[[0, 1]] *= 2
        b = np.zeros((2, 2))
        b[0, 1] = state[3]
        b[1] = state[:2]
        return a.sum() + b.sum() * b[1, 0]
        """,
    "mask_assign": """
        a = state.copy()
        a[a > 1] = 1
        a[a < -1] *= 0.5
        a[np.abs(a) < 0.1] = 0.0
        b = np.zeros(13)
        b[state > 0] = state[state > 0]
        return a.sum() + b.sum()
        """,
    "assign_in_branch": """
        a = np.zeros(3)
        if state[0] > 0:
            a[0] = state[1]
            a[1] = 2.0
        else:
            a[2] = state[2]
        state[0] = 5.0
        return a.sum() + a[0] + state[0]
        """,
    "mask_reduce": """
        m = np.abs(state) > 0.5
        v = state[m]
        total = np.sum(state[state > 0])
        total += np.sum(np.abs(v))
        total += (state[m] ** 2).sum()
        total += len(v)
        total += v.size
        total += np.mean(v) if len(v) > 0 else 0.0
        total += np.any(v > 1)
        total += np.max(v) if v.size else -1
        return total
        """,
    "containers": """
        terms = []
        terms.append(state[0])
        terms.extend([state[1], 2.0])
        parts = {'a': -state[2], 'b': 1.0}
        parts['c'] = state[3]
        if state[4] > 0:
            parts['a'] = 0.5
            parts['d'] = 3.0
        total = sum(terms) + sum(parts[k] for k in ['a', 'b', 'c'])
        for name, value in {'x': state[5], 'y': 2.0}.items():
            total += value
        pair = (state[6], state[7])
        x, y = pair
        x, y = y, x
        return total + x - y + parts.get('zz', 1.5) + sum({'a': state[1]}.values())
        """,
    "tuple_branch": """
        if state[0] > 0:
            p = (state[1], 1.0)
        else:
            p = (0.0, state[2])
        return p[0] * 3 + p[1]
        """,
    "tuple_early": """
        def f(s):
            if s[0] > 0:
                return s[1], s[2]
            if s[1] > 0:
                return 1.0, 2.0
            return s[3], 0
        def calculate_reward(state, action):
            a, b = f(state)
            return a - b
        """,
    "counter_in_a_loop_that_is_left": """
        b, n = 0.5, 0
        for x in state[:3]:
            b = -1.0
            if x > 1.0:
                return x
            elif not n == 0:
                b -= state[2]
            n += 1
        return b + n
        """,
    "numbers_that_are_no_sizes": """
        x = np.interp(state[0], [0, 100, 2000], [0, 1, 2]) + np.linspace(0, 5000, 10)[3]
        return x + np.full(3, 5000)[0] + state[:4].clip(-2000, 3000).sum() + np.roll(state, 2000)[0]
        """,
    "nothing_to_go_through": """
        unused = lambda v: clip(v)
        empty = [unused(x) for x in []]
        clip = 1.0
        for x in []:
            clip = x.shape
        while len(empty) > 0:
            clip = empty[0]
        return clip + state[0] + sum(empty)
        """,
    # What means nothing
    "annotations": """
        r: float = -1.0
        k: int
        '''doc'''
        print('x', r)
        r2: 'np.ndarray' = state[:2]
        return r + r2[0]
        """,
    "errstate": """
        with np.errstate(all='ignore'):
            x = np.sqrt(np.abs(state[0]))
        return x
        """,
    "try": """
        try:
            x = 1.0 / (abs(state[0]) + 1)
        except ZeroDivisionError:
            x = 0.0
        finally:
            y = 2
        return x + y
        """,
    "raise": """
        if not np.all(np.isfinite(state)):
            raise ValueError(f'bad {state}')
        assert len(state) == 13, 'size'
        if len(state) != 13:
            raise ValueError('x')
        return state[0]
        """,
    # Corner cases
    "break_keeps_the_loop_variable": """
        i = -1
        for i, x in enumerate(state):
            if x > 0.5:
                break
        return i + 0.0
        """,
    "both_sides_give_the_same_object": """
        if state[0] > 0:
            a = state[1]
        else:
            a = state[1]
        b = 1.0
        c = state[2]
        if state[3] > 0:
            b = c
        else:
            b = c
        return a + b
        """,
    "dict_written_in_a_loop_on_one_side": """
        p = {'v': state[2]}
        xs = [1.0, 2.0]
        if state[0] > 0:
            for i in range(2):
                p['v'] = state[i] * 2
                xs[i] += p['v']
        else:
            xs[0] = 7.0
        return p['v'] + xs[0] * xs[1]
        """,
    "shape_one_is_a_number": """
        x = state[:1]
        if x > 0:
            return x.item() + int(state[1:2].item() > 0)
        return -state[2:3].sum()
        """,
    "logging": """
        import logging
        logger = logging.getLogger(__name__)

        def calculate_reward(state, action):
            logger.info('state %s', state)
            if state[0] > 0:
                print('up')
                return 1.0
            else:
                logging.debug(f'{state[0]:.2f} down')
            return state[1]

        if __name__ == '__main__':
            import sys
            sys.exit(calculate_reward(np.zeros(13), None))
        """,
    "state_is_written": """
        state[2] = 0.5
        state[3:5] *= 2
        return np.sum(state)
        """,
    "slices_of_slices": """
        q = state[3:7]
        v = q[1:]
        w, (x, y, z) = q[0], v
        return w * x - y * z + q[::-1][0] + q[-1]
        """,
    "keyword_only": """
        def f(x, *, gain=2.0, bias):
            return x * gain + bias

        def calculate_reward(state, action):
            return f(state[0], bias=state[1]) + f(gain=state[2], x=1.0, bias=0)
        """,
    "helper_called_before_it_is_defined": """
        def calculate_reward(state, action):
            return outer(state) + inner(state[1])

        def outer(s):
            return 2 * inner(s[0])

        def inner(x):
            return x ** 2 if x > 0 else -x
        """,
    "unused_helper_may_be_odd": """
        def unused(x):
            return x.shape[5]

        def calculate_reward(state, action):
            return state[0]
        """,
    "comparison_of_arrays": """
        good = (state[:3] > -1) & (state[:3] < 1)
        near = np.isclose(state[3:6], 0, atol=0.3) | (state[3:6] == 1)
        return np.sum(good * 1.0) + np.mean(near) + np.all(good) + (~good).sum()
        """,
    "any_in_condition": """
        if any(abs(a) > 0.9 for a in action) or np.any(state[:2] < -1):
            return -1.0
        return -np.sum(np.abs(action))
        """,
    "sum_of_conditions": """
        n = sum([state[0] > 0, state[1] > 0, abs(state[2]) < 0.5])
        if n >= 2:
            return 1.0
        return n / 3
        """,
    "percentile_of_list": """
        total = np.max([abs(state[0]), abs(state[1])])
        total += np.mean((state[2], 1.0))
        total += np.linalg.norm((state[3], state[4]))
        return total
        """,
    "negative_zero_and_signs": "return -state[0] + +state[1] - (-state[2]) + abs(-0.0 * state[3])",
    "assert_and_raise_on_known": """
        assert state.shape == (13,)
        if action.ndim != 1 or len(action) < 4:
            raise ValueError('no')
        return action[3]
        """,
    "min_of_mixed": """
        total = min(1, state[0])
        total += max(state[1], 0)
        total += min([state[2], 0.1, state[3]])
        total += max((state[4], state[5]))
        return total
        """,
}
