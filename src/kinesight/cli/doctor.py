"""`kinesight doctor`: says what is wrong with an installation and how to mend it."""

from __future__ import annotations

import typer

from kinesight.domain.errors import InstallationFaulty
from kinesight.settings import load_settings

MARKS = {"ok": "ok  ", "note": "note", "fault": "FAULT"}


def doctor() -> None:
    """Check models, decoder, confinement, disk, database and processor; exit 4 if something has to be mended."""
    from kinesight.diagnosis import examine  # noqa: PLC0415 - it knows the whole server, which other commands need not load

    findings = examine(load_settings())
    for finding in findings:
        mend = f" -> {finding.mend}" if finding.mend else ""
        typer.echo(f"{MARKS[finding.verdict]:5} {finding.subject:12} {finding.fact}{mend}")
    if any(finding.verdict == "fault" for finding in findings):
        raise InstallationFaulty
