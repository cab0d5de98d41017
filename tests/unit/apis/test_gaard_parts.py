"""Small parts of the gaard-compatible API: ids, cameras, numbers, paths, rates."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kinesight.apis.edge.rates import WINDOW_S, Allowance, RateLimiter
from kinesight.apis.gaard.metadata import analyse_id_of, camera_id_of
from kinesight.apis.gaard.routes import speaks
from kinesight.domain.classifications import new_classify_id, number_of
from kinesight.domain.errors import BadSetting
from kinesight.settings import load_settings

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("site_id", "camera_id", "client_id", "code_msg", "analyse_id")


@given(st.integers(0, 2**32 - 1))
def test_an_id_holds_its_second(second: int) -> None:
    made = new_classify_id(second + 0.75)
    assert re.fullmatch(r"[0-9a-f]{24}", made)
    assert int(made[:8], 16) == second
    assert number_of(made) == int(made[16:], 16) < 2**32


def test_ids_of_the_same_second_differ() -> None:
    assert len({new_classify_id(1.8e9) for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    ("metadata", "camera_id"),
    [
        ({"client_id": 134188, "code_msg": "VI08"}, "134188-VI08"),  # the vendor's example
        ({"site_id": 2041, "camera_id": "CAM3"}, "2041-CAM3"),
        ({"client_id": "a", "camera_id": "b", "code_msg": "c"}, "a-b"),
        ({"site_id": "a", "client_id": "x", "code_msg": "c"}, "a-c"),
        ({"camera_id": 7}, "7"),
        ({"client_id": 7.0}, "7"),
        ({"client_id": 7.5, "camera_id": " "}, "7.5"),
        ({"site_id": "", "client_id": 0, "camera_id": None, "code_msg": "c"}, "0-c"),
        ({"site_id": True, "camera_id": ["a"], "code_msg": {"b": 1}}, ""),
        ({}, ""),
    ],
)
def test_a_camera_is_called_by_site_and_name(metadata: dict[str, Any], camera_id: str) -> None:
    assert camera_id_of(metadata) == camera_id


@example({"site_id": 1e199, "camera_id": 1e200})
@given(st.dictionaries(st.sampled_from(NAMES), ANY_JSON))
def test_any_metadata_gives_a_camera_and_a_number(metadata: dict[str, Any]) -> None:
    assert len(camera_id_of(metadata)) <= 401
    assert 0 <= analyse_id_of(None, metadata, "0" * 16 + "ffffffff") <= 2**53


@pytest.mark.parametrize(
    ("asked", "given_number", "number"),
    [(5, 6, 5), (0, 6, 0), (None, 6, 6), (None, -6, 255), (None, True, 255), (None, "6", 255)],
)
def test_the_number_is_that_of_the_call_then_of_the_metadata(asked: int | None, given_number: object, number: int) -> None:
    assert analyse_id_of(asked, {"analyse_id": given_number}, "0" * 22 + "ff") == number


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/classify", True),
        ("/v1/classify", True),
        ("/api/result/x", True),
        ("/result", True),
        ("/api/label", True),
        ("/api/flow/labels/custom", True),
        ("/api/avconv/serve.v2/a.mp4", True),
        ("/v1/analyses", False),
        ("/api/open/v4/headswap", False),
        ("/results", False),
        ("/v1/label/x", False),
        ("/analysis/start", False),
    ],
)
def test_the_paths_of_this_api_are_told_from_the_others(path: str, is_ours: bool) -> None:
    assert speaks(path) == is_ours


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_window_begins_with_the_first_request_and_ends_after_a_minute() -> None:
    clock = Clock()
    rates = RateLimiter(2, now_s=clock)
    assert rates.count("a") == Allowance(limit=2, remaining=1, reset_s=60, is_allowed=True)
    clock.now_s += 20.5
    assert rates.count("a") == Allowance(limit=2, remaining=0, reset_s=40, is_allowed=True)
    assert rates.count("a") == Allowance(limit=2, remaining=0, reset_s=40, is_allowed=False)
    assert rates.count("b").is_allowed, "another tenant has a window of its own"
    clock.now_s = 100.0 + WINDOW_S
    assert rates.count("a") == Allowance(limit=2, remaining=1, reset_s=60, is_allowed=True)


def test_requests_at_once_are_counted_one_by_one() -> None:
    rates = RateLimiter(50, now_s=Clock())
    with ThreadPoolExecutor(8) as threads:
        allowed = list(threads.map(lambda _: rates.count("a").is_allowed, range(80)))
    assert sum(allowed) == 50


def test_thresholds_of_the_installation_are_in_order() -> None:
    assert load_settings(alarm_threshold_low=0.5, alarm_threshold_high=0.5).alarm_threshold_low == 0.5
    with pytest.raises(BadSetting, match="alarm_threshold_low"):
        load_settings(alarm_threshold_low=0.9)
