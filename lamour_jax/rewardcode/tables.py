"""What reward code may name: NumPy, math, builtins, methods. Everything else is refused.

One place for the checker, the translator and the sandbox, so that they cannot disagree. NumPy
functions are grouped by what they do to shapes; the values are the names in jnp.
"""

from __future__ import annotations


def _names(text: str) -> dict[str, str]:
    """`"a b:c"` -> {"a": "a", "b": "c"}: NumPy's (or math's) name -> jnp's."""
    pairs = (word.partition(":") for word in text.split())
    return {name: target or name for name, _, target in pairs}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(_names(text))


# Results take the broadcast shape of the arguments.
ELEMENTWISE = _names("""
    abs absolute:abs fabs sign sqrt cbrt square exp exp2 expm1 log log1p log2 log10 sin cos tan
    arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh arctan2 hypot deg2rad rad2deg
    degrees radians floor ceil trunc rint reciprocal negative positive isnan isinf isfinite
    signbit logical_not logical_and logical_or logical_xor maximum minimum fmax fmin add subtract
    multiply divide true_divide:divide floor_divide mod remainder fmod power float_power copysign
    greater greater_equal less less_equal equal not_equal heaviside isclose where clip nan_to_num
    round around:round sinc logaddexp
    asin:arcsin acos:arccos atan:arctan atan2:arctan2 pow:power
""")

# Results are smaller: these also accept `a[mask]`, as a masked reduction.
MASKABLE_REDUCTIONS = _names("sum prod mean std var max amax:max min amin:min any all")
REDUCTIONS = MASKABLE_REDUCTIONS | _names("""
    median percentile quantile ptp count_nonzero nansum nanmean nanmax nanmin argmax argmin average
    array_equal allclose
""")

ARRAY_FUNCTIONS = _names("""
    dot vdot inner outer cross matmul trace cumsum cumprod diff sort argsort flip roll ravel reshape
    squeeze expand_dims transpose atleast_1d tile repeat interp polyval copy:array
    linalg.norm linalg.det
""")

# The first argument is a sequence of arrays (or becomes one).
JOINERS = _names("array asarray concatenate stack hstack vstack append")

# Shapes are given by arguments, which therefore have to be known while tracing.
MAKERS = _names("zeros ones full eye identity arange linspace zeros_like ones_like full_like")

# One name for all widths: jax runs float32, the check of the translation float64.
CASTS = {
    name: kind
    for kind, text in {
        "float": "float64 float32 float16 double single",
        "int": "int64 int32 int16 int8 uint8",
        "bool": "bool_ bool",
    }.items()
    for name in text.split()
}

# jnp's are not quite the same: what is called instead stands in runtime.py.
OWN_VERSIONS = {"heaviside": "heaviside"}

NUMPY_FUNCTIONS = ELEMENTWISE | REDUCTIONS | ARRAY_FUNCTIONS | JOINERS | MAKERS
NUMPY_CONSTANTS = ("pi", "e", "inf", "nan", "newaxis")
NUMPY_TYPES = ("ndarray", "floating", "integer", "number", "generic")  # for isinstance
NUMPY_MODULES = ("linalg",)

# math's name -> jnp's; on known numbers math itself is kept.
MATH_FUNCTIONS = _names("""
    sqrt cbrt exp exp2 expm1 log log1p log2 log10 sin cos tan asin:arcsin acos:arccos atan:arctan
    atan2:arctan2 sinh cosh tanh asinh:arcsinh acosh:arccosh atanh:arctanh hypot degrees radians
    floor ceil trunc fabs fmod copysign pow:power isnan isinf isfinite
""")
MATH_CONSTANTS = ("pi", "e", "inf", "nan", "tau")

BUILTINS = _listed("""
    abs max min sum len any all round float int bool range zip enumerate reversed list tuple
    isinstance
""")
EXCEPTIONS = _listed("""
    Exception ValueError TypeError IndexError KeyError ZeroDivisionError ArithmeticError
    FloatingPointError OverflowError RuntimeError AssertionError AttributeError
""")

ARRAY_METHODS = _listed("""
    copy sum mean min max prod std var any all argmax argmin cumsum dot reshape astype item
    tolist flatten ravel squeeze transpose clip round
""")
ARRAY_PROPERTIES = ("T", "shape", "size", "ndim")
CONTAINER_METHODS = ("append", "extend", "copy", "keys", "values", "items", "get", "update")

# Keywords of NumPy's functions and methods; `out=` and the like write where they should not.
KEYWORDS = _listed("""
    axis keepdims dtype ord where initial a_min a_max min max nan posinf neginf decimals ddof
    rtol atol equal_nan fill_value shape num endpoint start stop step weights n k N M q
    shift repeats reps x x1 x2 a b arr ndigits
""")
RENAMED_KEYWORDS = {"a_min": "min", "a_max": "max"}

# Imports that mean nothing more than a name; any other module is refused.
NUMBER_MODULES = {"numpy": "numpy", "math": "math", "numpy.linalg": "numpy.linalg"}
SILENT_MODULES = ("typing", "__future__", "collections.abc", "logging", "warnings")
TALKERS = ("logging", "warnings")  # their calls are dropped, as print is
ALWAYS_BOUND = {"np": "numpy", "numpy": "numpy", "math": "math"}

# Why a well-known name is refused, and what to do instead.
FORBIDDEN_NAMES = {
    "exec": "runs text as code",
    "eval": "runs text as code",
    "compile": "runs text as code",
    "open": "reads or writes files",
    "input": "waits for a person",
    "getattr": "reaches anything by name",
    "setattr": "changes anything by name",
    "delattr": "changes anything by name",
    "hasattr": "reaches anything by name",
    "globals": "reaches the interpreter's state",
    "locals": "reaches the interpreter's state",
    "vars": "reaches the interpreter's state",
    "dir": "reaches the interpreter's state",
    "type": "reaches the interpreter's state",
    "breakpoint": "stops the program",
    "exit": "stops the program",
    "quit": "stops the program",
    "map": "is written as a comprehension",
    "filter": "is written as a comprehension",
    "sorted": "is np.sort for numbers",
    "pow": "is written with **",
    "str": "makes text; a reward needs numbers only",
    "set": "has no order; use a list or a tuple",
    "complex": "makes complex numbers",
}
