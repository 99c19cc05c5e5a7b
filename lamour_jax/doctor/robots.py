"""Does a robot move? All libraries that a training loads, and a step of MuJoCo from JAX."""

from lamour_jax.doctor.finding import FAIL, OK, Finding
from lamour_jax.doctor.steps import make, run_steps

_LIMIT = 180.0  # seconds: a cold start on a slow disk


def check_robots(limit: float = _LIMIT) -> Finding:
    """Two hoppers make a control step on native physics, in a child process."""
    report = run_steps(__name__, limit)
    if report.failure:
        return Finding(
            FAIL,
            f"{report.step}: {report.failure}",
            "install the tested versions anew: pip install -r requirements.txt",
        )
    return Finding(OK, f"{report.results['robots']}; a control step came to finite numbers")


def main() -> None:
    make({"import of what trains": _import, "robots": _names, "a control step": _step})


def _import() -> bool:
    import lamour_jax.cli.recover

    return bool(lamour_jax.cli.recover)


def _names() -> str:
    import envs

    return ", ".join(envs.names())


def _step() -> bool:
    import jax
    import jax.numpy as jnp
    import numpy as np

    import envs

    env = envs.make("hopper", "ood", "native")

    @jax.jit
    def step(keys: jax.Array) -> jax.Array:
        states = jax.vmap(env.reset)(keys)
        return jax.vmap(env.step)(states, jnp.zeros((2, env.action_size))).obs

    if not np.isfinite(step(jax.random.split(jax.random.key(0), 2))).all():
        raise ArithmeticError("its numbers are not finite")
    return True
