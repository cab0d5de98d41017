"""The alarm command as a user runs it: a process, a real model, a real video."""

import json

import pytest

FILES = {"result.json", "evidence.json", "tracks.csv", "thumbnail.jpg", "annotated.mp4", "report.html", "source.json"}


@pytest.fixture(scope="module")
def judged(kinesight, sprint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alarm")
    metadata = folder / "meta.json"
    metadata.write_text(json.dumps({"camera_id": "VI08"}))
    done = kinesight("analyze", "alarm", sprint, "--out", folder / "out", "--json", "--metadata", metadata)
    return done, folder / "out"


def test_people_who_pass_are_an_intrusion(judged):
    done, out = judged
    assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == FILES
    document = json.loads(done.stdout)
    assert document == json.loads((out / "result.json").read_text())
    result = document["result"]
    assert (result["risk"], result["rule"], result["error_code"]) == ("intrusion", "moving_person", 0)
    assert {"intrusion", "person"} <= set(result["labels"])
    assert result["metadata"] == {"camera_id": "VI08"}
    assert result["thresholds"] == {"low": 0.2, "high": 0.8}


def test_stored_evidence_is_judged_again_under_other_rules(judged, kinesight, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"is_armed": False}))
    evidence = judged[1] / "evidence.json"
    done = kinesight("analyze", "alarm", "--evidence", evidence, "--camera", rules, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert (result["risk"], result["rule"]) == ("safe", "not_armed")
    assert "person" in result["labels"]


@pytest.mark.parametrize(("content", "option"), [("[1]", "--metadata"), ("{", "--metadata"), ('{"zones": 3}', "--camera")])
def test_rules_and_metadata_that_are_none_are_bad_usage(kinesight, sprint, tmp_path, content, option):
    path = tmp_path / "given.json"
    path.write_text(content)
    done = kinesight("analyze", "alarm", sprint, option, path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.count("error: bad_parameter") == 1
