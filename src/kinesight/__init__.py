"""Kinesight: structured answers about the people in a video, on your own machine."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("kinesight")
except PackageNotFoundError:  # run from a source tree that was not installed
    __version__ = "0.0.0+source"
