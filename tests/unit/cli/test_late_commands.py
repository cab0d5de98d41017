"""Commands are listed without being imported, and a command imports what it needs and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from kinesight.cli import late
from kinesight.cli.main import app

WIDE = 1000
"""Columns that no summary fills."""

HEAVY = {"numpy", "scipy", "cv2", "av", "onnxruntime", "dbos", "fastapi", "sqlalchemy", "c2pa", "cryptography"}

# runs the command and tells on its last line what was imported by then
PROGRAM = """
import sys
from kinesight.cli import main
try:
    main()
except SystemExit as end:
    print(end.code or 0, *sys.modules)
"""


def run(*arguments: str) -> tuple[int, str, set[str]]:
    """Return exit status, what was printed, and the modules that were imported by the end."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=True)
    *told, last = done.stdout.splitlines()
    status, *modules = last.split()
    return int(status), "\n".join([*told, done.stderr]), set(modules)


def commands_of(group: typer.Typer) -> dict[str, Any]:
    return dict(typer.main.get_group(group).commands)


@pytest.mark.parametrize(
    ("group", "name"), [*((app, name) for name in late.COMMANDS), *((late.analyze, name) for name in late.ANALYSES)]
)
def test_the_table_says_what_the_command_says_of_itself(group: typer.Typer, name: str) -> None:
    listed = commands_of(group)[name]
    real = listed.callback()
    assert isinstance(listed, late.LateCommand)
    assert not isinstance(real, late.LateCommand)
    assert real.name == listed.name == name
    assert listed.get_short_help_str(WIDE) == real.get_short_help_str(WIDE)
    assert (listed.hidden, listed.deprecated) == (real.hidden, real.deprecated)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["analyze", "--help"], ["heds"]])
def test_what_needs_no_command_imports_none(arguments: list[str]) -> None:
    _, _, modules = run(*arguments)
    assert modules & {f"kinesight.cli.{place.partition(':')[0]}" for place, _ in late.COMMANDS.values()} <= {"kinesight.cli.late"}
    assert not modules & HEAVY


def test_help_lists_every_command_with_its_summary() -> None:
    status, told, _ = run("--help")
    assert status == 0
    for name, (_, summary) in late.COMMANDS.items():
        assert f"  {name:7}  {summary[:40]}" in told


def test_the_help_of_hiding_heads_loads_nothing_large() -> None:
    status, told, modules = run("heads", "anonymize", "--help")
    assert status == 0
    assert "--persons" in told
    assert not modules & HEAVY


def test_hiding_heads_imports_no_server_no_other_analysis_and_nothing_that_signs(tmp_path: Path) -> None:
    _, told, modules = run("heads", "anonymize", __file__, "--persons", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    assert "error: bad_parameter: There is no folder or file" in told
    assert "kinesight.wiring.heads" in modules
    assert not modules & {
        "kinesight.analyses.alarm",
        "kinesight.analyses.persons",
        "kinesight.analyses.running",
        "scipy.interpolate",
        "scipy.ndimage",
        "scipy.optimize",
        "c2pa",
        "cryptography",
        "dbos",
        "fastapi",
        "sqlalchemy",
    }


@pytest.mark.parametrize(("command", "others"), [("persons", {"running", "alarm"}), ("alarm", {"running", "persons"})])
def test_one_analysis_imports_no_other(command: str, others: set[str]) -> None:
    _, told, modules = run("analyze", command, "/no/such/video.mp4")
    assert "error: bad_parameter: There is no file /no/such/video.mp4." in told
    assert f"kinesight.analyses.{command}" in modules
    assert not modules & {f"kinesight.analyses.{other}" for other in others}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["heds"], "No such command 'heds'. Did you mean 'heads'?"),
        (["analyze", "runing"], "No such command 'runing'. Did you mean 'running'?"),
        (["heads", "anonymise"], "No such command 'anonymise'. Did you mean 'anonymize'?"),
        (["frobnicate"], "No such command 'frobnicate'."),
        (["models", "--loud"], "No such option"),
    ],
)
def test_a_misspelt_command_is_bad_usage(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_the_usage_line_names_the_whole_command() -> None:
    done = CliRunner().invoke(app, ["heads", "replace", "--help"], prog_name="kinesight")
    assert done.exit_code == 0
    assert done.output.startswith("Usage: kinesight heads replace [OPTIONS] ")
