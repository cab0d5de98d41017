"""Whole clips on a stage: what is judged safe, what is not, and by which rule."""

import json

import pytest

from kinesight.analyses.alarm import ANALYSIS
from kinesight.analyses.alarm.analysis import analyse
from kinesight.analyses.alarm.observations import Observations, restore, store
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.result import SCORE_NAMES
from kinesight.domain.cameras import Area, CameraRules, Direction, Line
from kinesight.domain.errors import BadObservations, DecoderCrashed, NotAVideo, TooFewFrames


def verdict(observed, **rules):
    return analyse(observed, AlarmParameters(camera=CameraRules(**rules))).result


def stands(*box):
    return lambda _time_s: box


def half(name, *, left):
    x1, x2 = (0.0, 0.5) if left else (0.5, 1.0)
    return Area(name=name, corners=((x1, 0.0), (x2, 0.0), (x2, 1.0), (x1, 1.0)))


@pytest.fixture(scope="module")
def walker_of():
    made = {}

    def make(stage, thing, walking):
        if "walker" not in made:
            made["walker"] = stage(things=[thing("person", walking())]).observed()
        return made["walker"]

    return make


@pytest.fixture
def walker(walker_of, stage, thing, walking):
    return walker_of(stage, thing, walking)


def test_a_walking_person_is_an_intrusion_with_evidence(walker):
    result = verdict(walker)
    assert (result.risk, result.rule) == ("intrusion", "moving_person")
    assert {"intrusion", "person"} <= set(result.labels)
    assert set(result.scores) == set(SCORE_NAMES)
    best = result.evidence[0]
    assert best.label == "person"
    assert best.track is not None
    left, top, width, height = best.box_px
    assert width == pytest.approx(12, abs=4)
    assert height == pytest.approx(36, abs=6)
    assert top == pytest.approx(60, abs=5)
    assert left == pytest.approx(20 + 60 * best.time_s, abs=12)
    assert "person" in result.explanation.lower()


def test_an_empty_scene_is_nothing(stage):
    result = verdict(stage().observed())
    assert result.risk == "safe"
    assert result.scores["intrusion"] == 0.0
    assert "NOTHING" in result.labels
    assert result.tracks == ()


def test_a_ticking_clock_is_text_and_nothing_else(stage):
    observed = stage(clock=True).observed()
    result = verdict(observed)
    assert result.risk == "safe"
    assert "text" in result.labels
    assert not [track for track in result.tracks if track.boxes[0][1][1] < 20]


def test_a_parked_car_is_no_vehicle_that_moves(stage, thing):
    clip = stage(things=[thing("car", stands(100, 90, 60, 30))])
    result = verdict(clip.observed())
    assert result.risk == "safe"
    assert result.scores["vehicule"] < 0.2


def test_somebody_who_passes_a_parked_car_does_not_make_it_drive(stage, thing, walking):
    clip = stage(things=[thing("car", stands(100, 90, 60, 30)), thing("person", walking(top=75))])
    result = verdict(clip.observed())
    assert result.risk == "intrusion"
    assert result.scores["vehicule"] < 0.5


def test_a_driving_car_is_an_intrusion(stage, thing, walking):
    result = verdict(stage(things=[thing("car", walking(wide=44, high=22, top=110))]).observed())
    assert result.risk == "intrusion"
    assert "vehicule" in result.labels


def test_an_upright_body_without_a_name_is_at_least_danger(stage, thing, walking):
    result = verdict(stage(things=[thing("stranger", walking())]).observed())
    assert result.risk in {"danger", "intrusion"}
    assert result.rule == "body_without_a_name"


def test_a_dog_is_an_animal_and_safe(stage, thing, walking):
    result = verdict(stage(things=[thing("dog", walking(wide=26, high=16, top=120))]).observed())
    assert result.risk == "safe"
    assert "animal" in result.labels


def test_a_far_person_twelve_pixels_high_is_kept(stage, thing, walking):
    result = verdict(stage(things=[thing("stranger", walking(wide=5, high=12, speed=12))], seconds=6.0).observed())
    assert result.risk in {"danger", "intrusion"}


def test_light_that_changes_is_no_intrusion(stage):
    result = verdict(stage(light=lambda time_s: 1.0 if time_s < 2.0 else 1.35).observed())
    assert result.risk == "safe"
    assert result.scores["other"] > 0.5


def test_a_shaken_camera_is_no_intrusion(stage):
    result = verdict(stage(shake=lambda time_s: (4.0 if int(5 * time_s) % 2 else -3.0, 2.0)).observed())
    assert result.risk == "safe"
    assert result.scores["wind"] > 0.5


def test_a_person_under_a_shaken_camera_is_kept(stage, thing, walking):
    clip = stage(things=[thing("person", walking())], shake=lambda time_s: (3.0 if int(5 * time_s) % 2 else -3.0, 1.0))
    assert verdict(clip.observed()).risk == "intrusion"


def test_zones_decide_where_somebody_counts(stage, thing, walking):
    clip = stage(things=[thing("person", walking(speed=25))])
    observed = clip.observed()
    inside, outside = verdict(observed, zones=(half("yard", left=True),)), verdict(observed, zones=(half("street", left=False),))
    assert inside.risk == "intrusion"
    assert "yard" in inside.explanation
    assert inside.tracks[0].zones == ("yard",)
    assert outside.risk == "safe"
    assert "person" in outside.labels
    assert "outside the guarded zones" in outside.explanation
    assert ("without zones", "intrusion") in {(other.change, other.risk) for other in outside.counterfactuals}


