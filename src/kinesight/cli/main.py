"""The command `kinesight`: the tree of sub-commands and the one place where errors become exit statuses."""

from __future__ import annotations

import sys

import typer

from kinesight import __version__
from kinesight.cli import alarm, analyze, analyze_alarm, combine, doctor, heads, keys, models, persons, serve
from kinesight.domain.errors import Cancelled, KinesightError

INTERRUPTED = 130

app = typer.Typer(
    name="kinesight",
    help="Structured answers about the people in a video, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
analyze.app.command("alarm")(analyze_alarm.alarm)
app.add_typer(analyze.app, name="analyze")
app.add_typer(alarm.app, name="alarm")
analyze.app.command("persons")(persons.analyze)
app.add_typer(persons.app, name="persons")
app.add_typer(heads.app, name="heads")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("combine")(combine.combine)
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer passes the flag by position
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_print_version, is_eager=True),  # noqa: FBT001, FBT003
) -> None:
    """Structured answers about the people in a video, on your own machine."""


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad usage, 3 not analysable, 4 installation at fault, 130 interrupted."""
    try:
        app()
    except Cancelled as error:
        sys.exit(error.exit_status)
    except KinesightError as error:
        sys.stderr.write(f"error: {error.code}: {' '.join(error.message.split())}\n")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
