"""What of a written picture is looked at closely when it is searched from afar."""

import numpy as np

from kinesight.analyses.heads.searching import FROM_AFAR, whole
from kinesight.domain.document import UsedModel
from kinesight.domain.people import FACE_POINTS, Faces
from kinesight.pipeline.heads_check import HINT, _found, _Look

HEIGHT, WIDTH = 480, 640
FACE = np.array([300.0, 200.0, 330.0, 240.0])


class Shy:
    """A detector that finds one face, a white patch, surely where it is not made smaller, and otherwise with a score."""

    used = UsedModel(task="faces", name="made-up", sha256="0" * 64)

    def __init__(self, from_afar):
        self.from_afar, self.asked = from_afar, []

    def detect(self, rgb, *, longest_side_px=None, least_score=None):
        self.asked.append(rgb.shape[:2])
        rows, columns = np.nonzero(rgb[..., 0] == 255)
        score = 0.8 if longest_side_px is None else self.from_afar
        if not len(rows) or score < least_score:
            return Faces(xyxy_px=np.zeros((0, 4)), score=np.zeros(0), points_px=np.zeros((0, len(FACE_POINTS), 2)))
        box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], dtype=np.float64)
        return Faces(xyxy_px=box, score=np.array([score]), points_px=np.zeros((1, len(FACE_POINTS), 2)))


def picture():
    rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    left, top, right, bottom = FACE.astype(int)
    rgb[top:bottom, left:right] = 255
    return rgb


def found(detector, *, closely_px=()):
    look = _Look(parts=whole(WIDTH, HEIGHT, closely=False), closely_px=np.array(closely_px).reshape(-1, 4))
    return _found(picture(), look, detector)


def test_a_hint_from_afar_brings_a_close_look_that_counts():
    boxes, score = found(Shy(HINT))
    np.testing.assert_allclose(boxes, FACE[None])
    assert score.tolist() == [0.8]


def test_without_a_hint_nothing_is_looked_at_closely_but_what_is_named():
    silent = Shy(HINT - 0.01)
    assert len(found(silent)[0]) == 0
    assert silent.asked == [(HEIGHT, WIDTH)]
    boxes, _ = found(Shy(HINT - 0.01), closely_px=[FACE + np.array([-5.0, -5, 5, 5])])
    np.testing.assert_allclose(boxes, FACE[None])
    assert FROM_AFAR < 1.0
