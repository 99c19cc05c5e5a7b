"""Random numbers for what a compiled loop draws at every step.

On a CPU each call of JAX's own generator is a loop of some 25 small operations: 70 to 300
microseconds, as long as the physics of 16 robots. Its keys seed a hash here, which is one of them.
"""

import math

import jax
import jax.numpy as jnp


def key_words(key: jax.Array) -> jax.Array:
    """Two words [2] uint32 of a key, to seed `hashed_bits`."""
    return jax.random.key_data(key)[:2]


def hashed_bits(words: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """uint32 [*shape] that look random: the finaliser of MurmurHash3 (Appleby, 2011) over the
    entries' numbers, with the seed, words [2] uint32, mixed in."""
    # Seeds may be neighbours, as keys of 0, 1, 2 are: their finalised words are not.
    first, second = _finalised(words), _finalised(words[::-1] + jnp.uint32(1))
    places = jax.lax.iota(jnp.uint32, math.prod(shape)).reshape(shape)
    return _finalised(places * jnp.uint32(0x9E3779B9) + first[0] + second[0], first[1] + second[1])


def _finalised(x: jax.Array, word: jax.Array | int = 0) -> jax.Array:
    """MurmurHash3's last steps, which let every bit of x change every bit; `word` in between."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x85EBCA6B) ^ jnp.uint32(word)
    x = (x ^ (x >> 13)) * jnp.uint32(0xC2B2AE35)
    return x ^ (x >> 16)


def hashed_uniform(words: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """float32 [*shape] in [0, 1), as `hashed_bits`."""
    return as_uniform(hashed_bits(words, shape))


def next_bits(bits: jax.Array) -> jax.Array:
    """What follows `bits`, uint32 of any shape, in as many sequences that look random."""
    return _finalised(bits + jnp.uint32(0x9E3779B9))


def as_uniform(bits: jax.Array) -> jax.Array:
    """float32 in [0, 1) of random uint32."""
    return (bits >> 8).astype(jnp.float32) * 2.0**-24
