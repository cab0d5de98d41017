"""`kinesight heads …` as a user runs it: exit statuses, one document on standard output, nothing overwritten."""

import json


def test_hiding_from_the_command_line(kinesight, clip, persons, tmp_path):
    out = tmp_path / "out"
    done = kinesight(
        "heads", "anonymize", clip, "--persons", persons.parent, "--only", "1", "--style", "solid", "--out", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document == json.loads((out / "result.json").read_text())
    assert [one["action"] for one in document["result"]["persons"]] == ["kept", "hidden"]
    assert "<video" in (out / "report.html").read_text()


def test_bad_usage_ends_with_status_2_and_one_line(kinesight, clip, persons, portrait_file, tmp_path):
    no_consent = kinesight("heads", "replace", clip, "--persons", persons, "--map", f"0={portrait_file}", "--out", tmp_path / "a")
    assert (no_consent.returncode, no_consent.stderr.startswith("error: consent_missing: ")) == (2, True)
    six = [part for number in range(6) for part in ("--map", f"{number}={portrait_file}")]
    too_many = kinesight(
        "heads", "replace", clip, "--persons", persons, *six, "--consent", "all of them", "--out", tmp_path / "b"
    )
    assert (too_many.returncode, "5 can be replaced" in too_many.stderr) == (2, True)
    assert not (tmp_path / "a").exists()
