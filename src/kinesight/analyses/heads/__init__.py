"""Heads hidden or replaced: where they are, what covers them, what is left over. Pure functions on arrays."""
