"""Adapters of models that tell what belongs to each pixel."""
