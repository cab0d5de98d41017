"""The command line: reads arguments, calls the wiring, prints answers, turns errors into exit statuses."""

from kinesight.cli.main import main

__all__ = ["main"]
