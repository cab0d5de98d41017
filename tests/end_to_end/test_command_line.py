"""The command as a user runs it: a process, real models, real video."""

import csv
import json

import av
import pytest

FILES = {
    "result.json",
    "poses.json",
    "series.csv",
    "strides.csv",
    "thumbnail.jpg",
    "annotated.mp4",
    "report.html",
    "source.json",
}


@pytest.fixture(scope="module")
def analysed(kinesight, sprint, tmp_path_factory):
    out = tmp_path_factory.mktemp("sprint") / "out"
    done = kinesight("analyze", "running", sprint, "--out", out, "--json", "--pose-model", "full")
    return done, out


def error_lines(done):
    return [line for line in done.stderr.splitlines() if line.startswith("error: ")]


def test_a_sprint_gives_every_file_and_one_document_on_standard_output(analysed):
    done, out = analysed
    assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == FILES
    assert json.loads(done.stdout) == json.loads((out / "result.json").read_text())


def test_the_sprint_is_chosen_and_the_rest_is_left_out(analysed):
    done, _ = analysed
    document = json.loads(done.stdout)
    result = document["result"]
    assert result["view"] == "side"
    assert result["direction"] == "right"
    assert result["treadmill"] is False
    assert 6.4 < result["running_from_s"] < 7.2
    strikes = [event for event in result["events"] if event["kind"] == "foot_strike"]
    assert 2 <= len(strikes) <= 4
    assert {event["foot"] for event in strikes} == {"left", "right"}
    # by eye, in enlarged frames: the left foot meets the grass at frame 211 to 212, the right one at 221 to 222, 30 a second
    assert strikes[0]["time_s"] == pytest.approx(211.5 / 30, abs=0.07)
    assert any(event["time_s"] == pytest.approx(221.5 / 30, abs=0.1) for event in strikes[1:])
    codes = {warning["code"] for warning in document["warnings"]}
    assert "several_people" in codes
    assert "few_strides" in codes


def test_provenance_names_models_video_and_parameters(analysed):
    document = json.loads(analysed[0].stdout)
    assert [model["task"] for model in document["made_by"]["models"]] == ["detector", "pose"]
    assert all(len(model["sha256"]) == 64 for model in document["made_by"]["models"])
    assert document["made_by"]["parameters"]["pose_model"] == "full"
    assert (document["video"]["width_px"], document["video"]["height_px"], document["video"]["frame_count"]) == (1768, 994, 230)


def test_the_annotated_video_plays_everywhere_and_keeps_every_frame_and_the_sound(analysed):
    _, out = analysed
    with av.open(str(out / "annotated.mp4")) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(video=0)) == 230
    head = (out / "annotated.mp4").read_bytes()[:4096]
    assert head.find(b"moov") != -1  # faststart: the index stands in front


def test_series_has_a_row_per_frame(analysed):
    _, out = analysed
    with (out / "series.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 230
    assert float(rows[-1]["time_s"]) > float(rows[0]["time_s"])


def test_stored_observations_give_the_same_result_without_the_video(analysed, kinesight, tmp_path):
    done, out = analysed
    again = kinesight(
        "analyze", "running", "--poses", out / "poses.json", "--out", tmp_path / "again", "--json", "--pose-model", "full"
    )
    assert again.returncode == 0, again.stderr
    first, second = json.loads(done.stdout)["result"], json.loads(again.stdout)["result"]
    assert second["scores"] == first["scores"]
    assert second["events"] == first["events"]
    assert (tmp_path / "again" / "report.html").exists()


def test_another_video_does_not_overwrite_results(analysed, kinesight, treadmill_walk):
    _, out = analysed
    before = (out / "result.json").read_bytes()
    done = kinesight("analyze", "running", treadmill_walk, "--out", out)
    assert done.returncode == 2
    assert error_lines(done)[0].startswith("error: conflict: ")
    assert (out / "result.json").read_bytes() == before


def test_a_walk_is_refused_with_the_evidence_kept(kinesight, treadmill_walk, tmp_path):
    done = kinesight("analyze", "running", treadmill_walk, "--out", tmp_path / "out", "--pose-model", "full")
    assert done.returncode == 3
    assert len(error_lines(done)) == 1
    assert error_lines(done)[0].split(": ")[1] in {"wrong_view", "not_running"}
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"poses.json", "thumbnail.jpg", "evidence.jpg"} <= names
    assert "result.json" not in names


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_video"),
        (b"hello, I am a text file" * 100, "not_a_video"),
        (b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "not_a_video"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_video"),
    ],
)
def test_files_that_are_no_videos_are_refused(kinesight, tmp_path, content, code):
    (tmp_path / "clip.mp4").write_bytes(content)
    done = kinesight("analyze", "running", tmp_path / "clip.mp4", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert [line.split(": ")[1] for line in error_lines(done)] == [code]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "running"],
        ["analyze", "running", "missing.mp4"],
        ["analyze", "running", "--poses", "missing.json", "--view", "side"],
        ["analyze", "running", "x.mp4", "--no-such-option"],
        ["analyze", "juggling", "x.mp4"],
    ],
)
def test_bad_usage_exits_2(kinesight, tmp_path, arguments):
    done = kinesight(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "option",
    [
        ["--height-m", "17"],
        ["--pace", "five"],
        ["--view", "top"],
        ["--language", "xx"],
        ["--profile", "nobody/9"],
        ["--sex", "x"],
        ["--slow-motion", "0"],
    ],
)
def test_parameters_out_of_range_exit_2_and_name_the_parameter(kinesight, short_sprint, tmp_path, option):
    done = kinesight("analyze", "running", short_sprint, "--out", tmp_path / "out", *option)
    assert done.returncode == 2
    assert option[0].strip("-").replace("-", "_").split("_")[0] in error_lines(done)[0]


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_missing_or_damaged_model_names_the_command_that_mends_it(kinesight, short_sprint, tmp_path, damage):
    models = tmp_path / "models"
    models.mkdir()
    if damage == "damaged":
        (models / "efficientdet-lite0.tflite").write_bytes(b"not a model")
    done = kinesight("analyze", "running", short_sprint, "--out", tmp_path / "out", environment={"KINESIGHT_MODELS": str(models)})
    assert done.returncode == 4
    assert error_lines(done)[0].startswith(f"error: model_{damage}: ")
    assert "kinesight models fetch" in error_lines(done)[0]


def test_poses_that_are_nonsense_are_refused(kinesight, tmp_path):
    (tmp_path / "poses.json").write_text('{"schema": "kinesight.poses/1", "time_s": [0, 0]}')
    done = kinesight("analyze", "running", "--poses", tmp_path / "poses.json", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert error_lines(done)[0].startswith("error: bad_observations: ")


def test_models_and_doctor_tell_the_state_of_the_installation(kinesight, samples, tmp_path):
    assert kinesight("models", "verify").returncode == 0
    assert "blazepose-heavy" in kinesight("models", "list").stdout
    healthy = kinesight("doctor", environment={"KINESIGHT_DATA": str(tmp_path / "data")})
    assert healthy.returncode == 0, healthy.stdout
    sick = kinesight("doctor", environment={"KINESIGHT_MODELS": str(tmp_path / "none"), "KINESIGHT_DATA": str(tmp_path / "data")})
    assert sick.returncode == 4
    assert "kinesight models fetch" in sick.stdout


def test_a_strange_setting_is_named(kinesight):
    done = kinesight("models", "verify", environment={"KINESIGHT_PORT": "many"})
    assert done.returncode == 4
    assert error_lines(done)[0].startswith("error: bad_setting: ")
    assert "port" in error_lines(done)[0]
