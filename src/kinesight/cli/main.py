"""The command `kinesight`: the tree of sub-commands and the one place where errors become exit statuses."""

from __future__ import annotations

import gc
import sys

import typer

from kinesight import __version__
from kinesight.cli.late import COMMANDS, add_commands
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
add_commands(app, COMMANDS)


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
    finally:
        # the end of the process frees it all; to look for cycles in it before takes a tenth of a second
        gc.freeze()
