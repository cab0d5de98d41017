"""Heads hidden in a real video with real models: who is hidden, who is kept, what is reported."""

import hashlib
import json

import numpy as np
import pytest

from kinesight.domain.errors import BadResult, Conflict, OtherVideo, UnknownPerson
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.heads import change_heads, parse_heads_parameters

FILES = {"output.mp4", "result.json", "leaks.json", "audit.json", "report.html", "thumbnail.jpg", "source.json"}


def faces_in(frames, settings, *, least=0.35):
    detector = ModelShelf(settings).faces()
    found = []
    for frame in frames:
        faces = detector.detect(frame.rgb)
        found.append(faces.xyxy_px[faces.score >= least])
    return found


def test_the_folder_holds_every_file_and_says_what_was_done(task, clip):
    document, out = task(mode="anonymize", keep=(1,))
    assert {path.name for path in out.iterdir()} == FILES
    written = json.loads((out / "result.json").read_text())
    assert written == json.loads(json.dumps(document.model_dump(mode="json", by_alias=True)))
    assert (document.analysis, document.video.frame_count) == ("heads", 9)
    assert [(one["obj_id"], one["action"]) for one in document.result["persons"]] == [(0, "hidden"), (1, "kept")]
    assert document.result["persons"][0]["covered"][0]["last_frame"] == 8
    assert document.result["output"]["sha256"] == hashlib.sha256((out / "output.mp4").read_bytes()).hexdigest()
    assert [model.task for model in document.made_by.models] == ["face"]


def test_every_frame_is_kept_with_its_time(task, clip, read_frames):
    _, out = task(mode="anonymize", keep=(1,))
    source, output = read_frames(clip), read_frames(out / "output.mp4")
    assert [frame.time_s for frame in output] == pytest.approx([frame.time_s for frame in source], abs=2e-5)


def test_the_hidden_head_is_gone_and_the_kept_one_is_as_it_was(task, clip, settings, read_frames, heads_of):
    _, out = task(mode="anonymize", keep=(1,))
    source, output = read_frames(clip), read_frames(out / "output.mp4")
    for frame, faces in enumerate(faces_in(output, settings)):
        assert len(faces) == 1
        assert (faces[0, 0] + faces[0, 2]) / 2 > 320  # the right one
        left, top, right, bottom = heads_of(1, frame).astype(int)
        kept = np.s_[max(0, top) : bottom, left:right]
        assert np.abs(source[frame].rgb[kept].astype(int) - output[frame].rgb[kept]).mean() < 4
        left, top, right, bottom = heads_of(0, frame).astype(int)
        hidden = np.s_[max(0, top) : bottom, left:right]
        assert np.abs(source[frame].rgb[hidden].astype(int) - output[frame].rgb[hidden]).mean() > 12


def test_drawn_heads_leave_no_face_at_risk(task, read_frames):
    """Without sound and at 480p, which never enlarges."""
    document, out = task(mode="anonymize", style="drawn", resolution="480p", keep_original_sound=False)
    check = document.result["check"]
    assert (check["faces_at_risk"], check["frames"], check["repaired"]) == (0, 9, 0)
    assert (document.result["output"]["width_px"], document.result["output"]["height_px"]) == (640, 320)
    assert read_frames(out / "output.mp4")[0].rgb.shape == (320, 640, 3)


@pytest.fixture(scope="module")
def half_known(persons, tmp_path_factory):
    """Return a map that lacks the right head, and the left one from the middle of the video on."""
    document = json.loads(persons.with_name("heads.json").read_text())
    left = next(one for one in document["persons"] if one["head_xyxy_px"][0][0] < 320)
    for name in ("box_xyxy_px", "head_xyxy_px", "head_source", "score"):
        left[name] = left[name][:2]  # and half a second more
    folder = tmp_path_factory.mktemp("half-known")
    (folder / "heads.json").write_text(json.dumps({**document, "persons": [{**left, "obj_id": 0}]}))
    (folder / "result.json").write_text("{}")
    return folder / "result.json"


def test_heads_that_the_map_lacks_are_found_in_the_output_and_covered(task, half_known, settings, read_frames):
    document, out = task(mode="anonymize", map_of=half_known)
    result = document.result
    assert result["check"]["passes"] >= 2
    assert result["check"]["repaired"] >= 9
    assert result["check"]["faces_at_risk"] == 0
    assert result["unknown_heads"] >= 2
    assert not any(len(faces) for faces in faces_in(read_frames(out / "output.mp4"), settings))


@pytest.fixture(scope="module")
def left_alone(persons, tmp_path_factory):
    """Return a map that lacks the right head."""
    document = json.loads(persons.with_name("heads.json").read_text())
    left = next(one for one in document["persons"] if one["head_xyxy_px"][0][0] < 320)
    folder = tmp_path_factory.mktemp("left-alone")
    (folder / "heads.json").write_text(json.dumps({**document, "persons": [{**left, "obj_id": 0}]}))
    (folder / "result.json").write_text("{}")
    return folder / "result.json"


def test_heads_that_the_map_lacks_stay_where_only_chosen_ones_are_hidden(task, left_alone, settings, read_frames):
    document, out = task(mode="anonymize", map_of=left_alone, only=(0,))
    assert document.result["unknown_heads"] == 0
    for faces in faces_in(read_frames(out / "output.mp4"), settings):
        assert len(faces) == 1
        assert faces[0, 0] > 320


def test_hiding_is_recorded(task, settings, clip):
    document, out = task(mode="anonymize", keep=(1,))
    record = json.loads((out / "audit.json").read_text())
    assert (record["schema"], record["action"], record["by"], record["consent"]) == (
        "kinesight.audit/1",
        "anonymize",
        "tester",
        None,
    )
    assert record["source_sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert record["output_sha256"] == document.result["output"]["sha256"]
    assert record in [json.loads(line) for line in settings.audit_log.read_text().splitlines()]


def test_the_wrong_video_a_foreign_person_and_a_folder_without_map_are_refused(
    clip, persons, settings, tmp_path, task, treadmill_walk
):
    with pytest.raises(OtherVideo):
        task(mode="anonymize", video=treadmill_walk)
    with pytest.raises(UnknownPerson):
        task(mode="anonymize", keep=(7,))
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(BadResult, match=r"no heads\.json"):
        task(mode="anonymize", map_of=tmp_path / "result.json")
    with pytest.raises(Conflict, match="person analysis"):
        change_heads(
            clip,
            persons.parent,
            persons=persons,
            parameters=parse_heads_parameters({"mode": "anonymize"}),
            references={},
            by="tester",
            watch=None,
            settings=settings,
        )
    assert persons.with_name("heads.json").exists()


def test_a_map_of_other_frames_is_refused(task, persons, tmp_path):
    document = json.loads(persons.with_name("heads.json").read_text())
    (tmp_path / "heads.json").write_text(json.dumps({**document, "time_s": [at_s * 1.1 for at_s in document["time_s"]]}))
    (tmp_path / "result.json").write_text("{}")
    with pytest.raises(BadResult, match="does not fit the video from frame 1"):
        task(mode="anonymize", map_of=tmp_path / "result.json")
