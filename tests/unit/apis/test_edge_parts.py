"""Small parts of the border: names, ids, numbers, times."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.apis.edge.failures import Dialect
from kinesight.apis.edge.links import key_of
from kinesight.apis.edge.strict_json import read_json_object
from kinesight.apis.edge.upload import plain_name
from kinesight.apis.native import errors as native
from kinesight.apis.native.schemas import timestamp
from kinesight.apis.ochy import errors as ochy
from kinesight.apis.ochy.translate import lowest_rate, seconds_of
from kinesight.domain.errors import BadParameter


@pytest.mark.parametrize(
    ("given_name", "plain"),
    [
        ("run.mp4", "run.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\run.mp4", "run.mp4"),
        ("a\x00b\x1fc\u202e.mp4", "abc.mp4"),
        ("  läufer 1.mp4 ", "läufer 1.mp4"),
        ("x" * 500, "x" * 200),
        ("..", None),
        ("/", None),
        ("", None),
        (None, None),
    ],
)
def test_file_names_lose_paths_and_control_characters(given_name: str | None, plain: str | None) -> None:
    assert plain_name(given_name) == plain


plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=32), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), plain_json, max_size=3))
def test_harmless_json_is_read_as_any_reader_would(value: dict[str, object]) -> None:
    assert read_json_object(json.dumps(value).encode(), what="it") == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_typed_error(text: bytes) -> None:
    with suppress(BadParameter):  # and nothing else
        assert isinstance(read_json_object(text, what="it"), dict)


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(0.0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_800_000_000.25) == "2027-01-15T08:00:00.250Z"
    assert timestamp(None) is None


def test_pace_and_rate() -> None:
    assert seconds_of("05:30") == 330.0
    assert lowest_rate(30.0) < 30000 / 1001 < 30.0  # NTSC counts as 30


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("jobs/a/1/annotated.mp4", "jobs/a/1/annotated.mp4"),
        ("jobs/a/1/annotated.mp4/-/encoded_x.mp4", "jobs/a/1/annotated.mp4"),
        ("", ""),
    ],
)
def test_a_link_knows_its_key(path: str, key: str) -> None:
    assert key_of(path) == key


@pytest.mark.parametrize("dialect", [native.DIALECT, ochy.DIALECT])
def test_a_database_that_is_away_is_to_be_tried_again_and_its_address_stays_here(dialect: Dialect) -> None:
    failure = dialect.failure(ConnectionError("The database cannot be used: host db.internal refused"))
    assert failure is not None
    assert (failure.status, failure.code) == (503, "database_unreachable")
    assert "Retry-After" in failure.headers
    assert "db.internal" not in json.dumps(dialect.body(failure))
