"""Two moving heads made from a public-domain portrait, the map of them, and the tasks run on them, once each."""

import json

import numpy as np
import pytest

from kinesight.domain.document import ResultDocument
from kinesight.media.stills import read_still
from kinesight.settings import Settings
from kinesight.testing.heads_map import heads_document
from kinesight.testing.moving_faces import HEAD, moving_faces, write_moving_faces
from kinesight.vision.catalogue import CATALOGUE
from kinesight.vision.fetch import fetch
from kinesight.vision.samples import fetch_pictures
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.analysing import open_reader
from kinesight.wiring.heads import change_heads, head_studio, parse_heads_parameters

FRAMES = 9


class Silent:
    def progress(self, stage, done, total):
        pass


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    home = Settings()
    fetch(home.models, CATALOGUE)
    return Settings(audit_log=tmp_path_factory.mktemp("audit") / "audit.jsonl")


@pytest.fixture(scope="session")
def portrait_file(settings):
    return fetch_pictures(settings.models.parent / "samples")[0]


@pytest.fixture(scope="session")
def portrait(portrait_file):
    return read_still(portrait_file)[0]


@pytest.fixture(scope="session")
def moving(portrait):
    return moving_faces(portrait, frames=FRAMES)


@pytest.fixture(scope="session")
def clip(moving, tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "two.mp4"
    write_moving_faces(path, moving)
    return path


@pytest.fixture(scope="session")
def persons(clip, settings, tmp_path_factory):
    """Return the result.json of a person analysis, as far as a head task reads it."""
    folder = tmp_path_factory.mktemp("persons")
    document = heads_document(open_reader(clip, settings), ModelShelf(settings).faces().detect)
    assert len(document["persons"]) == 2
    (folder / "heads.json").write_text(json.dumps(document))
    (folder / "result.json").write_text("{}")
    return folder / "result.json"


@pytest.fixture(scope="session")
def task(clip, persons, settings, tmp_path_factory):
    """Return a function that runs one head task; equal tasks run once."""
    done = {}
    studio = head_studio(settings)

    def run(*, video=None, map_of=None, references=None, **given) -> tuple[ResultDocument, object]:
        key = json.dumps([str(video), str(map_of), str(references), given], default=str, sort_keys=True)
        if key not in done:
            out = tmp_path_factory.mktemp("task") / "out"
            parameters = parse_heads_parameters({"replace": tuple(references or ()), **given})
            document = change_heads(
                video or clip,
                out,
                persons=map_of or persons,
                parameters=parameters,
                references=references or {},
                by="tester",
                watch=Silent(),
                settings=settings,
                studio=studio,
            )
            done[key] = document, out
        return done[key]

    return run


@pytest.fixture(scope="session")
def read_frames(settings):
    done = {}

    def read(path):
        if path not in done:
            done[path] = list(open_reader(path, settings).frames())
        return done[path]

    return read


@pytest.fixture(scope="session")
def heads_of(moving):
    """Return where a head truly is: the box of the portrait's head (by eye) moved as the frame was."""
    rows, columns = HEAD
    assert (rows.start, columns.start) == (0, 80)
    corners = np.array([[75, 5], [195, 5], [75, 200], [195, 200]], dtype=float)

    def place(side, frame):
        points = corners if side == 0 else np.column_stack([300 - corners[:, 0], corners[:, 1]])
        matrix = moving.placed[side, frame]
        moved = points @ matrix[:, :2].T + matrix[:, 2]
        return np.concatenate([moved.min(axis=0), moved.max(axis=0)])

    return place
