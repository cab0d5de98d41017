"""Outputs are kept alike in memory and on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from kinesight.domain.errors import NotFound
from kinesight.domain.outputs import HIDDEN, OutputSettings, hidden

from .conftest import World

DC09 = {"kind": "dc09", "host": "192.0.2.1", "port": 12000, "account": "1234", "key": "0" * 32}
MAIL = {"kind": "smtp", "host": "mail.example", "sender": "a@b.example", "recipients": ["c@d.example"], "password": "secret"}


def settings(**given: Any) -> OutputSettings:
    return OutputSettings.model_validate({"to": DC09, **given})


def test_an_output_comes_back_as_it_was_put_and_hides_its_secrets(world: World) -> None:
    mine, outputs = world.tenant.id, world.outputs
    put = outputs.put(mine, "centre", settings(cameras=["1"]))
    assert outputs.get(mine, "centre") == put
    shown = hidden(put.settings)
    assert shown.to.kind == "dc09"
    assert (shown.to.key, put.settings.to) == (HIDDEN, settings().to)
    changed = outputs.put(mine, "centre", shown.model_copy(update={"is_enabled": False}))
    assert changed.settings.to == put.settings.to, "what was hidden stays"
    assert outputs.put(mine, "mail", hidden(settings(to=MAIL))).settings.to.password is None, "there was nothing to keep"  # type: ignore[union-attr]
    assert [one.name for one in outputs.all(mine)] == ["centre", "mail"]
    assert outputs.all(world.other.id) == ()
    outputs.delete(mine, "centre")
    for attempt in (outputs.get, outputs.delete):
        with pytest.raises(NotFound):
            attempt(mine, "centre")
