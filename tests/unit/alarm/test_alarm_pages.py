"""What is drawn and written about a clip."""

import numpy as np
import pytest

from kinesight.analyses.alarm import ANALYSIS
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.domain.analysis import ReportInput
from kinesight.domain.cameras import Area, CameraRules
from kinesight.drawing.canvas import PictureCanvas


@pytest.fixture
def walker(stage, thing, walking):
    return stage(things=[thing("person", walking())]).observed()


def drawn(overlay, time_s, size=(360, 640)):
    canvas = PictureCanvas(np.full((*size, 3), 90, np.uint8))
    overlay.draw(canvas, time_s=time_s)
    return canvas.picture()


def test_the_box_goes_with_the_person(walker):
    parameters = AlarmParameters()
    overlay = ANALYSIS.overlay(walker, ANALYSIS.analyse(walker, parameters), parameters)
    for time_s in (1.0, 3.0):
        # the picture is twice the video: the left edge of the box is where the person is
        columns = np.nonzero(np.any(drawn(overlay, time_s)[150:190] != 90, axis=(0, 2)))[0]
        assert abs(columns.max() - 2 * (20 + 60 * time_s + 12)) <= 24
    assert 0.0 <= overlay.thumbnail_s <= 4.0
    assert overlay.moments


def test_a_refused_clip_has_an_overlay_too(walker):
    overlay = ANALYSIS.overlay(walker, None, AlarmParameters())
    assert overlay.moments == ()
    assert np.all(drawn(overlay, 1.0) == 90)


def test_zones_are_drawn(walker):
    zone = Area(name="yard", corners=((0.1, 0.6), (0.9, 0.6), (0.9, 0.9), (0.1, 0.9)))
    parameters = AlarmParameters(camera=CameraRules(zones=(zone,)))
    overlay = ANALYSIS.overlay(walker, ANALYSIS.analyse(walker, parameters), parameters)
    assert np.any(drawn(overlay, 0.0)[214:218, 300:400] != 90)


def page_of(observed, parameters):
    findings = ANALYSIS.analyse(observed, parameters)
    given = ReportInput(
        title="gate <b>.mp4",
        video=observed.video,
        models=observed.models,
        parameters=parameters.model_dump(mode="json"),
        stills_jpeg={"moment-0": b"jpeg"},
    )
    return findings, ANALYSIS.report(observed, findings, given)


def test_the_page_says_what_was_decided(walker):
    findings, page = page_of(walker, AlarmParameters())
    assert findings.result.explanation in page
    assert "gate &lt;b&gt;.mp4" in page
    assert "data:image/jpeg" in page
    assert "safe if the camera were not armed" in page
    assert page.count("track 0: person") == 1
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_of_an_empty_clip(stage):
    _, page = page_of(stage().observed(), AlarmParameters())
    assert "Nothing speaks for a person" in page
    assert "Safe" in page
