"""The persons analysis as a user runs it, on a real clip, and corrected."""

import json
import shutil

import pytest


@pytest.fixture(scope="module")
def folder(short_sprint, kinesight, tmp_path_factory):
    out = tmp_path_factory.mktemp("persons") / "out"
    done = kinesight("analyze", "persons", short_sprint, "--out", out, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


@pytest.mark.slow
def test_the_folder_holds_everything_and_the_parts_agree(folder):
    document = json.loads((folder / "result.json").read_text())
    heads = json.loads((folder / "heads.json").read_text())
    result = document["result"]
    assert document["analysis"] == "persons"
    assert [model["task"] for model in document["made_by"]["models"]] == ["detector", "face", "pose"]
    assert result["detected_objects"] == len(result["persons"]) == len(heads["persons"]) > 0
    assert len(heads["time_s"]) == document["video"]["frame_count"]
    for person, seen in zip(result["persons"], heads["persons"], strict=True):
        assert person["obj_id"] == seen["obj_id"]
        assert person["ranges"][0]["first_frame"] == seen["first_frame"]
        assert (folder / person["preview"]).read_bytes()[:2] == b"\xff\xd8"
        frames = sum(one["last_frame"] - one["first_frame"] + 1 for one in person["ranges"])
        lines = [line.split(",") for line in (folder / "tracks.txt").read_text().splitlines()]
        assert sum(int(line[1]) == person["obj_id"] + 1 for line in lines) == frames
    for name in ("annotated.mp4", "report.html", "thumbnail.jpg", "coco.json"):
        assert (folder / name).stat().st_size > 1000


@pytest.mark.slow
def test_the_sprinter_is_one_person(folder):
    sprinter = json.loads((folder / "result.json").read_text())["result"]["persons"][0]
    assert sprinter["ranges"][0]["first_frame"] <= 3
    assert sprinter["ranges"][-1]["last_frame"] >= 28  # behind the tree after that


@pytest.mark.slow
def test_corrections_are_written_and_a_wrong_one_changes_nothing(folder, kinesight, tmp_path):
    copy = tmp_path / "out"
    shutil.copytree(folder, copy)
    done = kinesight("persons", "correct", copy, "--rename", "0=Anna", "--split", "0@0.5", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    before = json.loads((folder / "result.json").read_text())["result"]
    assert result["persons"][0]["name"] == "Anna"
    assert len(result["persons"]) == len(before["persons"]) + 1
    assert [one["action"] for one in result["corrections"]] == ["split", "rename"]
    assert not (copy / "annotated.mp4").exists()
    assert "Anna" in (copy / "report.html").read_text()
    kept = (copy / "result.json").read_bytes()
    wrong = kinesight("persons", "correct", copy, "--merge", "0,99")
    assert wrong.returncode == 2
    assert "error: bad_parameter: There is no person 99" in wrong.stderr
    assert (copy / "result.json").read_bytes() == kept
