"""The history of our tables; applied at start, oldest first."""
