"""Documents compared with golden ones: what differs is found, however deep."""

import pytest

from kinesight.testing.golden import agrees, filled

WANTED = {"code": 1000, "data": {"people": [{"id": 0}, {"id": 1}], "link": "<link>"}}


def same(wanted, got, where):
    if wanted != "<link>" and (wanted != got or type(wanted) is not type(got)):
        raise AssertionError(where)


def test_equal_documents_agree_and_the_leaf_decides():
    agrees(WANTED, {"code": 1000, "data": {"people": [{"id": 0}, {"id": 1}], "link": "anything"}}, same)


@pytest.mark.parametrize(
    ("got", "where"),
    [
        ({"code": 1000}, "answer: "),
        ({"code": 1000, "data": [], "more": 1}, "answer: "),
        ({"code": 1000, "data": None}, "answer.data: "),
        ({"code": 1000, "data": {"people": [{"id": 0}], "link": ""}}, "answer.data.people: "),
        ({"code": 1000, "data": {"people": "01", "link": ""}}, "answer.data.people: "),
        ({"code": 1000, "data": {"people": [{"id": 0}, {"id": 2}], "link": ""}}, r"answer.data.people\[1\].id"),
        ({"code": 1000.0, "data": {"people": [{"id": 0}, {"id": 1}], "link": ""}}, "answer.code"),
    ],
)
def test_what_differs_is_named(got, where):
    with pytest.raises(AssertionError, match=where):
        agrees(WANTED, got, same)


def test_places_are_filled_in_texts_only():
    assert filled({"a": "x-<id>", "b": {"c": "<id>"}, "n": 3}, {"<id>": "7"}) == {"a": "x-7", "b": {"c": "7"}, "n": 3}
