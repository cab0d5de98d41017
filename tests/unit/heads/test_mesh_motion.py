"""A face's mesh over time: turned as geometry says, smoothed without delay, out of reach where it should be."""

import numpy as np
import pytest

from kinesight.analyses.heads.mesh import (
    BRIEF_S,
    CHIN,
    EDGE_S,
    FOREHEAD,
    LEFT_SIDE,
    RIGHT_SIDE,
    MeshTrack,
    face_width_px,
    local_parabola,
    reach,
    smooth_mesh,
    turned_away,
    turned_deg,
)
from kinesight.domain.heads import MESH_POINTS


def face(*, yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0, width=100.0):
    """Return a flat face turned in space; x to the right, y down, z away from the camera."""
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-0.4, 0.4, MESH_POINTS), rng.uniform(-0.5, 0.5, MESH_POINTS), np.zeros(MESH_POINTS)])
    points[[RIGHT_SIDE, LEFT_SIDE, FOREHEAD, CHIN]] = [[-0.5, 0, 0], [0.5, 0, 0], [0, -0.6, 0], [0, 0.6, 0]]
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, 0], [0, 1, 0], [np.sin(yaw), 0, 1]])
    about_y[:, 2] = [-np.sin(yaw), 0, np.cos(yaw)]
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return points @ (about_z @ about_x @ about_y).T * width


@pytest.mark.parametrize("angle", [-50.0, -10.0, 0.0, 25.0, 60.0])
@pytest.mark.parametrize("roll", [-40.0, 0.0, 30.0])
def test_yaw_and_pitch_are_those_the_face_was_turned_by(angle, roll):
    yaw, _ = turned_deg(face(yaw_deg=angle, roll_deg=roll))
    _, pitch = turned_deg(face(pitch_deg=angle, roll_deg=roll))
    assert yaw == pytest.approx(angle, abs=1e-6)
    assert pitch == pytest.approx(angle, abs=1e-6)
    assert face_width_px(face(yaw_deg=angle)) == pytest.approx(100.0)


@pytest.mark.parametrize("fps", [12.5, 30.0, 60.0])
def test_steady_and_accelerated_movement_is_followed_exactly(fps):
    time_s = np.arange(int(2 * fps)) / fps
    path = np.column_stack([30 * time_s, 5 - 12 * time_s + 40 * time_s**2])
    np.testing.assert_allclose(local_parabola(time_s, path), path, atol=1e-8)


def test_uneven_stamps_make_no_difference_to_that():
    time_s = np.cumsum(np.random.default_rng(2).uniform(0.01, 0.05, 80))
    path = (3 * time_s**2)[:, None]
    np.testing.assert_allclose(local_parabola(time_s, path), path, atol=1e-8)


def test_jitter_shrinks():
    time_s = np.arange(90) / 30
    noise = np.random.default_rng(4).normal(0, 1, (90, 200))
    assert local_parabola(time_s, noise).std() < 0.62


def track(points, *, fps=30.0, presence=None):
    points = np.asarray(points)
    found = np.isfinite(points[:, 0, 0]).astype(float) if presence is None else np.asarray(presence)
    return MeshTrack(time_s=np.arange(len(points)) / fps, points_px=points, presence=found)


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    still = np.repeat(face()[None], 40, axis=0)
    short, long = still.copy(), still.copy()
    short[10:12], long[10:20] = np.nan, np.nan
    assert np.isfinite(smooth_mesh(track(short)).points_px).all()
    np.testing.assert_allclose(smooth_mesh(track(short)).points_px, still, atol=1e-6)
    assert smooth_mesh(track(long)).presence[10:20].max() == 0


def test_a_face_that_is_hardly_there_is_not_there():
    still = np.repeat(face()[None], 20, axis=0)
    assert (smooth_mesh(track(still, presence=np.full(20, 0.3))).presence == 0).all()


def test_a_face_turned_too_far_is_out_of_reach_and_the_edges_too():
    yaws = np.concatenate([np.zeros(30), np.full(30, 60.0), np.zeros(30)])
    in_reach, why = reach(track([face(yaw_deg=yaw) for yaw in yaws]), face())
    assert set(why[30:60]) == {"turned_away"}
    edge = round(EDGE_S * 30)
    assert in_reach.tolist() == [True] * (30 - edge) + [False] * (30 + 2 * edge) + [True] * (30 - edge)
    assert why[29] == "brief"


def test_what_counts_is_the_turn_against_the_reference():
    in_reach, _ = reach(track([face(yaw_deg=45)] * 10), face(yaw_deg=20))
    assert in_reach.all()


def test_a_moment_in_reach_is_too_brief_and_a_small_face_too_small():
    count = int(BRIEF_S * 30)
    yaws = np.concatenate([np.full(30, 60.0), np.zeros(count), np.full(30, 60.0)])
    in_reach, why = reach(track([face(yaw_deg=yaw) for yaw in yaws]), face())
    assert not in_reach.any()
    assert set(why) == {"turned_away", "brief"}
    in_reach, why = reach(track([face(width=20)] * 10), face())
    assert set(why) == {"too_small"}


def test_where_no_face_was_found_there_is_nothing_to_replace():
    points = np.full((10, MESH_POINTS, 3), np.nan)
    in_reach, why = reach(smooth_mesh(track(points)), face())
    assert not in_reach.any()
    assert set(why) == {"not_found"}


def test_a_face_held_at_the_limit_does_not_flicker():
    """Out of reach at the limit, it is back only when it is clearly inside; where nothing is known, what was goes on."""
    share = np.array([0.9, 1.02, 0.97, 1.01, 0.93, np.nan, 0.9, 0.85, 0.99, np.nan])
    assert turned_away(share).tolist() == [False, True, True, True, True, True, True, False, False, False]
