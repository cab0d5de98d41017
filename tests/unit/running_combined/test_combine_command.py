"""`kinesight combine` as a user calls it: two folders in, one folder out, or one line that says what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kinesight.cli.main import app
from kinesight.domain.errors import BadParameter, BadResult, Conflict, KinesightError

Folders = dict[str, Path]


def call(*arguments: object) -> str:
    """Run the command in this process; errors of ours come out as they are."""
    done = CliRunner().invoke(app, ["combine", *map(str, arguments)])
    if isinstance(done.exception, KinesightError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_two_folders_become_a_page_and_a_document(folders: Folders, tmp_path: Path) -> None:
    said = call(folders["before"], folders["after"], "--out", tmp_path / "both")
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"combined.json", "report.html", "source.json"}
    document = json.loads((tmp_path / "both" / "combined.json").read_text())
    assert (document["schema"], document["kind"]) == ("kinesight.combined/1", "before_after")
    assert [clip["title"] for clip in document["clips"]] == ["before", "after"]
    assert "trunk_lean_deg" in said
    page = (tmp_path / "both" / "report.html").read_text()
    assert "Key frames" in page
    assert "Over the stride" in page


def test_files_may_be_given_instead_and_the_document_printed(folders: Folders, tmp_path: Path) -> None:
    files = [folders[name] / "result.json" for name in ("before", "after")]
    said = call(*files, "--out", tmp_path / "both", "--json")
    assert json.loads(said) == json.loads((tmp_path / "both" / "combined.json").read_text())
    assert call(*files, "--out", tmp_path / "both", "--quiet") == ""  # the same two may be combined again


def test_a_result_alone_gives_numbers_without_pictures(folders: Folders, tmp_path: Path) -> None:
    alone = tmp_path / "alone.json"
    shutil.copy(folders["after"] / "result.json", alone)
    call(folders["before"], alone, "--out", tmp_path / "both")
    page = (tmp_path / "both" / "report.html").read_text()
    assert "Key frames" not in page
    assert "Over the stride" not in page
    assert "What changed" in page


def test_without_out_the_folder_has_both_names(folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    call(folders["before"], folders["after"], "--quiet")
    assert (tmp_path / "kinesight-out" / "before+after" / "combined.json").exists()


def test_other_results_are_never_overwritten(folders: Folders, tmp_path: Path) -> None:
    call(folders["before"], folders["after"], "--out", tmp_path / "both", "--quiet")
    with pytest.raises(Conflict):
        call(folders["before"], folders["again"], "--out", tmp_path / "both")
    with pytest.raises(Conflict):
        call(folders["before"], folders["after"], "--out", folders["again"])


def test_wrong_inputs_are_named(folders: Folders, tmp_path: Path) -> None:
    before, after = folders["before"], folders["after"]
    with pytest.raises(BadParameter, match="3 results"):
        call(before, after, folders["again"], "--out", tmp_path / "x")
    with pytest.raises(BadParameter, match="1 results"):
        call(before, "--out", tmp_path / "x")
    with pytest.raises(BadParameter, match="given twice"):
        call(before, before / "result.json", "--out", tmp_path / "x")
    with pytest.raises(BadParameter, match="There is no folder"):
        call(before, tmp_path / "missing", "--out", tmp_path / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadResult, match="no finished analysis"):
        call(before, tmp_path / "empty", "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()


REST = '"made_by": {"kinesight": "1"}, "video": null, "result": {}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "is not JSON"),
        ("[1, 2]", "no result document"),
        ("{}", "no result document"),
        ('{"schema": "kinesight.poses/1"}', r"kinesight\.poses/1"),
        ('{"schema": "kinesight.result/1", "analysis": "running"}', "made_by"),
        ('{"schema": "kinesight.result/1", "analysis": "alarm", %s}', "'alarm'"),
        ('{"schema": "kinesight.result/1", "analysis": "running", %s}', "Analyse"),
        ('{"schema": "kinesight.result/1", "x": NaN}', "is not JSON"),
        ('{"schema": "kinesight.result/1", "x": 1e999}', "is not JSON"),
    ],
)  # fmt: skip
def test_files_that_are_no_result_are_refused(folders: Folders, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "result.json").write_text(text.replace("%s", REST))
    with pytest.raises(BadResult, match=said):
        call(folders["before"], tmp_path, "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()
