"""Random reward code, to try the checker and the translator on."""
