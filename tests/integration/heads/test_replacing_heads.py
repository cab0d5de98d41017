"""Faces put on heads of a real video: where they go, what stays, what is refused, and how the output says so."""

import json

import c2pa
import numpy as np
import PIL.Image
import pytest

from kinesight.domain.errors import (
    BadParameter,
    ConsentMissing,
    NoFaceInReference,
    ReferenceTooSmall,
    SeveralFacesInReference,
)
from kinesight.domain.provenance import COMPOSITE_WITH_AI
from kinesight.media.provenance import XMP_UUID
from kinesight.vision.shelf import ModelShelf

CONSENT = "Eileen Collins, by making the portrait public"


@pytest.fixture(scope="module")
def reference(portrait, tmp_path_factory):
    """Return another face than those of the video, as far as a computer goes: the portrait mirrored, tinted, in a JPEG file."""
    path = tmp_path_factory.mktemp("reference") / "face.jpg"
    tinted = np.clip(portrait[:320, 60:400][:, ::-1] * np.array([0.75, 0.95, 1.1]), 0, 255).astype(np.uint8)
    PIL.Image.fromarray(tinted).save(path, quality=95)
    return path


@pytest.fixture(scope="module")
def replaced(task, reference):
    return task(mode="replace", references={0: reference}, consent=CONSENT)


def test_one_head_is_replaced_in_every_frame_and_the_other_is_kept(replaced):
    document, _ = replaced
    first, second = document.result["persons"]
    assert (first["action"], second["action"]) == ("replaced", "kept")
    assert [(one["first_frame"], one["last_frame"]) for one in first["replaced"]] == [(0, 8)]
    assert first["fallback"] == []
    assert [model.task for model in document.made_by.models] == ["face", "face_mesh", "segmenter"]


def test_the_new_face_sits_where_the_old_one_was(replaced, moving, settings, read_frames):
    """The mesh of the output's face, put back by the known motion, stays where that of the first frame is."""
    _, out = replaced
    shelf = ModelShelf(settings)
    faces, mesh = shelf.faces(), shelf.face_mesh()
    offsets = []
    for frame, source in zip(read_frames(out / "output.mp4"), moving.frames, strict=True):
        both = []
        for picture in (source, frame.rgb):
            found = faces.detect(picture)
            left = next(points for points in found.points_px if points[2, 0] < 320)
            both.append(
                mesh.estimate(picture, mesh.estimate(picture, mesh.roi_of_face(left)).next_roi).points_px[:, :2].mean(axis=0)
            )
        offsets.append(both[1] - both[0])
    offsets = np.array(offsets)
    assert np.abs(offsets).max() < 4.0
    assert np.hypot(*np.diff(offsets, axis=0).T).max() < 2.0


def test_outside_the_head_nothing_changes_but_what_the_encoder_does(replaced, clip, read_frames, heads_of):
    _, out = replaced
    for frame, (before, after) in enumerate(zip(read_frames(clip), read_frames(out / "output.mp4"), strict=True)):
        left, top, right, bottom = heads_of(0, frame).astype(int)
        outside = np.ones(before.rgb.shape[:2], dtype=bool)
        outside[-40:, -220:] = False  # the visible mark
        outside[max(0, top - 40) : bottom + 40, max(0, left - 40) : right + 40] = False
        error = (before.rgb[outside].astype(float) - after.rgb[outside]) ** 2
        assert 10 * np.log10(255**2 / error.mean()) > 34  # two generations of H.264 at the writer's own quality


