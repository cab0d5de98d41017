"""Adapters that turn a picture into a vector of what it looks like."""
