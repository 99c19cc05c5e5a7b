"""The sandbox alone: escapes that have got past the allow-list, from inside the running code."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from lamour_jax.rewardcode import RewardCodeError
from tests.rewardcode.conftest import SECRET_VALUE
from tests.rewardcode.sandboxed import MODULES, run, with_bait

# Names that are not there, or not any more; each raises an exception.
NOT_THERE = """
open('CANARY', 'w')
eval('1')
exec('1')
compile('1', 'x', 'eval')
__import__('os')
getattr(np, 'load')
globals()
vars()
dir()
type(state)
super()
input()
help()
exit()
breakpoint()
memoryview(state)
print('x')
setattr(np, 'sum', 1)
np.load('CANARY')
np.save('CANARY', state)
np.savetxt('CANARY', state)
np.fromfile('/etc/passwd')
np.genfromtxt('/etc/passwd')
np.memmap('CANARY', mode='w+', shape=(3,))
np.DataSource('.')
np.ctypeslib.load_library('libc', '.')
np.f2py.compile('x')
np.lib.format.open_memmap('CANARY')
np.testing.runstring('1', {})
np.vectorize(abs)
np.frompyfunc(abs, 1, 1)
np.random.rand()
np._core.multiarray
np.__loader__
'{0.x}'.format(np)
os.mknod('CANARY')
os.mkfifo('CANARY')
os.setpriority(0, os.getppid(), 19)
os.sched_setaffinity(os.getppid(), {0})
sys.modules['posix'].mknod('CANARY')
[f for f in os.supports_dir_fd if f.__name__ == 'mkfifo'][0]('CANARY')
sys.modules['time'].clock_settime(0, 0.0)
sys.modules['_imp'].create_builtin(sys.modules['posix'].__spec__).mknod('CANARY')
sys.modules['ctypes'].memset(0, 0, 1)
sys.modules['_ctypes']
sys.modules['subprocess']
sys.modules['socket']
sys.modules['numpy']._core._internal.ctypes.memset(0, 0, 1)
os.pipe()
os.environ['SECRET']
os.environb[b'SECRET']
sys.modules['posix'].environ[b'SECRET']
""".strip().split("\n")

# What is there, and ends the process as soon as it is used.
FRAMES = """
try:
    1 / 0
except ZeroDivisionError as e:
    frame = e.__traceback__.tb_frame
while frame.f_back:
    frame = frame.f_back