def test_the_face_really_changed_and_took_the_light_of_the_scene(replaced, clip, read_frames, heads_of):
    _, out = replaced
    before, after = read_frames(clip)[5].rgb, read_frames(out / "output.mp4")[5].rgb
    left, top, right, bottom = heads_of(0, 5).astype(int)
    middle = np.s_[(top + bottom) // 2 - 25 : (top + bottom) // 2 + 40, (left + right) // 2 - 30 : (left + right) // 2 + 30]
    assert np.abs(before[middle].astype(int) - after[middle]).mean() > 4
    # the reference is bluer by far; on the head it has the head's own colour
    np.testing.assert_allclose(after[middle].reshape(-1, 3).mean(axis=0), before[middle].reshape(-1, 3).mean(axis=0), atol=14)


def test_the_output_says_that_it_was_changed(replaced):
    document, out = replaced
    with c2pa.Reader(str(out / "output.mp4")) as reader:
        credentials = json.loads(reader.json())
    manifest = credentials["manifests"][credentials["active_manifest"]]
    actions = next(one for one in manifest["assertions"] if one["label"].startswith("c2pa.actions"))["data"]["actions"]
    assert {action["digitalSourceType"] for action in actions} == {COMPOSITE_WITH_AI}
    assert "c2pa.edited" in {action["action"] for action in actions}
    failures = {one["code"] for one in credentials["validation_results"]["activeManifest"]["failure"]}
    assert failures == {"signingCredential.untrusted"}  # nobody vouches for a certificate of our own making
    content = (out / "output.mp4").read_bytes()
    assert XMP_UUID.bytes in content
    assert f"<Iptc4xmpExt:DigitalSourceType>{COMPOSITE_WITH_AI}<".encode() in content
    provenance = document.result["provenance"]
    assert (provenance["c2pa"], provenance["is_test_certificate"]) == ("signed", True)


def test_a_changed_byte_breaks_the_seal(replaced, tmp_path):
    _, out = replaced
    content = bytearray((out / "output.mp4").read_bytes())
    content[content.find(b"mdat") + 2000] ^= 0xFF
    (tmp_path / "forged.mp4").write_bytes(content)
    with c2pa.Reader(str(tmp_path / "forged.mp4")) as reader:
        failures = {one["code"] for one in json.loads(reader.json())["validation_results"]["activeManifest"]["failure"]}
    assert "assertion.bmffHash.mismatch" in failures


def test_replacing_is_recorded_with_consent_and_reference(replaced, reference):
    _, out = replaced
    record = json.loads((out / "audit.json").read_text())
    assert (record["action"], record["consent"]) == ("replace", CONSENT)
    assert list(record["references_sha256"]) == ["0"]
    assert len(record["references_sha256"]["0"]) == 64


def test_the_visible_mark_is_in_the_corner_and_says_what_was_done(replaced, clip, read_frames):
    document, out = replaced
    assert document.result["provenance"]["visible_mark"] is True
    corner = np.s_[-40:, -200:]
    plain, marked = (read_frames(path)[4].rgb[corner].astype(int) for path in (clip, out / "output.mp4"))
    assert np.abs(marked - plain).max() > 60
    assert np.abs(marked[:, :20] - plain[:, :20]).mean() < 8  # to the left of it nothing


def test_without_consent_nothing_is_done(task, reference):
    with pytest.raises(ConsentMissing):
        task(mode="replace", references={0: reference})


def test_references_that_cannot_be_used_are_named(task, portrait, tmp_path):
    def saved(name, picture):
        PIL.Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / name)
        return tmp_path / name

    head = portrait[:320, 60:400]
    small = np.asarray(PIL.Image.fromarray(np.ascontiguousarray(head)).resize((120, 113)))
    cases = [
        (NoFaceInReference, saved("wall.png", np.full((300, 300, 3), 128, np.uint8))),
        (SeveralFacesInReference, saved("two.png", np.concatenate([head, head[:, ::-1]], axis=1))),
        (ReferenceTooSmall, saved("small.png", small)),
    ]
    for kind, path in cases:
        with pytest.raises(kind, match=path.name):
            task(mode="replace", references={0: path}, consent=CONSENT)
    (tmp_path / "text.jpg").write_text("no picture")
    for path in (tmp_path / "text.jpg", tmp_path / "missing.jpg"):
        with pytest.raises(BadParameter, match=path.name):
            task(mode="replace", references={0: path}, consent=CONSENT)
