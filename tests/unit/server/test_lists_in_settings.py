"""Settings that are lists, as people write them into a variable."""

import pytest

from kinesight.domain.errors import BadSetting
from kinesight.settings import load_settings


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("127.0.0.0/8", ("127.0.0.0/8",)),
        ("media.lan, 10.0.0.0/8", ("media.lan", "10.0.0.0/8")),
        ('["media.lan", "10.0.0.0/8"]', ("media.lan", "10.0.0.0/8")),
        ("", ()),
    ],
)
def test_a_list_is_separated_by_commas_or_json(monkeypatch, text, wanted):
    monkeypatch.setenv("KINESIGHT_FETCH_ALLOW", text)
    assert load_settings().fetch_allow == wanted


def test_a_broken_list_is_named(monkeypatch):
    monkeypatch.setenv("KINESIGHT_FETCH_ALLOW", "[1")
    with pytest.raises(BadSetting, match="fetch_allow"):
        load_settings()


def test_a_file_gives_a_list_as_it_is(monkeypatch, tmp_path):
    (tmp_path / "kinesight.toml").write_text('fetch_allow = ["media.lan"]\n')
    monkeypatch.setenv("KINESIGHT_CONFIG", str(tmp_path / "kinesight.toml"))
    assert load_settings().fetch_allow == ("media.lan",)
