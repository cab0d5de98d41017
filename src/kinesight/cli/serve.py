"""`kinesight serve` and `kinesight worker`: the long-running processes."""

from __future__ import annotations

import os
import socket
from typing import Annotated

import typer

from kinesight.domain.errors import BadSetting, DiskFull
from kinesight.logs import start_logging
from kinesight.settings import load_settings


def _free_port(host: str) -> int:
    """Return a port that is free now, so that it can be printed and stays the same when the API process is started again."""
    try:
        with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            port: int = probe.getsockname()[1]
    except OSError as error:
        raise BadSetting(
            f"Nothing can listen on {host}: {error.strerror or error}. Choose another address with --host."
        ) from error
    return port


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8000.")] = None,
    data: Annotated[str | None, typer.Option(help="Folder for database, uploads and results.")] = None,
) -> None:
    """Serve the APIs and work on jobs, in one process group; prints the first API key once."""
    from kinesight.wiring.serving import bootstrap, supervise_server  # noqa: PLC0415 - the database and the web server cost a second that other commands need not pay

    settings = load_settings(host=host, port=port, data=data)
    if settings.port == 0:
        settings = load_settings(host=host, port=_free_port(settings.host), data=data)
    start_logging(settings.log)
    first = bootstrap(settings)
    if first is not None:
        tenant, secret = first
        typer.echo(f"API key    {secret}\nclient id  {tenant.client_id}\ntenant     {tenant.name}")
        typer.echo("This key is shown once; `kinesight keys create NAME` makes another.")
    typer.echo(f"Kinesight serves on http://{settings.host}:{settings.port} (documentation at /docs); data in {settings.data}")
    # the other processes of the group read their settings themselves
    os.environ["KINESIGHT_HOST"] = settings.host
    os.environ["KINESIGHT_PORT"] = str(settings.port)
    os.environ["KINESIGHT_DATA"] = str(settings.data.absolute())
    raise typer.Exit(supervise_server(settings))


def worker(
    data: Annotated[str | None, typer.Option(help="Folder for uploads and results, shared with the server.")] = None,
    index: Annotated[
        int | None,
        typer.Option(
            help="Number of this worker on this machine, each its own; default: the first free one after those of `serve`."
        ),
    ] = None,
) -> None:
    """Work on jobs of a server that runs elsewhere."""
    from kinesight.wiring.serving import work  # noqa: PLC0415 - as above

    settings = load_settings(data=data)
    start_logging(settings.log)
    try:
        work(settings, index=index)
    except DiskFull as error:
        # not status 4, with which `serve` would give up: this mends itself, and the API has to answer meanwhile
        typer.echo(f"error: {error.code}: {error.message}", err=True)
        raise typer.Exit(1) from error
