"""The commands and where they are; the module of a command is imported when it is called, not to list it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group

COMMANDS = {
    "serve": ("serve:serve", "Serve the APIs and work on jobs, in one process group; prints the first API key once."),
    "worker": ("serve:worker", "Work on jobs of a server that runs elsewhere."),
    "combine": (
        "combine:combine",
        "Put two running analyses of one runner together: side and back view, or before and after (in that order).",
    ),
    "doctor": (
        "doctor:doctor",
        "Check models, decoder, confinement, disk, database and processor; exit 4 if something has to be mended.",
    ),
    "analyze": ("late:analyze", "Analyse one video into a folder of results."),
    "alarm": ("alarm:app", "Judge stored alarm clips again, and switch."),
    "persons": ("persons:app", "Correct who is who in the results of `analyze persons`."),
    "heads": ("heads:app", "Hide or replace the heads of analysed persons."),
    "models": ("models:app", "List, fetch and verify the model files."),
    "keys": ("keys:app", "Make, list and revoke API keys."),
}
"""By name: module of this package and function or app in it, and the first sentence of its help (a test compares them)."""

ANALYSES = {
    "running": (
        "analyze:running",
        "Analyse running form from the side: joint angles at foot strike, timing, scores, style, annotated video and report.",
    ),
    "alarm": (
        "analyze_alarm:alarm",
        "Judge an alarm clip: risk, 13 scores, evidence, one sentence, annotated video and report.",
    ),
    "persons": (
        "persons:analyze",
        "Find everybody in a video once: when, where, with a picture of each, and the heads for `kinesight heads`.",
    ),
}
"""The commands of `kinesight analyze`, likewise."""


class LateCommand(TyperCommand):
    """Stands in the list for a command; once called, makes way for the one that its callback returns."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Return the context of the real command, which is parsed and invoked in place of this one."""
        if self.callback is None:
            raise TypeError(self.name)
        return self.callback().make_context(*args, **extra)


def add_commands(app: typer.Typer, commands: Mapping[str, tuple[str, str]]) -> typer.Typer:
    """Add every command of a table to an app, and return the app."""
    for name, (place, summary) in commands.items():
        app.command(name, cls=LateCommand, help=summary)(_loader(name, place))
    return app


def _loader(name: str, place: str) -> Callable[[], Any]:
    def load() -> Any:
        module, _, attribute = place.partition(":")
        found = getattr(import_module(f"kinesight.cli.{module}"), attribute)
        # under a parent Typer makes of it what it would have made of it under the root
        parent = typer.Typer(rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=name)
        else:
            parent.command(name)(found)
        return get_group(parent).commands[name]

    return load


analyze = add_commands(typer.Typer(help=COMMANDS["analyze"][1], no_args_is_help=True, rich_markup_mode=None), ANALYSES)
