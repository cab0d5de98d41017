"""Tone and paste: colours and places follow from the geometry of made-up faces."""

import numpy as np
import pytest

from kinesight.analyses.heads.tone import SKIN, fit_tone, reference_face, tone_basis
from kinesight.domain.heads import MESH_POINTS, TONE_TERMS, Patch
from kinesight.drawing.faces import MOUTH, MeshPaster, skin_colours

SIDE = 200


def mesh(scale=1.0, shift=(0.0, 0.0)):
    """Return a face spread over a disc: an even spiral, so that its triangles are well shaped, and a mouth that is shut."""
    turn = np.arange(MESH_POINTS) * np.pi * (3 - np.sqrt(5))
    radius = 70 * np.sqrt((np.arange(MESH_POINTS) + 0.5) / MESH_POINTS)
    points = np.column_stack([100 + radius * np.cos(turn), 100 + radius * np.sin(turn), np.zeros(MESH_POINTS)])
    along = np.linspace(85, 115, len(MOUTH) // 2)
    points[list(MOUTH), :2] = np.column_stack([np.concatenate([along, along[::-1] + 0.5]), np.full(len(MOUTH), 140.0)])
    points[:, :2] = (points[:, :2] - 100) * scale + 100 + np.asarray(shift)
    return points


def smooth_picture(a=(150, 120, 100)):
    column, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    light = 0.7 + 0.3 * column / SIDE
    return np.clip(light[:, :, None] * np.array(a) + 0 * row[:, :, None], 0, 255).astype(np.uint8)


def face_of(picture, points):
    return reference_face(picture, points[:, :2], skin_colours(picture, points[SKIN, :2]))


def tone_of(picture, points, face):
    uv = (face.points_px[SKIN] - face.centre_px) / face.unit_px
    return fit_tone(skin_colours(picture, points[SKIN, :2]), uv)


def test_a_tone_is_found_again_among_outliers():
    rng = np.random.default_rng(5)
    uv = rng.uniform(-1, 1, (300, 2))
    wanted = rng.normal(0, 5, (3, TONE_TERMS)) + np.eye(3, TONE_TERMS) * 60
    colours = tone_basis(uv) @ wanted.T
    colours[::12] += 60  # glasses
    found = fit_tone(colours, uv)
    np.testing.assert_allclose(
        tone_basis(uv) @ found.T, tone_basis(uv) @ wanted.T, atol=4.0
    )  # of the 60 that the outliers are off


def test_too_few_samples_give_no_tone():
    colours = np.full((300, 3), np.nan)
    colours[:5] = 50.0
    assert np.isnan(fit_tone(colours, np.zeros((300, 2)))).all()


def test_colours_are_read_where_the_points_are_and_unknown_outside():
    picture = np.zeros((60, 60, 3), dtype=np.uint8)
    picture[:, 30:] = 255
    lab = skin_colours(picture, np.array([[5.0, 5.0], [55.0, 5.0], [-3.0, 5.0]]))
    np.testing.assert_allclose(lab[:2, 0], [0, 100], atol=0.5)
    assert np.isnan(lab[2]).all()


def test_a_face_put_onto_itself_changes_nothing():
    picture, points = smooth_picture(), mesh()
    face = face_of(picture, points)
    pasted = MeshPaster(face).paste(picture, Patch(points_px=points, tone=tone_of(picture, points, face)))
    assert np.abs(pasted.astype(int) - picture).max() <= 3


def test_pixels_outside_the_mesh_are_untouched():
    target = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    points = mesh()
    face = face_of(smooth_picture(), points)
    moved = mesh(0.5, (30.0, -20.0))
    pasted = MeshPaster(face).paste(target, Patch(points_px=moved, tone=face.tone))
    column, row = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    outside = np.hypot(column - 130, row - 80) > 37
    np.testing.assert_array_equal(pasted[outside], target[outside])
    assert (pasted[~outside] != target[~outside]).any()


@pytest.mark.parametrize("shift", [(0.0, 0.0), (17.0, 0.0), (8.5, -23.0)])
def test_a_feature_goes_where_the_mesh_goes(shift):
    source = smooth_picture()
    source[110:116, 84:90] = (20, 20, 20)  # centre (87, 113)
    points = mesh()
    face = face_of(source, points)
    target = smooth_picture()
    pasted = MeshPaster(face).paste(target, Patch(points_px=mesh(1.0, shift), tone=face.tone))
    row, column = np.nonzero(target.astype(int).sum(axis=2) - pasted.astype(int).sum(axis=2) > 120)
    np.testing.assert_allclose([column.mean() + 0.5, row.mean() + 0.5], [87 + shift[0], 113 + shift[1]], atol=0.6)


def test_the_new_face_has_the_light_of_the_scene():
    points = mesh()
    face = face_of(smooth_picture((200, 190, 180)), points)
    target = smooth_picture((90, 60, 40))
    pasted = MeshPaster(face).paste(target, Patch(points_px=points, tone=tone_of(target, points, face)))
    np.testing.assert_allclose(pasted[70:130, 70:130].mean(axis=(0, 1)), target[70:130, 70:130].mean(axis=(0, 1)), atol=3)


def test_an_open_mouth_stays_the_speakers():
    points = mesh()
    ring = np.linspace(0, 2 * np.pi, len(MOUTH), endpoint=False)
    points[list(MOUTH), :2] = np.column_stack([100 + 18 * np.cos(ring), 130 + 12 * np.sin(ring)])
    source = smooth_picture()
    source[::4, ::4] //= 4
    face = face_of(source, mesh())
    target = np.full((SIDE, SIDE, 3), (200, 120, 110), dtype=np.uint8)
    pasted = MeshPaster(face).paste(target, Patch(points_px=points, tone=tone_of(target, points, face)))
    np.testing.assert_array_equal(pasted[127:133, 95:105], target[127:133, 95:105])
    assert np.abs(pasted[80:90, 95:105].astype(int) - target[80:90, 95:105]).max() > 40


def test_background_stays_although_the_mesh_lies_over_it():
    points = mesh()
    source = smooth_picture()
    source[::4, ::4] //= 4
    face = face_of(source, points)
    target = smooth_picture()
    person = np.ones((SIDE, SIDE), dtype=np.float32)
    person[:, :100] = 0
    pasted = MeshPaster(face).paste(target, Patch(points_px=points, tone=face.tone), person=person)
    np.testing.assert_array_equal(pasted[:, :100], target[:, :100])
    assert (pasted[:, 100:] != target[:, 100:]).any()


def test_no_opacity_and_no_place_in_the_picture_change_nothing():
    picture, points = smooth_picture(), mesh()
    face = face_of(picture, points)
    paster = MeshPaster(face)
    assert paster.paste(picture, Patch(points_px=points, tone=face.tone, opacity=0.0)) is picture
    assert paster.paste(picture, Patch(points_px=mesh(1.0, (900.0, 0.0)), tone=face.tone)) is picture


def test_hair_on_the_forehead_of_a_reference_is_not_put_on():
    from kinesight.drawing.faces import FOREHEAD  # noqa: PLC0415

    source, points = smooth_picture(), mesh()
    points[list(FOREHEAD), :2] = np.column_stack([np.linspace(50, 150, len(FOREHEAD)), np.full(len(FOREHEAD), 80)])
    source[45:65, 90:110] = (30, 15, 5)  # a fringe
    source[120:126, 90:110] = (30, 15, 5)  # a moustache, which is the face's
    face = face_of(source, points)
    bare = MeshPaster(face)._bare
    assert bare[50:60, 95:105].max() < 0.1
    assert bare[118:128, 90:110].min() > 0.9
