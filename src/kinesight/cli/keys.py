"""`kinesight keys …`: API keys of this installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from kinesight.domain.job import Keys
from kinesight.settings import load_settings


@contextmanager
def _keys() -> Iterator[Keys]:
    from kinesight.wiring.serving import opened_keys  # noqa: PLC0415 - the database costs a second that other commands need not pay

    with opened_keys(load_settings()) as keys:
        yield keys


app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    tenant: Annotated[str, typer.Option(help="Whose jobs it sees; made if it does not exist.")] = "default",
) -> None:
    """Make a key and print it, this once."""
    with _keys() as keys:
        key, owner, secret = keys.create(name, tenant_name=tenant)
    typer.echo(f"key        {secret}\nkey id     {key.id}\ntenant     {owner.name}\nclient id  {owner.client_id}")
    typer.echo("Keep the key: it is stored only as a hash and cannot be shown again.", err=True)


@app.command("list")
def list_() -> None:
    """List every key without its secret."""
    with _keys() as keys:
        rows = keys.page()
    for key in rows:
        made = datetime.fromtimestamp(key.created_s, UTC).strftime("%Y-%m-%d %H:%M")
        typer.echo(f"{key.id}  {key.prefix}…  {made}  {'revoked' if key.revoked_s else 'valid':8} {key.name}")


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="The id that `list` shows.")]) -> None:
    """Make a key useless at once."""
    with _keys() as keys:
        keys.revoke(key_id)
    typer.echo(f"revoked {key_id}")


@app.command("credits")
def credits_(
    tenant: Annotated[str, typer.Argument(help="The tenant's name, as `create` prints it.")] = "default",
    add: Annotated[int, typer.Option(help="How many to give; a negative number takes some, down to none.")] = 0,
) -> None:
    """Show how many credits a tenant has, or give it some; they count where the setting `ochy_credits` is on."""
    with _keys() as keys:
        left = keys.credits(tenant, add=add)
    typer.echo(f"tenant     {tenant}\ncredits    {left}")
