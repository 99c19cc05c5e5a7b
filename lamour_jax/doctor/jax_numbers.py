"""In a child process: small programs of the kinds that versions of JAX have compiled wrongly.

jax 0.10.2 loses rows of a vmapped matrix-vector product that is reduced, from 32 thousand rows on
(its issue 39103); 0.10.2 and 0.11.0 crash or hang on sums of products of rank 7 and 8 (39257 and
40412). A GPU that rounds products to TF32 is found by the last one.
"""

from collections.abc import Callable

import numpy as np

from lamour_jax.doctor.steps import make

TOLERANCE = 1e-5  # relative to the largest number; float32 rounds at 1e-7, TF32 at 1e-3
_ROWS = 40_000


def main() -> None:
    make(
        {
            "import of JAX": _import,
            "a vmapped product, reduced": _vmapped_product,
            "a sum of products of rank 7": lambda: _reduction(7),
            "a sum of products of rank 8": lambda: _reduction(8),
            "a product in full float32": _product,
        }
    )


def relative_error(computed: np.ndarray, expected: np.ndarray) -> float:
    """The largest error over the largest number.

    Raises:
      ArithmeticError: it is beyond what float32 rounds.
    """
    error = float(np.max(np.abs(computed - expected)) / np.max(np.abs(expected)))
    if not error <= TOLERANCE:  # NaN is no error to be lived with, either
        raise ArithmeticError(f"wrong numbers, by {error:.1e} of the largest (NumPy's are right)")
    return error


def _import() -> float:
    import jax

    jax.devices()
    return 0.0


def _vmapped_product() -> float:
    import jax.numpy as jnp
    from jax import jit, vmap

    rows = np.random.default_rng(0).normal(size=(_ROWS, 3)).astype(np.float32)
    matrix = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.5], [0.5, 0.0, 1.0]], np.float32)
    program: Callable = jit(vmap(lambda row: jnp.sum((jnp.asarray(matrix) @ row) ** 2)))
    expected = np.square(rows.astype(np.float64) @ matrix.T.astype(np.float64)).sum(axis=1)
    return relative_error(np.asarray(program(rows), np.float64), expected)


def _reduction(rank: int) -> float:
    """A sum of products along one axis; what crashed needed another axis of size 1."""
    import jax.numpy as jnp
    from jax import jit

    shape = (3, 1, 2, 2, 8, 8, 8, 2)[:rank]
    left, right = np.random.default_rng(rank).normal(size=(2, *shape)).astype(np.float32)
    program: Callable = jit(lambda left, right: jnp.sum(left * right, axis=3))
    expected = np.sum(left.astype(np.float64) * right.astype(np.float64), axis=3)
    return relative_error(np.asarray(program(left, right), np.float64), expected)


def _product() -> float:
    import jax

    left, right = np.random.default_rng(1).normal(size=(2, 256, 256)).astype(np.float32)
    with jax.default_matmul_precision("highest"):
        product = np.asarray(jax.jit(lambda a, b: a @ b)(left, right), np.float64)
    return relative_error(product, left.astype(np.float64) @ right.astype(np.float64))
