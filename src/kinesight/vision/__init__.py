"""Models at the edge: the catalogue of weights, and one adapter file per model."""
