"""The HTTP surfaces: one folder per API, and `edge` for what every API does at the border."""
