"""Pose models, one file each."""
