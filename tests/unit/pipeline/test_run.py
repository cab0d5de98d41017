"""One run with the toy analysis and a reader that needs no file: what is written, when, and what a refusal leaves."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinesight.domain.errors import BadObservations, Cancelled, NobodyVisible, TruncatedVideo
from kinesight.domain.video import Frame, VideoInfo
from kinesight.pipeline.run import Run, Studio, VideoSource
from kinesight.testing.toy import TOY, ToyObservations, ToyParameters

FRAMES = 20


class GlowingReader:
    """Twenty pictures, each a little brighter; the 12th is the brightest."""

    def __init__(self, level=100, *, breaks_at=None):
        self.info = VideoInfo(sha256=f"glow{level}", width_px=8, height_px=6, fps=10.0, frame_count=FRAMES, duration_s=2.0)
        self.level = level
        self.breaks_at = breaks_at
        self.passes = 0

    def frames(self, *, longest_side_px=None):
        self.passes += 1
        for index in range(FRAMES):
            if index == self.breaks_at:
                raise TruncatedVideo("It breaks off.")
            value = self.level + (50 if index == 12 and self.level else 0)
            yield Frame(index=index, time_s=index / 10, rgb=np.full((6, 8, 3), value, np.uint8))


class Easel:
    def __init__(self, rgb):
        self.rgb = rgb.copy()

    def disc(self, centre, *, radius_px, colour, opacity=1.0):
        self.rgb[0, int(centre[0]) % 8] = colour

    def picture(self):
        return self.rgb


class Tape:
    def __init__(self):
        self.times = []
        self.pictures = []
        self.sound_problem = None

    @contextlib.contextmanager
    def __call__(self, path, *, width_px, height_px, sound_from=None):
        assert (width_px, height_px) == (8, 6)
        yield self
        path.write_bytes(b"video")

    def write(self, rgb, *, time_s):
        self.times.append(time_s)
        self.pictures.append(rgb)


class Log:
    def __init__(self, cancel_at=None):
        self.stages = []
        self.cancel_at = cancel_at

    def progress(self, stage, done, total):
        if (stage, done) == self.cancel_at:
            raise Cancelled
        if stage not in self.stages:
            self.stages.append(stage)


@pytest.fixture
def tape():
    return Tape()


def make_run(tape, watch=None, *, analysis=TOY, **parameters):
    studio = Studio(models=None, open_writer=tape, canvas=Easel, encode_jpeg=lambda rgb: b"jpeg%d" % rgb[3, 3, 0])
    return Run(analysis, ToyParameters(**parameters), studio=studio, watch=watch or Log())


def source(reader, tmp_path):
    return VideoSource(path=tmp_path / "clip.mp4", reader=reader, name="clip.mp4")


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_run_writes_everything_and_the_result_last(tape, tmp_path):
    watch = Log()
    document = make_run(tape, watch).of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    written = {"result.json", "poses.json", "series.csv", "annotated.mp4", "thumbnail.jpg", "report.html", "source.json"}
    assert names(tmp_path / "out") == written
    assert watch.stages == ["observe", "analyse", "render", "write"]
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == document.model_dump(mode="json", by_alias=True)
    assert document.result["brightness"] == pytest.approx(102.5)
    assert document.schema_ == "kinesight.result/1"


def test_every_picture_is_rendered_with_its_own_time_and_the_stills_are_the_nearest(tape, tmp_path):
    make_run(tape).of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    assert tape.times == pytest.approx([n / 10 for n in range(FRAMES)])
    assert (tmp_path / "out" / "thumbnail.jpg").read_bytes() == b"jpeg100"
    assert "['brightest']" in (tmp_path / "out" / "report.html").read_text()


def test_the_video_is_read_twice_and_no_more(tape, tmp_path):
    reader = GlowingReader()
    make_run(tape).of_video(source(reader, tmp_path), tmp_path / "out")
    assert reader.passes == 2


def test_a_refusal_keeps_observations_thumbnail_and_evidence_and_no_result(tape, tmp_path):
    with pytest.raises(NobodyVisible):
        make_run(tape).of_video(source(GlowingReader(0), tmp_path), tmp_path / "out")
    assert names(tmp_path / "out") == {"poses.json", "thumbnail.jpg", "evidence.jpg", "source.json"}
    assert tape.times == []


def test_an_earlier_result_is_gone_when_the_next_run_is_refused(tape, tmp_path):
    reader = GlowingReader(30)
    make_run(tape).of_video(source(reader, tmp_path), tmp_path / "out")
    with pytest.raises(NobodyVisible):
        make_run(tape, darkest=200).of_video(source(reader, tmp_path), tmp_path / "out")
    assert "result.json" not in names(tmp_path / "out")
    assert "annotated.mp4" not in names(tmp_path / "out")


def test_cancel_between_two_frames_leaves_no_result(tape, tmp_path):
    with pytest.raises(Cancelled):
        make_run(tape, Log(cancel_at=("render", 5))).of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    assert "result.json" not in names(tmp_path / "out")
    assert len(tape.times) == 5


def test_a_file_that_breaks_off_while_it_is_drawn_leaves_no_result(tape, tmp_path):
    reader = GlowingReader()
    run = make_run(tape)

    class SecondPassBreaks(GlowingReader):
        def frames(self, *, longest_side_px=None):
            self.breaks_at = 7 if self.passes else None
            return super().frames(longest_side_px=longest_side_px)

    with pytest.raises(TruncatedVideo):
        run.of_video(source(SecondPassBreaks(), tmp_path), tmp_path / "out")
    assert "result.json" not in names(tmp_path / "out")
    assert reader.passes == 0


@pytest.mark.parametrize("readable", [1, 7])
def test_an_analysis_that_takes_broken_files_draws_what_can_be_read(tape, tmp_path, readable):
    def observe(reader, *_):
        seen = []
        with contextlib.suppress(TruncatedVideo):
            seen.extend(frame.time_s for frame in reader.frames())
        return ToyObservations(time_s=tuple(seen) or (0.0,), brightness=(100.0,) * max(1, len(seen)))

    run = make_run(tape, analysis=replace(TOY, takes_broken=True, observe=observe))
    run.of_video(source(GlowingReader(breaks_at=readable), tmp_path), tmp_path / "out")
    assert len(tape.times) == readable
    assert {"annotated.mp4", "thumbnail.jpg", "report.html", "result.json"} <= names(tmp_path / "out")
    with pytest.raises(TruncatedVideo):
        run.of_video(source(GlowingReader(breaks_at=0), tmp_path), tmp_path / "other")


def test_stored_observations_give_the_same_result(tape, tmp_path):
    first = make_run(tape).of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    again = make_run(tape).of_observations(tmp_path / "out" / "poses.json", tmp_path / "again")
    assert again.result == first.result
    assert again.video is None
    assert names(tmp_path / "again") == {"result.json", "poses.json", "series.csv", "report.html", "source.json"}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"time_s": 3}'])
def test_observations_that_are_no_document_are_refused(tape, tmp_path, content):
    (tmp_path / "poses.json").write_bytes(content)
    with pytest.raises(BadObservations):
        make_run(tape).of_observations(tmp_path / "poses.json", tmp_path / "out")


def test_observations_that_cannot_be_read_are_refused(tape, tmp_path):
    with pytest.raises(BadObservations, match="cannot be read"):
        make_run(tape).of_observations(tmp_path / "missing.json", tmp_path / "out")


def test_sound_that_was_lost_is_said(tape, tmp_path):
    tape.sound_problem = "the track is damaged"
    document = make_run(tape).of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    assert [warning.code for warning in document.warnings] == ["sound_not_kept"]


def test_observations_without_end_are_refused_before_they_fill_the_memory(tape, tmp_path, monkeypatch):
    monkeypatch.setattr("kinesight.pipeline.run.LARGEST_OBSERVATIONS_BYTES", 1_000_000)
    with pytest.raises(BadObservations, match="larger than 1 MB"):
        make_run(tape).of_observations(Path("/dev/zero"), tmp_path / "out")


@pytest.mark.parametrize(("time_s", "kept"), [(None, {"thumbnail.jpg"}), (1.2, {"thumbnail.jpg", "evidence.jpg"})])
def test_a_clip_in_which_nothing_could_be_observed_leaves_a_plain_picture(tape, tmp_path, time_s, kept):
    def refuse(reader, _models, _parameters, _watch):
        raise NobodyVisible("Nobody is there.", time_s=time_s)

    studio = Studio(models=None, open_writer=tape, canvas=Easel, encode_jpeg=lambda rgb: b"jpeg%d" % rgb[3, 3, 0])
    run = Run(replace(TOY, observe=refuse), ToyParameters(), studio=studio, watch=Log())
    with pytest.raises(NobodyVisible, match="Nobody is there"):
        run.of_video(source(GlowingReader(), tmp_path), tmp_path / "out")
    assert names(tmp_path / "out") == {"source.json", *kept}
    assert (tmp_path / "out" / "thumbnail.jpg").read_bytes() == b"jpeg100"  # the middle of the clip
    assert not (tmp_path / "out" / "evidence.jpg").exists() or (tmp_path / "out" / "evidence.jpg").read_bytes() == b"jpeg150"


def test_numbers_first_and_pictures_later_are_what_one_run_writes(tape, tmp_path):
    numbers, pictures, both = tmp_path / "numbers", tmp_path / "pictures", tmp_path / "both"
    reader, watch = GlowingReader(), Log()
    document = make_run(tape, watch).of_video(source(reader, tmp_path), numbers, draws=False)
    assert names(numbers) == {"result.json", "poses.json", "series.csv", "source.json"}
    assert watch.stages == ["observe", "analyse", "write"]
    assert (reader.passes, tape.pictures) == (1, [])
    watch = Log()
    make_run(tape, watch).of_drawing(source(GlowingReader(), tmp_path), numbers / "poses.json", pictures)
    assert names(pictures) == {"annotated.mp4", "thumbnail.jpg", "report.html", "source.json"}
    assert watch.stages == ["render", "write"]
    whole = make_run(tape).of_video(source(GlowingReader(), tmp_path), both)
    assert document == whole
    assert names(numbers) | names(pictures) == names(both)
    for name in ("report.html", "thumbnail.jpg", "annotated.mp4"):
        assert (pictures / name).read_bytes() == (both / name).read_bytes()


def test_a_drawing_needs_what_was_observed(tape, tmp_path):
    (tmp_path / "poses.json").write_text("[]")
    with pytest.raises(BadObservations):
        make_run(tape).of_drawing(source(GlowingReader(), tmp_path), tmp_path / "poses.json", tmp_path / "out")


def test_a_clip_without_sound_is_not_searched_for_it(tape, tmp_path):
    asked = []
    original = tape.__call__

    @contextlib.contextmanager
    def noting(path, *, width_px, height_px, sound_from=None):
        asked.append(sound_from)
        with original(path, width_px=width_px, height_px=height_px) as writer:
            yield writer

    for has_audio in (False, True):
        reader = GlowingReader()
        reader.info = reader.info.model_copy(update={"has_audio": has_audio})
        make_run(noting).of_video(source(reader, tmp_path), tmp_path / f"out{has_audio}")
    assert asked == [None, tmp_path / "clip.mp4"]
