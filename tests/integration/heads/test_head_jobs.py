"""Head tasks as the job engine's process does them: pictures uploaded or fetched, refusals by name."""

import numpy as np
import pytest

from kinesight.domain.errors import (
    BadParameter,
    NoFaceInReference,
    SeveralFacesInReference,
    SourceForbidden,
    SourceUnreachable,
    VideoTooLarge,
)
from kinesight.media.jpeg import encode_jpeg
from kinesight.testing.file_server import file_server
from kinesight.wiring.head_jobs import do_head_task

REPLACE = {"mode": "replace", "replace": [0], "consent": "Both of them agreed."}


class Silent:
    def progress(self, stage, done, total):
        pass


@pytest.fixture
def order(clip, persons, settings, tmp_path):
    """Return a function that does a task as the engine orders it, and returns its folder."""

    def do(parameters, *, references=None, corrections=(), **changed):
        out = tmp_path / "out"
        out.mkdir()
        basis = {"folder": str(persons.parent), "corrections": corrections, "references": references or {}, "asked_by": "one/key"}
        request = {"kind": "heads", "parameters": parameters, "input": str(clip), "input_name": "two.mp4", "basis": basis}
        try:
            do_head_task(request, out, watch=Silent(), settings=settings.model_copy(update=changed))
        finally:
            assert not list(out.glob(".work-*"))
        return out

    return do


@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("http://10.1.2.3/face.png", SourceForbidden, "10.1.2.3"),
        ("http://127.0.0.1:1/face.png", SourceUnreachable, "reference picture of person 0"),
        ("file:///etc/passwd", SourceForbidden, "http"),
    ],
)
def test_an_address_that_is_not_fetched_is_named(order, url, error, said):
    with pytest.raises(error, match=said):
        order(REPLACE, references={"0": {"url": url}}, fetch_allow=("127.0.0.1",))


def test_a_picture_is_fetched_before_it_is_judged(order, tmp_path):
    (tmp_path / "grey.jpg").write_bytes(picture_of("nobody", None))
    with file_server(tmp_path) as address:
        references = {"0": {"url": f"{address}/grey.jpg"}}
        with pytest.raises(NoFaceInReference, match="reference_0"):
            order(REPLACE, references=references, fetch_allow=("127.0.0.1",))


def test_a_picture_larger_than_the_limit_is_not_fetched(order, portrait_file):
    with file_server(portrait_file.parent) as address:
        references = {"0": {"url": f"{address}/{portrait_file.name}"}}
        with pytest.raises(VideoTooLarge, match="reference picture"):
            order(REPLACE, references=references, fetch_allow=("127.0.0.1",), max_upload_mb=0.1)


def picture_of(kind, portrait):
    match kind:
        case "text":
            return b"not a picture at all"
        case "cut":
            return encode_jpeg(portrait)[:300]
        case "nobody":
            return encode_jpeg(np.full((300, 300, 3), 127, np.uint8))
    return encode_jpeg(np.concatenate([portrait, portrait], axis=1))


@pytest.mark.parametrize(
    ("kind", "error"),
    [("text", BadParameter), ("cut", BadParameter), ("two", SeveralFacesInReference)],
)
def test_a_picture_that_cannot_be_used_is_named(order, portrait, tmp_path, kind, error):
    path = tmp_path / "0190a6f4-5c1e-4d4e-9d31-0c9b4f6f0a11"
    path.write_bytes(picture_of(kind, portrait))
    with pytest.raises(error, match="reference_0"):
        order(REPLACE, references={"0": {"path": str(path)}})
