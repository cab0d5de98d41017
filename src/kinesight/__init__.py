"""Kinesight: structured answers about the people in a video, on your own machine."""

import os
from importlib.metadata import PackageNotFoundError, version

# Our matrices are small: on several threads NumPy's BLAS spends more time waiting for its own threads than it saves (forty times
# as long on two busy hyper-threads), and the last bits of a result would hang on how many cores there are. What NumPy already has
# loaded, or somebody has set, stays.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__all__ = ["__version__"]

try:
    __version__ = version("kinesight")
except PackageNotFoundError:  # run from a source tree that was not installed
    __version__ = "0.0.0+source"