"""
# Calls a function out of a module that has all of Python's builtins, which NumPy's C code needs.
ELSEWHERE = "stack = sys.modules['contextlib'].ExitStack()\nstack.callback({})\nstack.close()"
BARRED = {
    "method_that_writes": ELSEWHERE.format("state.tofile, 'CANARY'"),
    "method_that_pickles": ELSEWHERE.format("state.dump, 'CANARY'"),
    "numpy_opens_in_c": ELSEWHERE.format("sys.modules['numpy'].fromfile, '/etc/passwd'"),
    "numpy_maps": "sys.modules['numpy'].memmap('CANARY', mode='w+', shape=(3,))",
    "numpy_saves": "sys.modules['numpy'].savetxt('CANARY', [1.0])",
    "numpy_unpickles": "sys.modules['numpy'].load('KEPT', allow_pickle=True)",
    "numpy_downloads": "sys.modules['numpy'].lib.npyio.DataSource().open('http://127.0.0.1:PORT/')",
    "numpy_loads_libraries": "sys.modules['numpy'].ctypeslib.load_library('libc', '.')",
    "frames_of_a_traceback": FRAMES + "frame.f_globals['os'].system('touch CANARY')",
    "frame_of_a_generator": (
        "def look():\n    frame = g.gi_frame\n    while frame.f_back:\n"
        "        frame = frame.f_back\n    yield frame\ng = look()\nframe = [f for f in g][0]\n"
        "frame.f_globals['np'].savetxt('CANARY', [1.0])"
    ),
    "rules_of_the_hook_replaced": (
        "class_ = ().__class__.__class__\n"
        "main = sys.modules['__main__']\n"
        "main.HARMLESS_EVENTS = class_('All', (), {'__contains__': lambda a, b: True})()\n"
        "main.UNAUDITED = {}\n"
        "os.open('CANARY', os.O_CREAT | os.O_WRONLY)"
    ),
    "exit_replaced": (
        "os._exit = sys.modules['posix']._exit = lambda status: None\nos.system('touch CANARY')"
    ),
    "second_hook": "sys.addaudithook(lambda event, arguments: None)",
    "trace": "sys.settrace(lambda *arguments: None)",
    "pickle": "sys.modules['pickle'].loads(b\"cposix\\nsystem\\n(S'touch CANARY'\\ntR.\")",
    "marshal": "sys.modules['marshal'].loads(b'i\\x01\\x00\\x00\\x00')",
    "bytecode": "f = lambda: 1\nf.__code__ = f.__code__.replace(co_code=b'\\x00' * 999)",
    "function_from_code": "f = lambda: 1\nf.__class__(f.__code__, {})",
    "import": "sys.modules['builtins'].__import__('ctypes')",
    "import_below": "sys.modules['_frozen_importlib']._gcd_import('socket')",
    "process": "os.posix_spawn('/usr/bin/touch', ['touch', 'CANARY'], {})",
    "replacement": "os.execv('/usr/bin/touch', ['touch', 'CANARY'])",
    "removal": "os.remove('KEPT')",
    "renaming": "os.rename('KEPT', 'CANARY')",
    "cutting_off": "os.truncate('KEPT', 0)",
    "mode": "os.chmod('KEPT', 0)",
    "link": "os.symlink('KEPT', 'CANARY')",
    "folder": "os.mkdir('CANARY')",
    "limits": "sys.modules['resource'].setrlimit(0, (99, 99))",
    "limits_of_the_parent": "sys.modules['resource'].prlimit(os.getppid(), 0, (1, 1))",
    "help": "sys.modules['builtins'].help('modules')",
    "breakpoint": "sys.modules['builtins'].breakpoint()",
    "input": "sys.modules['builtins'].input()",
}


def test_what_was_not_handed_out_is_not_there(bait: dict[str, str]) -> None:
    """All in one process: a state's first component says which one is tried."""
    lines = [MODULES.strip()]
    for index, code in enumerate(NOT_THERE):
        attempt = f"{with_bait(code, bait)}\nreturn 1.0"
        handler = f"try:\n{textwrap.indent(attempt, '    ')}\nexcept Exception:\n    return 0.0"
        lines += [f"if state[0] == {index}:", textwrap.indent(handler, "    ")]
    states = np.arange(float(len(NOT_THERE) + 1))[:, None]
    results = run("\n".join([*lines, "return 2.0"]), states)
    assert not results.faults and results.reward[-1] == 2.0
    assert [code for code, got in zip(NOT_THERE, results.reward, strict=False) if got] == []


def test_methods_that_write_fail_without_builtins(bait: dict[str, str]) -> None:
    for code in ("state.tofile('CANARY')", "state.dump('CANARY')"):
        faults = run(with_bait(code, bait) + "\nreturn 1.0").faults
        assert faults[0].type in ("SystemError", "KeyError")


@pytest.mark.parametrize("name", BARRED)
def test_what_reaches_outside_ends_the_process(name: str, bait: dict[str, str]) -> None:
    with pytest.raises(RewardCodeError) as error:
        run(f"{MODULES}{with_bait(BARRED[name], bait)}\nreturn 1.0")
    (finding,) = error.value.findings
    assert finding.rule == "sandbox" and "reached for something outside" in finding.message
    assert SECRET_VALUE not in str(finding)


def test_recursion_comes_back_as_an_exception() -> None:
    fault = run("def f(x):\n    return f(x)\nreturn f(1.0)").faults[0]
    assert fault.type == "RecursionError"


def test_output_is_bounded() -> None:
    """What is written in place of an answer is no answer, and no more than one in length."""
    write = "for i in range(100):\n    sys.stdout.buffer.raw.write(b'[' * 10000)\n"
    with pytest.raises(RewardCodeError) as error:
        run(f"{MODULES}try:\n{textwrap.indent(write, '    ')}except OSError:\n    os._exit(0)\n")
    assert error.value.findings[0].rule == "sandbox"


@pytest.mark.parametrize(
    "faults",
    [
        '[{"function": "f", "index": 9999, "type": "T", "message": "m", "line": 1}]',
        '[{"function": "f", "index": "x", "type": "T", "message": "m", "line": 1}]',
        '[{"function": "f"}]',
        "[" * 50000,
    ],
    ids=["no such state", "no number", "incomplete", "nested"],
)
def test_forged_answers_are_no_answers(faults: str) -> None:
    values = "b'\\0' * 64"
    header = f'{{"terms": {{}}, "faults": {faults}}}\\n'
    forge = f"sys.stdout.buffer.write(b'{header}' + {values})\nsys.stdout.flush()\nos._exit(0)"
    with pytest.raises(RewardCodeError) as error:
        run(MODULES + forge)
    assert error.value.findings[0].rule == "sandbox"
