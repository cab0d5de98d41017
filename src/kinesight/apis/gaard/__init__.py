"""The gaard-compatible API: alarm clips in, a risk and its labels out."""