def test_a_mask_hides_what_is_in_it(walker):
    whole = Area(name="all", corners=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    assert verdict(walker, masks=(whole,)).risk == "safe"


def test_the_mask_that_would_have_helped_is_named(walker):
    changes = {(other.change, other.risk) for other in verdict(walker).counterfactuals}
    assert ("if the camera were not armed", "safe") in changes
    assert any(change.startswith("if the place of track") and risk == "safe" for change, risk in changes)


def test_unarmed_nothing_is_an_intrusion_but_everything_is_named(walker):
    result = verdict(walker, is_armed=False)
    assert (result.risk, result.rule) == ("safe", "not_armed")
    assert result.scores["intrusion"] == 0.0
    assert result.scores["person"] > 0.8


@pytest.mark.parametrize(
    ("direction", "risk"), [(Direction.ANY, "intrusion"), (Direction.TO_THE_LEFT, "safe"), (Direction.TO_THE_RIGHT, "intrusion")]
)
def test_lines_count_in_their_direction(walker, direction, risk):
    # looking from the bottom to the top of the picture, who walks to the right crosses to the right
    line = Line(name="gate", start=(0.5, 1.0), end=(0.5, 0.0), direction=direction)
    assert verdict(walker, lines=(line,)).risk == risk


def test_who_is_inside_too_shortly_does_not_count(walker):
    assert verdict(walker, minimum_dwell_s=60.0).risk == "safe"
    assert verdict(walker, minimum_dwell_s=1.0).risk == "intrusion"


def test_thresholds_move_the_risk(stage, thing, walking):
    observed = stage(things=[thing("stranger", walking())]).observed()
    score = analyse(observed, AlarmParameters()).result.scores["intrusion"]
    strict = AlarmParameters(threshold_low=score / 3, threshold_high=score / 2)
    lax = AlarmParameters(threshold_low=(1 + score) / 2, threshold_high=0.99)
    assert analyse(observed, strict).result.risk == "intrusion"
    assert analyse(observed, lax).result.risk == "safe"


def test_a_clip_that_breaks_in_the_middle_is_judged_and_never_safe(stage, thing, walking):
    empty = stage(breaks_after=8, problem=DecoderCrashed("It is damaged."))
    result = verdict(empty.observed())
    assert result.risk == "danger"
    assert result.rule == "not_completely_judged"
    assert result.error_code == 1
    somebody = stage(things=[thing("person", walking())], breaks_after=8, problem=DecoderCrashed("It is damaged."))
    result = verdict(somebody.observed())
    assert result.risk == "intrusion"
    assert result.error_code == 1


def test_a_file_that_is_cut_is_never_safe(stage):
    assert verdict(stage(readable_s=2.0).observed()).risk == "danger"


def test_a_single_picture_is_danger(stage):
    result = verdict(stage(seconds=0.2, fps=5.0).observed())
    assert (result.risk, result.error_code) == ("danger", 2)
    refused = stage(breaks_after=1, problem=TooFewFrames("One picture only."))
    assert verdict(refused.observed()).error_code == 2


def test_nothing_decodable_is_the_readers_own_error(stage):
    with pytest.raises(NotAVideo):
        stage(breaks_after=0, problem=NotAVideo("No video.")).observed()


def test_a_broken_clip_is_danger_even_if_the_camera_is_not_armed(stage):
    assert verdict(stage(readable_s=2.0).observed(), is_armed=False).risk == "danger"


def test_a_black_picture_is_suspicious(stage):
    result = verdict(stage(light=lambda _time_s: 0.02).observed())
    assert (result.risk, result.rule) == ("danger", "blank_picture")


def test_stored_observations_give_the_same_verdict(walker):
    stored = json.loads(json.dumps(store(walker), allow_nan=False))
    again = restore(stored)
    assert again == walker
    assert analyse(again, AlarmParameters()).result == analyse(walker, AlarmParameters()).result
    assert len(json.dumps(stored)) < 100_000


@pytest.mark.parametrize("damage", [{"movers": 3}, {"schema": "kinesight.alarm/0"}, {"video": None}, {"unknown": 1}])
def test_damaged_observations_are_refused(walker, damage):
    with pytest.raises(BadObservations):
        restore(store(walker) | damage)


def test_lists_of_different_length_are_refused(walker):
    stored = store(walker)
    stored["movers"][0]["filled"] = stored["movers"][0]["filled"][1:]
    with pytest.raises(BadObservations):
        restore(stored)


def test_the_detector_is_asked_at_most_eight_times(stage, thing, walking):
    things = [thing("stranger", walking(top=20.0 + 30 * row, speed=20.0 + 9 * row, high=24)) for row in range(5)]
    clip = stage(things=things)
    observed = clip.observed()
    assert isinstance(observed, Observations)
    assert 1 <= clip.looks <= 8
    assert len(observed.looks) == clip.looks


def test_tracks_are_a_table(walker):
    findings = analyse(walker, AlarmParameters())
    rows = ANALYSIS.tables(walker, findings)["tracks.csv"].splitlines()
    assert rows[0].startswith("track,label,time_s,left_px")
    assert len(rows) == 1 + sum(len(mover.time_s) for mover in walker.movers)
    assert rows[1].split(",")[1] == "person"


def test_metadata_is_echoed(walker):
    result = analyse(walker, AlarmParameters(metadata={"camera_id": "VI08"})).result
    assert result.metadata == {"camera_id": "VI08"}
