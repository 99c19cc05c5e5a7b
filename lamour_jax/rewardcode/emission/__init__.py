"""jnp source, written from the syntax tree and the facts of the analysis."""
