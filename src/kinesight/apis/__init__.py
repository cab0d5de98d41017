"""HTTP at the edge: one folder per API, and what they share."""
