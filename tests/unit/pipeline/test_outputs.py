import json

import pytest

from kinesight.domain.errors import BadParameter, Conflict
from kinesight.pipeline.outputs import OutputFolder


def test_another_videos_results_are_never_overwritten(tmp_path):
    OutputFolder(tmp_path, source="aaa").text("series.csv", "first")
    with pytest.raises(Conflict, match="another video"):
        OutputFolder(tmp_path, source="bbb")
    assert (tmp_path / "series.csv").read_text() == "first"


def test_the_same_videos_results_are_replaced_and_other_files_stay(tmp_path):
    first = OutputFolder(tmp_path, source="aaa")
    first.text("strides.csv", "old")
    (tmp_path / "notes.txt").write_text("mine")
    OutputFolder(tmp_path, source="aaa")
    assert not (tmp_path / "strides.csv").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_results_of_unknown_origin_are_left_alone(tmp_path):
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(Conflict, match="unknown origin"):
        OutputFolder(tmp_path, source="aaa")


def test_a_file_in_place_of_the_folder_is_bad_usage(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadParameter, match="cannot be made"):
        OutputFolder(tmp_path / "taken", source="aaa")


def test_nan_never_reaches_a_document(tmp_path):
    folder = OutputFolder(tmp_path, source="aaa")
    with pytest.raises(ValueError, match="JSON"):
        folder.json("result.json", {"value": float("nan")})
    assert not (tmp_path / "result.json").exists()
    assert list(tmp_path.glob(".*part")) == []


def test_text_is_utf8(tmp_path):
    folder = OutputFolder(tmp_path, source="aaa")
    folder.json("a.json", {"position": "µ é"})
    assert json.loads((tmp_path / "a.json").read_bytes().decode()) == {"position": "µ é"}


@pytest.mark.parametrize("content", ["{bad", "[]", "", '{"other": 1}'])
def test_a_marker_that_is_not_ours_guards_the_folder(tmp_path, content):
    (tmp_path / "source.json").write_text(content)
    with pytest.raises(Conflict, match="another video"):
        OutputFolder(tmp_path, source="aaa")
    assert (tmp_path / "source.json").read_text() == content


def test_a_folder_in_place_of_the_marker_or_of_a_result_is_bad_usage(tmp_path):
    (tmp_path / "a" / "source.json").mkdir(parents=True)
    with pytest.raises(Conflict, match="another video"):
        OutputFolder(tmp_path / "a", source="aaa")
    OutputFolder(tmp_path / "b", source="aaa")
    (tmp_path / "b" / "report.html").mkdir()
    with pytest.raises(BadParameter, match=r"report\.html cannot be replaced"):
        OutputFolder(tmp_path / "b", source="aaa")


def test_half_a_surrogate_pair_of_a_file_name_is_written_as_a_question_mark(tmp_path):
    folder = OutputFolder(tmp_path, source="aaa")
    folder.text("a.html", "clip\udcff.mp4")
    folder.json("a.json", {"name": "\ud800"})
    assert (tmp_path / "a.html").read_bytes() == b"clip?.mp4"
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"name": "?"}
