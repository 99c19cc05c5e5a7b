"""Ways out of Python sandboxes that have been written about, each with the rules that it breaks.

Most stand in corpus/escapes.txt; here is what cannot be written down there, and long lists.
"""

from __future__ import annotations

from pathlib import Path

from lamour_jax.rewardcode import tables

Escapes = dict[str, tuple[str, str]]  # name -> (rules, program or body of calculate_reward)

_ODD_CHARACTERS: Escapes = {
    "zero_width_space": ("syntax", "return ev\u200bal('1')"),
    "null_byte": ("syntax", "return state[0] \0 + 1"),
    "form_feed": ("import", "\x0cimport os\nreturn state[0]"),
    "vertical_tab": ("syntax", "\x0bimport os\nreturn state[0]"),
    "carriage_return_in_a_comment": ("import", "# harmless\rimport os\nreturn state[0]"),
    "half_a_surrogate_pair": ("syntax", "return state[0] + \ud800"),
    "right_to_left_in_code": ("syntax", "return \u202estate[0]\u202c"),
    "right_to_left_in_a_comment": (
        "import",
        "# \u202e harmless \u2066\nimport os\nreturn state[0]",
    ),
    "right_to_left_behind_text": ("import", "'a \u2067 remark'; import os\nreturn state[0]"),
    "mathematical_script": ("forbidden-name", "return \U0001d4eeval('1')"),
    "big_integer_in_hex": ("big-number", "return state[0] * 0x" + "f" * 9000),
    "big_integer_in_decimal": ("syntax", "return state[0] * " + "9" * 9000),
}

# What NumPy has that reaches files, code, memory or the network.
_NUMPY = """
    load('CANARY') loadtxt('/etc/passwd') genfromtxt('/etc/passwd') fromfile('/etc/passwd')
    fromregex('/etc/passwd','x',float) fromstring('1') frombuffer(state) fromiter(state,float)
    memmap('CANARY') save('CANARY',state) savez('CANARY',state)
    savez_compressed('CANARY',state) savetxt('CANARY',state) from_dlpack(state)
    DataSource('http://127.0.0.1:PORT/') lib.npyio.DataSource('.')
    lib.npyio.NpzFile('CANARY') lib.format.open_memmap('CANARY')
    lib.format.read_array(state) lib.stride_tricks.as_strided(state,(9999,))
    lib.introspect.opt_func_info() ctypeslib.load_library('libc','.') ctypeslib.as_array(state)
    f2py.run_main(['CANARY']) f2py.compile('CANARY') testing.runstring('1',{})
    testing.measure('1') testing.rundocs('CANARY') test() info('sum') show_config()
    get_include() set_printoptions(9,max) array2string(state) setbufsize(8)
    nditer(state) dtype('O') void(8) str_('x') bytes_('x') record(1) recarray(3)
    rec.fromfile('CANARY') char.array('x') strings.add('x','y') ma.array(state)
    polynomial.Polynomial(state) emath.sqrt(-1) fft.fft(state) core.multiarray.fromfile('CANARY')
    linalg.linalg.norm(state) linalg.LinAlgError() exceptions.AxisError(1) typing.NDArray(state)
    sys.exit() os.system('CANARY') math.sqrt(4.0) einsum('i->',state)
"""
_ARRAY = """
    tofile('CANARY') dump('CANARY') dumps() tobytes() view('O') setfield(0,int) getfield(int) base
    flags.writeable data ctypes.data resize(99) byteswap() newbyteorder() put(0,1) choose(state)
    partition(1) setflags(1) itemset(0,1) sort() fill(0) dtype strides device mT real.base
"""
_BUILTINS = """
    breakpoint() compile('1','x','eval') copyright() credits() delattr(state,'x') dir() eval('1')
    exec('1') exit() getattr(state,'dump') globals() hasattr(state,'dump') help() input() license()
    locals() memoryview(state) object() open('CANARY','w') quit() setattr(state,'x',1)
    super() type(state) vars() bytes(9) bytearray(9) callable(max) chr(1) classmethod(max)
    frozenset([1]) hash(1) hex(1) id(state) iter(state) next(state) oct(1) ord('a') property(max)
    repr(state) slice(1) staticmethod(max) str(state) format(state) ascii(state) aiter(state)
    complex(1) divmod(1,2) map(max,state) filter(max,state) sorted(state) pow(1,2) set([1])
    issubclass(float,int) anext(state) BaseException() SystemExit() KeyboardInterrupt()
"""

# Hostile, but thrown away before anything is looked at or run, and so accepted.
THROWN_AWAY = '''# -*- coding: utf-7 -*- \u2028import os
"""__import__('os').system('touch CANARY')"""
import logging
from typing import Any

log = logging.FileHandler('CANARY')
logging.basicConfig(filename='CANARY')


def is_recovered(state: "__import__('os').system('touch CANARY')") -> 'open("CANARY", "w")':
    logging.FileHandler('CANARY').emit('x')
    return 1 if state[0] > 0.5 else 0


def calculate_reward(state, action) -> "exec('1')":
    print('{0.__class__.__init__.__globals__[SECRET]}'.format(state), "%s" % state)
    if state[0] > 1e9:
        raise ValueError('{0.__class__.__mro__}'.format(state))
    assert len(state) == 13, '{0.__class__}'.format(state)
    return -abs(state[0] - 1.0)


if __name__ == '__main__':
    import os
    os.system('touch CANARY')
    open('CANARY', 'w').write(os.environ['SECRET'])
'''


def all_escapes() -> Escapes:
    """Every escape by name."""
    return _from_file() | _ODD_CHARACTERS | dict(_from_lists())


def _from_file() -> Escapes:
    text = (Path(__file__).parent / "corpus" / "escapes.txt").read_text(encoding="utf-8")
    escapes = {}
    for part in text.split("\n### ")[1:]:
        title, _, body = part.partition("\n")
        name, _, rules = title.partition(": ")
        escapes[name] = (rules, body.strip("\n"))
    return escapes


def _from_lists() -> list[tuple[str, tuple[str, str]]]:
    def named(prefix: str, call: str) -> str:
        return f"{prefix}_{call.partition('(')[0]}"

    found = []
    for call in _NUMPY.split():
        found.append((named("numpy", call), ("unknown-function", f"return np.{call}")))
    for call in _ARRAY.split():
        found.append((named("array", call), ("unknown-attribute", f"x = state.{call}\nreturn 0.0")))
    for call in _BUILTINS.split():
        known = call.partition("(")[0] in tables.FORBIDDEN_NAMES
        rule = "forbidden-name" if known else "unknown-name"
        found.append((named("builtin", call), (rule, f"x = {call}\nreturn -abs(state[0])")))
    return found
