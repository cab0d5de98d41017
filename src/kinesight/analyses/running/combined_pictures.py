"""The key frames of a kept report, read back out of its page so that two reports can stand next to each other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from markupsafe import Markup, escape

from kinesight.analyses.running.result import Event, Side

MOST_FRAMES = 12
NEAR_S = 0.2
"""A key frame shows a landing within this time of its strike; the other foot lands later."""

_NUMBER = r"-?[0-9.]{1,12}"
_ALLOWED: Mapping[str, Mapping[str, str]] = {
    "svg": {"viewbox": rf"{_NUMBER}( {_NUMBER}){{3}}", "class": "figure", "role": "img", "aria-label": r"[^<>]{0,200}"},
    "image": {
        "href": r"data:image/jpeg;base64,[A-Za-z0-9+/=]+",
        "width": _NUMBER,
        "height": _NUMBER,
        "preserveaspectratio": "none",
    },
    "g": {"class": "[a-z -]{1,40}"},
    "path": {"class": "[a-z -]{1,40}", "stroke-width": _NUMBER, "d": "[MLAHVZ0-9. -]+"},
    "text": {
        "class": "[a-z -]{1,40}",
        "x": _NUMBER,
        "y": _NUMBER,
        "font-size": _NUMBER,
        "text-anchor": "start|middle|end",
    },
}
"""What a key frame may consist of, element by element; everything else in a page stays where it is, because the file may
have been changed since it was written."""

_CASED = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFrame:
    """One key frame of a report: its picture as SVG, its caption, the foot that lands, and its angles as (words, CSS class)."""

    picture: Markup
    caption: str
    readings: tuple[tuple[str, str], ...]
    foot: Side | None = None


def kept_frames(report_html: bytes | None, events: Sequence[Event]) -> tuple[KeptFrame, ...]:
    """Return the key frames of a report page in their order, at most twelve; none where there is no page or it has none.

    The foot of a frame is that of the strike of `events` nearest to the time in its caption, in whatever language that is.
    """
    if not report_html:
        return ()
    reader = _Reader()
    reader.feed(report_html.decode("utf-8", errors="replace"))
    reader.close()
    strikes = [event for event in events if event.kind == "foot_strike"]
    return tuple(replace(frame, foot=_foot(frame.caption, strikes)) for frame in reader.frames[:MOST_FRAMES])


def _foot(caption: str, strikes: Sequence[Event]) -> Side | None:
    found = re.search(r"\d{1,6}[.,]\d{1,4}", caption)
    if found is None or not strikes:
        return None
    moment = float(found[0].replace(",", "."))
    nearest = min(strikes, key=lambda strike: abs(strike.time_s - moment))
    return nearest.foot if abs(nearest.time_s - moment) <= NEAR_S else None


@dataclass(slots=True)
class _Open:
    """The frame that is being read."""

    pieces: list[Markup] = field(default_factory=list)
    caption: str = ""
    readings: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.frames: list[KeptFrame] = []
        self._frame: _Open | None = None
        self._drawing: list[str] = []
        self._word: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag == "figure" and {"card", "frame"} <= set(classes):
            self._frame = _Open()
        elif self._frame is not None:
            if tag in _ALLOWED and (tag == "svg" or self._drawing):
                self._draw(tag, given)
            elif tag == "span" and "band" in classes:
                self._word = next((name for name in classes if name in {"good", "okay", "bad"}), "unknown")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._frame is None:
            return
        if self._drawing and tag == self._drawing[-1]:
            self._drawing.pop()
            self._frame.pieces.append(Markup("</{}>").format(tag))
        elif tag == "span":
            self._word = None
        elif tag == "figure":
            self._keep(self._frame)
            self._frame = None
            self._drawing.clear()

    def handle_data(self, data: str) -> None:
        if self._frame is None or not data.strip():
            return
        if self._drawing:
            self._frame.pieces.append(escape(data) if self._drawing[-1] == "text" else Markup(""))
        elif self._word is not None:
            self._frame.readings.append((data.strip()[:60], self._word))

    def _draw(self, tag: str, given: Mapping[str, str]) -> None:
        if self._frame is None:
            return
        if tag == "svg":
            self._frame.caption = given.get("aria-label", "")[:200]
        kept = [
            Markup(' {}="{}"').format(_CASED.get(name, name), given[name])
            for name, shape in _ALLOWED[tag].items()
            if name in given and re.fullmatch(shape, given[name])
        ]
        self._frame.pieces.append(Markup("<{}{}>").format(tag, Markup("").join(kept)))
        self._drawing.append(tag)

    def _keep(self, frame: _Open) -> None:
        # what was left open by a damaged page is closed, so that nothing of it reaches the rest of ours
        picture = Markup("").join([*frame.pieces, *(Markup("</{}>").format(tag) for tag in reversed(self._drawing))])
        if not picture:
            return
        self.frames.append(KeptFrame(picture=picture, caption=frame.caption, readings=tuple(frame.readings)))
