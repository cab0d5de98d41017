"""The running styles of a report: where the run lies on the two axes, and what it is close to."""

from __future__ import annotations

from markupsafe import Markup

from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.styles import axes_place

_WIDTH, _HEIGHT = 320.0, 240.0
_PER_UNIT = (92.0, 64.0)
_EDGE = 1.45
"""How far the drawing reaches, in units of the style centres; a run beyond stands at its edge."""


def style_map(result: RunningResult) -> Markup | None:
    """Return the place of a run among the five styles as SVG; None where it is unknown.

    Step frequency grows to the right and duty factor upwards; the centre is what is usual at the speed.
    """
    if result.style_place is None or not result.styles:
        return None
    styles = load_profile(result.profile).styles
    say = load_page_texts(result.language)
    titles = {style.code: style.title for style in result.styles}
    pieces = [
        Markup('<path class="axis" d="M20 {1:.0f}H300M{0:.0f} 16V224"/>').format(_WIDTH / 2, _HEIGHT / 2),
        _text("end", 302, _HEIGHT / 2 - 5, f"{say('style.frequency')} →"),
        _text("start", _WIDTH / 2 + 5, 12, f"↑ {say('style.duty_factor')}"),
    ]
    for name, centre in styles.centres.items():
        x, y = _at(*centre)
        kind = "closest" if result.styles[0].code == name else ""
        pieces.append(Markup('<circle class="style-centre {}" cx="{:.1f}" cy="{:.1f}" r="21"/>').format(kind, x, y))
        pieces.append(_text("middle", x, y + (34 if centre[1] <= 0 else -26), titles.get(name, ""), "name"))
    x, y = _at(*axes_place(styles, result.style_place))
    you = Markup('<circle class="style-you" cx="{:.1f}" cy="{:.1f}" r="6"><title>{}</title></circle>').format(
        x, y, say("style.you")
    )
    label = say(
        "style.place",
        frequency=_signed(result.style_place.frequency_percent),
        duty_factor=_signed(result.style_place.duty_factor_percent),
    )
    return Markup('<svg class="style-map" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}{}</svg>').format(
        _WIDTH, _HEIGHT, label, Markup("").join(pieces), you
    )


def _at(frequency: float, duty_factor: float) -> tuple[float, float]:
    x, y = (min(max(value, -_EDGE), _EDGE) for value in (frequency, duty_factor))
    return _WIDTH / 2 + _PER_UNIT[0] * x, _HEIGHT / 2 - _PER_UNIT[1] * y


def _text(anchor: str, x: float, y: float, text: str, kind: str = "axis-name") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(kind, x, y, anchor, text)


def _signed(percent: float) -> str:
    return f"{percent:+.0f}".replace("-", "\u2212")
