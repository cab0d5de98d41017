"""Draws docs/images/angles/*.svg: every angle of the running analysis on the made-up runner, with its sign and zero line.

The side views are the runner of `kinesight.testing.runner` at the instant of the definition; numbers are read from its points.
The back views are made of the same segment lengths in mid-stance, with angles large enough to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesight.domain.people import KEYPOINTS
from kinesight.testing.runner import (
    ANKLE_FROM_HEEL_M,
    FOOT_M,
    HALF_HIPS_M,
    HALF_SHOULDERS_M,
    SHANK_M,
    THIGH_M,
    TRUNK_M,
    Gait,
    runner,
)

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images" / "angles"

Point = tuple[float, float]
Points = Mapping[str, Point]

INK, SOFT, PALE, NEAR, FAR, ANGLE, GROUND = "#1d2530", "#5b6675", "#c9d0da", "#3b5b8c", "#a9b7cc", "#d1481f", "#8a94a3"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
GAIT = Gait(foot_at_strike_deg=16.0, trunk_lean_deg=9.0)
SECONDS = 3.0


@dataclass(slots=True)
class Sheet:
    """A drawing in metres, y up: a window of the world, and the pieces drawn into it.

    `left`, `bottom`, `width_m` and `height_m` are the window, `width_px` the size of the picture.
    """

    left: float
    bottom: float
    width_m: float
    height_m: float
    width_px: int
    pieces: list[str] = field(default_factory=list)

    @property
    def scale(self) -> float:
        """Return pixels per metre."""
        return self.width_px / self.width_m

    @property
    def height_px(self) -> int:
        """Return the height of the picture."""
        return round(self.height_m * self.scale)

    def px(self, point: Point) -> Point:
        """Return where a point of the world lies in the picture."""
        return (point[0] - self.left) * self.scale, self.height_px - (point[1] - self.bottom) * self.scale

    def line(self, points: Sequence[Point], *, colour: str, width: float, dash: str = "") -> None:
        """Draw a line with round ends."""
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(self.px, points))
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self.pieces.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" '
            f'stroke-linejoin="round"{dashes}/>'
        )

    def dot(self, point: Point, *, colour: str, radius: float = 4.5) -> None:
        """Draw a joint."""
        x, y = self.px(point)
        self.pieces.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="#ffffff" stroke="{colour}" stroke-width="2.5"/>'
        )

    def text(
        self, point: Point, words: str, *, colour: str = INK, size: int = 14, anchor: str = "start", bold: bool = False
    ) -> None:
        """Write words with their middle line at a point."""
        x, y = self.px(point)
        weight = ' font-weight="700"' if bold else ""
        style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}'
        self.pieces.append(f'<text x="{x:.1f}" y="{y + 0.35 * size:.1f}" {style}>{words}</text>')

    def oval(self, centre: Point, half_width_m: float, half_height_m: float) -> None:
        """Draw a head."""
        x, y = self.px(centre)
        size = f'rx="{half_width_m * self.scale:.1f}" ry="{half_height_m * self.scale:.1f}"'
        self.pieces.append(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" {size} fill="#f2f4f7" stroke="{PALE}" stroke-width="4"/>')

    def arc(self, centre: Point, radius: float, *, start_deg: float, end_deg: float, arrow: bool = False) -> None:
        """Draw an arc from one direction to another, degrees against the horizontal, the short way round."""
        turn = (end_deg - start_deg + 180.0) % 360.0 - 180.0
        (x0, y0), (x1, y1) = (self.px(polar(centre, radius, start_deg + part * turn)) for part in (0.0, 1.0))
        reach = radius * self.scale
        path = f"M{x0:.1f} {y0:.1f}A{reach:.1f} {reach:.1f} 0 0 {int(turn < 0)} {x1:.1f} {y1:.1f}"
        self.pieces.append(f'<path d="{path}" fill="none" stroke="{ANGLE}" stroke-width="3"/>')
        if arrow:
            tangent = math.radians(start_deg + turn + (90.0 if turn > 0 else -90.0))
            self._head((x1, y1), (math.cos(tangent), -math.sin(tangent)))

    def _head(self, tip: Point, way: Point) -> None:
        side = (-way[1], way[0])
        corners = [(tip[0] + 5 * way[0], tip[1] + 5 * way[1])]
        corners += [(tip[0] - 6 * way[0] + s * 5 * side[0], tip[1] - 6 * way[1] + s * 5 * side[1]) for s in (1.0, -1.0)]
        self.pieces.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in corners)}Z" fill="{ANGLE}"/>')

    def svg(self, described: str) -> str:
        """Return the drawing as a file's text."""
        width, height = self.width_px, self.height_px
        inside = f'width="{width - 1}" height="{height - 1}" rx="10"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
                f'role="img" font-family="{FONTS}">',
                f"<title>{described}</title>",
                f'<clipPath id="card"><rect x="0.5" y="0.5" {inside}/></clipPath>',
                f'<rect x="0.5" y="0.5" {inside} fill="#ffffff"/>',
                '<g clip-path="url(#card)">',
                *self.pieces,
                "</g>",
                f'<rect x="0.5" y="0.5" {inside} fill="none" stroke="#dfe4ea"/>',
                "</svg>\n",
            ]
        )


def polar(centre: Point, radius: float, degrees: float) -> Point:
    """Return the point at a distance and a direction from a centre."""
    return centre[0] + radius * math.cos(math.radians(degrees)), centre[1] + radius * math.sin(math.radians(degrees))


def direction_deg(start: Point, end: Point) -> float:
    """Return the direction of a line against the horizontal, counter-clockwise."""
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


def between_deg(first: Point, vertex: Point, second: Point) -> float:
    """Return the inner angle at a vertex, 0 to 180."""
    return abs((direction_deg(vertex, first) - direction_deg(vertex, second) + 180.0) % 360.0 - 180.0)


def instants() -> dict[str, float]:
    """Return the times of one landing of the right foot: strike, full contact, mid-stance, toe-off, and the flight after it."""
    body = runner(GAIT, seconds=SECONDS, rate_hz=500.0)
    strike = float(body.strikes_s["right"][1])
    contact = GAIT.contact_s
    return {
        "strike": strike,
        # the made-up foot falls to flat within 50 ms; within 3 degrees of it a little before
        "full contact": strike + 0.05 * (1 - math.sqrt(3.0 / GAIT.foot_at_strike_deg)),
        "mid-stance": strike + contact / 2,
        "toe-off": strike + contact,
        "flight": strike + contact + (GAIT.stride_s / 2 - contact) / 2,
    }


def posture(time_s: float) -> Points:
    """Return every point of the made-up runner at a moment, seen from the right: metres forward and up."""
    body = runner(GAIT, seconds=SECONDS, rate_hz=500.0).at(np.array([time_s]))
    return {name: (float(x), float(y)) for name, (x, y, _) in zip(KEYPOINTS, body.points_m[0], strict=True)}


def middle(first: Point, second: Point) -> Point:
    """Return the point half way."""
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def draw_side(sheet: Sheet, points: Points, *, faded: bool = True) -> None:
    """Draw a runner from the side: the far limbs, the trunk and head, then the near limbs."""
    limb, thin = (PALE, 5.0) if faded else (NEAR, 5.0)
    far = "#e3e7ed" if faded else FAR
    for side, colour in (("left", far), ("right", limb)):
        for chain in ("shoulder elbow wrist", "hip knee ankle", "heel big_toe ankle heel"):
            sheet.line([points[f"{side}_{name}"] for name in chain.split()], colour=colour, width=thin)
        if side == "left":
            neck = middle(points["left_shoulder"], points["right_shoulder"])
            sheet.line([middle(points["left_hip"], points["right_hip"]), neck], colour=limb, width=thin)
            sheet.line([neck, points["right_ear"], points["nose"]], colour=limb, width=thin)


def ground(sheet: Sheet, height_m: float = 0.0) -> None:
    """Draw the ground from edge to edge."""
    sheet.line([(sheet.left + 0.02, height_m), (sheet.left + sheet.width_m - 0.02, height_m)], colour=GROUND, width=1.5)


def joint_drawing(title: str, joints: tuple[str, str, str], *, side: str, radius: float, at: float) -> str:
    """Draw the inner angle at the middle of three joints of one side at a moment, on the whole runner."""
    points = posture(at)
    sheet = Sheet(left=-0.75, bottom=-0.1, width_m=1.45, height_m=1.85, width_px=300)
    ground(sheet, min(y for _, y in points.values()))
    draw_side(sheet, points)
    first, vertex, last = (points[f"{side}_{name}"] for name in joints)
    sheet.line([first, vertex, last], colour=NEAR, width=7)
    start, end = direction_deg(vertex, first), direction_deg(vertex, last)
    sheet.arc(vertex, radius, start_deg=start, end_deg=end)
    for point in (first, vertex, last):
        sheet.dot(point, colour=NEAR)
    turn = (end - start + 180.0) % 360.0 - 180.0
    label = polar(vertex, radius + 0.06, start + turn / 2)
    anchor = "start" if label[0] >= vertex[0] else "end"
    sheet.text(label, f"{between_deg(first, vertex, last):.0f}°", colour=ANGLE, size=20, anchor=anchor, bold=True)
    return sheet.svg(title)


def front_knee() -> str:
    """Draw the knee of the landing leg."""
    return joint_drawing("Front knee: inner angle hip, knee, ankle of the landing leg", ("hip", "knee", "ankle"), side="right",
                         radius=0.14, at=instants()["strike"])  # fmt: skip


def back_knee() -> str:
    """Draw the knee of the other leg at the same moment."""
    return joint_drawing("Back knee: inner angle hip, knee, ankle of the other leg", ("hip", "knee", "ankle"), side="left",
                         radius=0.14, at=instants()["strike"])  # fmt: skip


def elbow() -> str:
    """Draw the elbow."""
    return joint_drawing("Elbow: inner angle shoulder, elbow, wrist", ("shoulder", "elbow", "wrist"), side="right", radius=0.1,
                         at=instants()["strike"])  # fmt: skip


def trunk_lean() -> str:
    """Draw the line of hips and shoulders against the vertical."""
    points = posture(instants()["mid-stance"])
    sheet = Sheet(left=-0.75, bottom=-0.1, width_m=1.45, height_m=1.85, width_px=300)
    ground(sheet)
    draw_side(sheet, points)
    hip, neck = middle(points["left_hip"], points["right_hip"]), middle(points["left_shoulder"], points["right_shoulder"])
    top = (hip[0], hip[1] + 0.72)
    sheet.line([hip, top], colour=SOFT, width=2, dash="6 5")
    sheet.line([hip, (hip[0] + 1.25 * (neck[0] - hip[0]), hip[1] + 1.25 * (neck[1] - hip[1]))], colour=NEAR, width=2)
    sheet.line([hip, neck], colour=NEAR, width=7)
    lean = 90.0 - direction_deg(hip, neck)
    sheet.arc(hip, 0.62, start_deg=90.0, end_deg=90.0 - lean, arrow=True)
    sheet.dot(hip, colour=NEAR)
    sheet.dot(neck, colour=NEAR)
    sheet.text((hip[0] + 0.16, hip[1] + 0.68), f"+{lean:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((hip[0] - 0.03, hip[1] + 0.78), "0°", colour=SOFT, anchor="end")
    sheet.text((hip[0] + 0.22, hip[1] + 0.05), "forward +", colour=SOFT)
    return sheet.svg(
        "Trunk lean: line from the middle of the hips to the middle of the shoulders against the vertical, forward positive"
    )


def head() -> str:
    """Draw the line of ear and nose against the horizontal."""
    points = posture(instants()["mid-stance"])
    ear, nose = points["right_ear"], points["nose"]
    sheet = Sheet(left=ear[0] - 0.26, bottom=ear[1] - 0.3, width_m=0.62, height_m=0.5, width_px=360)
    sheet.oval((ear[0] + 0.02, ear[1] + 0.02), 0.1, 0.125)
    neck = middle(points["left_shoulder"], points["right_shoulder"])
    sheet.line([(neck[0] - 0.01, ear[1] - 0.29), (ear[0] - 0.02, ear[1] - 0.1)], colour=PALE, width=12)
    sheet.line([ear, (ear[0] + 0.25, ear[1])], colour=SOFT, width=2, dash="6 5")
    sheet.line([ear, nose], colour=NEAR, width=7)
    sheet.line([ear, polar(ear, 0.22, direction_deg(ear, nose))], colour=NEAR, width=2)
    sheet.arc(ear, 0.19, start_deg=0.0, end_deg=direction_deg(ear, nose), arrow=True)
    sheet.dot(ear, colour=NEAR)
    sheet.dot(nose, colour=NEAR)
    sheet.text((ear[0] - 0.015, ear[1] + 0.03), "ear", colour=SOFT, anchor="end")
    sheet.text((nose[0] - 0.005, nose[1] - 0.03), "nose", colour=SOFT, anchor="middle")
    sheet.text(
        (ear[0] + 0.2, ear[1] - 0.06), f"{direction_deg(ear, nose):.0f}°".replace("-", "−"), colour=ANGLE, size=20, bold=True
    )
    sheet.text((ear[0] + 0.26, ear[1]), "0°", colour=SOFT)
    sheet.text((ear[0] + 0.2, ear[1] + 0.05), "up +", colour=SOFT)
    return sheet.svg(
        "Head: line from the ear to the nose against the horizontal, up positive; a level head shows about minus 13 degrees"
    )


def foot_strike() -> str:
    """Draw the sole at the strike against the sole while it lies flat."""
    points = posture(instants()["strike"])
    heel, toe, ankle, knee = (points[f"right_{name}"] for name in ("heel", "big_toe", "ankle", "knee"))
    sheet = Sheet(left=heel[0] - 0.13, bottom=heel[1] - 0.07, width_m=0.5, height_m=0.33, width_px=360)
    ground(sheet, heel[1] - 0.006)
    shin = polar(ankle, 0.3, direction_deg(ankle, knee))
    sheet.line([shin, ankle], colour=PALE, width=12)
    sheet.line([heel, ankle, toe], colour=PALE, width=5)
    sheet.line([heel, (heel[0] + 0.27, heel[1])], colour=SOFT, width=2, dash="6 5")
    sheet.line([heel, toe], colour=NEAR, width=7)
    strike = direction_deg(heel, toe)
    sheet.arc(heel, 0.15, start_deg=0.0, end_deg=strike, arrow=True)
    sheet.dot(heel, colour=NEAR)
    sheet.dot(toe, colour=NEAR)
    sheet.text((heel[0] + 0.255, heel[1] + 0.026), f"+{strike:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((heel[0] + 0.21, heel[1] - 0.028), "0° = lies flat", colour=SOFT)
    sheet.text((toe[0] + 0.012, toe[1] + 0.03), "toes up +", colour=SOFT)
    sheet.text((heel[0] - 0.015, heel[1] + 0.015), "heel", colour=SOFT, anchor="end")
    return sheet.svg(
        "Foot strike: heel-to-toe line at the strike against the same line while the foot lies flat, toes up positive"
    )


def overstride() -> str:
    """Draw the shank of the landing leg against the vertical."""
    points = posture(instants()["strike"])
    knee, ankle = points["right_knee"], points["right_ankle"]
    sheet = Sheet(left=knee[0] - 0.42, bottom=-0.07, width_m=0.9, height_m=0.82, width_px=360)
    ground(sheet, -0.006)
    draw_side(sheet, points)
    sheet.line([knee, (knee[0], knee[1] - 0.5)], colour=SOFT, width=2, dash="6 5")
    sheet.line([knee, ankle], colour=NEAR, width=7)
    shank = direction_deg(knee, ankle)
    sheet.arc(knee, 0.34, start_deg=-90.0, end_deg=shank, arrow=True)
    sheet.dot(knee, colour=NEAR)
    sheet.dot(ankle, colour=NEAR)
    sheet.text((knee[0] + 0.07, knee[1] - 0.3), f"+{shank + 90.0:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((knee[0] - 0.02, knee[1] - 0.44), "0°", colour=SOFT, anchor="end")
    sheet.text((knee[0] + 0.2, 0.12), "ankle ahead +", colour=SOFT)
    sheet.text((knee[0] + 0.03, knee[1] + 0.02), "knee", colour=SOFT)
    return sheet.svg(
        "Overstride: line from the knee to the ankle of the landing leg against the vertical, ankle ahead of the knee positive"
    )


DROP_DEG, THIGH_OUT_DEG, SHANK_OUT_DEG, HEEL_OUT_DEG = 8.0, 6.0, -3.0, -12.0
"""What the back views show, right leg in mid-stance: lines that lean towards the runner's right have a positive angle."""


def upwards(start: Point, length: float, out_deg: float) -> Point:
    """Return the upper end of a segment that leans to the right of the vertical by so much."""
    return polar(start, length, 90.0 - out_deg)


def from_behind() -> dict[str, Point]:
    """Return a runner from behind, the right leg in mid-stance and the left one swinging: metres to the right and up."""
    ankle = (0.04, float(ANKLE_FROM_HEEL_M[1]))
    knee = upwards(ankle, SHANK_M, SHANK_OUT_DEG)
    # a knee that bends forward by 36 degrees in mid-stance shortens the leg by a little
    hip = upwards(knee, 0.95 * THIGH_M, THIGH_OUT_DEG)
    other = polar(hip, 2 * HALF_HIPS_M, 180.0 + DROP_DEG)
    waist = middle(hip, other)
    neck = (waist[0] - 0.01, waist[1] + TRUNK_M)
    points = {"right_hip": hip, "right_knee": knee, "right_ankle": ankle, "left_hip": other, "neck": neck}
    points["right_heel"] = upwards(ankle, -float(ANKLE_FROM_HEEL_M[1]), HEEL_OUT_DEG)
    points["left_knee"] = (other[0] + 0.005, other[1] - 0.36)
    points["left_ankle"] = (other[0] + 0.02, other[1] - 0.42)
    points["left_toe"] = (other[0] + 0.025, other[1] - 0.56)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        shoulder = (neck[0] + sign * HALF_SHOULDERS_M, neck[1] - 0.02)
        points[f"{side}_shoulder"] = shoulder
        points[f"{side}_elbow"] = (shoulder[0] + sign * 0.07, shoulder[1] - 0.24)
        points[f"{side}_wrist"] = (shoulder[0] + sign * 0.02, shoulder[1] - 0.3)
    points["head"] = (neck[0], neck[1] + 0.17)
    return points


def draw_back(sheet: Sheet, points: Mapping[str, Point]) -> None:
    """Draw a runner from behind, faded."""
    sheet.line([points[name] for name in ("left_hip", "left_knee", "left_ankle", "left_toe")], colour="#e3e7ed", width=6)
    for side in ("left", "right"):
        sheet.line([points[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist")], colour=PALE, width=5)
    sheet.line([points["left_shoulder"], points["right_shoulder"]], colour=PALE, width=5)
    sheet.line([middle(points["left_hip"], points["right_hip"]), points["neck"]], colour=PALE, width=5)
    sheet.line([points["left_hip"], points["right_hip"]], colour=PALE, width=5)
    sheet.line([points[f"right_{name}"] for name in ("hip", "knee", "ankle", "heel")], colour=PALE, width=5)
    sheet.oval(points["head"], 0.08, 0.11)
    sheet.line([points["neck"], (points["neck"][0], points["neck"][1] + 0.05)], colour=PALE, width=5)


def pelvic_drop() -> str:
    """Draw the line of the hips against the horizontal, on the whole runner."""
    points = from_behind()
    sheet = Sheet(left=-0.67, bottom=-0.1, width_m=1.4, height_m=1.85, width_px=300)
    ground(sheet, -0.005)
    draw_back(sheet, points)
    hip, other = points["right_hip"], points["left_hip"]
    sheet.line([hip, (hip[0] - 0.42, hip[1])], colour=SOFT, width=2, dash="6 5")
    sheet.line([hip, polar(hip, 0.4, 180.0 + DROP_DEG)], colour=NEAR, width=2)
    sheet.line([hip, other], colour=NEAR, width=7)
    sheet.arc(hip, 0.34, start_deg=180.0, end_deg=180.0 + DROP_DEG, arrow=True)
    sheet.dot(hip, colour=NEAR)
    sheet.dot(other, colour=NEAR)
    sheet.text((hip[0] - 0.3, hip[1] - 0.12), f"+{DROP_DEG:.0f}°", colour=ANGLE, size=20, anchor="end", bold=True)
    sheet.text((hip[0] - 0.44, hip[1]), "0°", colour=SOFT, anchor="end")
    sheet.text((hip[0] + 0.04, hip[1] + 0.04), "stance hip", colour=SOFT)
    sheet.text((hip[0] + 0.04, hip[1] - 0.03), "higher: +", colour=SOFT)
    return sheet.svg("Pelvic drop: line through the hips against the horizontal, the hip of the standing leg higher positive")


def knee_adduction() -> str:
    """Draw the thigh against the shank carried on upwards, from behind."""
    points = from_behind()
    hip, knee, ankle = (points[f"right_{name}"] for name in ("hip", "knee", "ankle"))
    sheet = Sheet(left=-0.42, bottom=-0.1, width_m=0.95, height_m=1.2, width_px=300)
    ground(sheet, -0.005)
    draw_back(sheet, points)
    sheet.line([knee, upwards(knee, 0.42, SHANK_OUT_DEG)], colour=SOFT, width=2, dash="6 5")
    sheet.line([hip, knee, ankle], colour=NEAR, width=7)
    sheet.arc(knee, 0.33, start_deg=90.0 - SHANK_OUT_DEG, end_deg=90.0 - THIGH_OUT_DEG, arrow=True)
    for point in (hip, knee, ankle):
        sheet.dot(point, colour=NEAR)
    sheet.text((knee[0] + 0.08, knee[1] + 0.31), f"+{THIGH_OUT_DEG - SHANK_OUT_DEG:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((knee[0] - 0.05, knee[1] + 0.42), "0°", colour=SOFT, anchor="end")
    sheet.text((knee[0] + 0.06, knee[1] - 0.02), "knee inward +", colour=SOFT)
    return sheet.svg("Knee adduction: thigh against the line of the shank, from behind, knee towards the other leg positive")


def hip_adduction() -> str:
    """Draw the thigh against the line at right angles to the pelvis, from behind."""
    points = from_behind()
    hip, other, knee = points["right_hip"], points["left_hip"], points["right_knee"]
    sheet = Sheet(left=-0.42, bottom=0.3, width_m=0.95, height_m=0.9, width_px=300)
    draw_back(sheet, points)
    square = direction_deg(hip, other) + 90.0
    sheet.line([hip, polar(hip, 0.44, square)], colour=SOFT, width=2, dash="6 5")
    sheet.line([other, hip], colour=NEAR, width=4)
    sheet.line([hip, knee], colour=NEAR, width=7)
    thigh = direction_deg(hip, knee)
    sheet.arc(hip, 0.3, start_deg=square, end_deg=thigh, arrow=True)
    for point in (other, hip, knee):
        sheet.dot(point, colour=NEAR)
    inward = (square - thigh + 180.0) % 360.0 - 180.0
    sheet.text((hip[0] + 0.09, hip[1] - 0.28), f"+{inward:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((hip[0] + 0.09, hip[1] - 0.44), "0°", colour=SOFT)
    sheet.text((knee[0] - 0.03, knee[1] - 0.05), "knee inward +", colour=SOFT, anchor="end")
    return sheet.svg(
        "Hip adduction: thigh against the line at right angles to the pelvis, from behind, knee towards the other leg positive"
    )


def pronation() -> str:
    """Draw the heel against the shank carried on downwards, from behind."""
    points = from_behind()
    ankle, heel, knee = (points[f"right_{name}"] for name in ("ankle", "heel", "knee"))
    sheet = Sheet(left=ankle[0] - 0.17, bottom=-0.045, width_m=0.36, height_m=0.3, width_px=360)
    ground(sheet, -0.004)
    shape = [(-0.036, 0.0), (-0.042, 0.04), (-0.03, 0.085), (0.03, 0.085), (0.042, 0.04), (0.036, 0.0)]
    sheet.line([(ankle[0] + x, y) for x, y in [*shape, shape[0]]], colour=PALE, width=4)
    shin = polar(ankle, 0.16, direction_deg(ankle, knee))
    sheet.line([ankle, upwards(ankle, -0.1, SHANK_OUT_DEG)], colour=SOFT, width=2, dash="6 5")
    sheet.line([shin, ankle], colour=NEAR, width=7)
    sheet.line([ankle, upwards(ankle, -0.1, HEEL_OUT_DEG)], colour=NEAR, width=2)
    sheet.line([ankle, heel], colour=NEAR, width=7)
    sheet.arc(ankle, 0.068, start_deg=-90.0 - SHANK_OUT_DEG, end_deg=-90.0 - HEEL_OUT_DEG, arrow=True)
    sheet.dot(ankle, colour=NEAR)
    sheet.dot(heel, colour=NEAR)
    sheet.text((ankle[0] + 0.05, 0.028), f"+{SHANK_OUT_DEG - HEEL_OUT_DEG:.0f}°", colour=ANGLE, size=20, bold=True)
    sheet.text((ankle[0] - 0.008, -0.022), "0°", colour=SOFT, anchor="end")
    sheet.text((ankle[0] + 0.045, 0.14), "heel out under", colour=SOFT)
    sheet.text((ankle[0] + 0.045, 0.124), "the shank +", colour=SOFT)
    sheet.text((ankle[0] - 0.05, 0.08), "ankle", colour=SOFT, anchor="end")
    sheet.text((ankle[0] - 0.16, 0.24), "right foot", colour=SOFT)
    return sheet.svg(
        "Pronation: line from the ankle to the heel against the line of the shank, from behind, heel outwards positive"
    )


def phases() -> str:
    """Draw the runner at the four moments of a landing, over the time line of both feet."""
    at = instants()
    apart = 1.0
    names = ("strike", "full contact", "toe-off", "flight")
    words = ("Foot strike", "Full contact", "Toe-off", "Flight")
    said = ("first touch", "within 3° of flat", "last touch", "no foot down")
    sheet = Sheet(left=-0.58, bottom=-0.86, width_m=4.15, height_m=2.85, width_px=760)
    for number, name in enumerate(names):
        body = {point: (x + number * apart, y) for point, (x, y) in posture(at[name]).items()}
        draw_side(sheet, body, faded=False)
        sheet.line([(number * apart - 0.45, 0.0), (number * apart + 0.45, 0.0)], colour=GROUND, width=1.5)
        sheet.text((number * apart, 1.86), words[number], size=16, anchor="middle", bold=True)
        sheet.text((number * apart, 1.74), said[number], colour=SOFT, anchor="middle")
    _time_line(sheet, at)
    return sheet.svg("One landing of the right foot: foot strike, full contact, toe-off, flight, and both feet over one stride")


def _time_line(sheet: Sheet, at: Mapping[str, float]) -> None:
    start, length = -0.12, 3.5

    def x_of(time_s: float) -> float:
        return start + length * (time_s - at["strike"]) / GAIT.stride_s

    rows = {"Right foot": -0.3, "Left foot": -0.48}
    half, contact = GAIT.stride_s / 2, GAIT.contact_s
    for name, y in rows.items():
        sheet.text((start - 0.08, y), name.split()[0], colour=SOFT, anchor="end")
        sheet.line([(start, y), (start + length, y)], colour="#e3e7ed", width=12)
        first = at["strike"] + (0.0 if name == "Right foot" else half)
        sheet.line([(x_of(first), y), (x_of(first + contact), y)], colour=NEAR if name == "Right foot" else FAR, width=12)
    for name in ("strike", "full contact", "toe-off"):
        x = x_of(at[name])
        sheet.line([(x, -0.2), (x, -0.56)], colour=ANGLE, width=2, dash="3 3")
        anchor = {"strike": "end", "full contact": "start", "toe-off": "middle"}[name]
        sheet.text((x, -0.13), name, colour=ANGLE, anchor=anchor)
    y = -0.68
    spans = [("contact time", 0.0, contact), ("flight time", contact, half), ("step time", half, 2 * half)]
    for words, begin, end in spans:
        left, right = x_of(at["strike"] + begin), x_of(at["strike"] + end)
        sheet.line([(left + 0.02, y + 0.06), (right - 0.02, y + 0.06)], colour=SOFT, width=1.5)
        sheet.text(((left + right) / 2, y - 0.04), words, colour=SOFT, anchor="middle")


def patterns() -> str:
    """Draw the foot at the strike in the three patterns."""
    sheet = Sheet(left=0.0, bottom=-0.13, width_m=1.2, height_m=0.42, width_px=640)
    shown = (("Rearfoot", "above 8°", 16.0), ("Midfoot", "−1.6° to 8°", 3.0), ("Forefoot", "below −1.6°", -9.0))
    for number, (name, limits, strike) in enumerate(shown):
        x = 0.1 + 0.4 * number
        along = (math.cos(math.radians(strike)), math.sin(math.radians(strike)))
        heel = (x, max(0.0, -FOOT_M * along[1]))
        toe = (heel[0] + FOOT_M * along[0], heel[1] + FOOT_M * along[1])
        ahead, up = (float(part) for part in ANKLE_FROM_HEEL_M)
        ankle = (heel[0] + ahead * along[0] - up * along[1], heel[1] + ahead * along[1] + up * along[0])
        sheet.line([(x - 0.07, -0.006), (x + 0.27, -0.006)], colour=GROUND, width=1.5)
        sheet.line([ankle, polar(ankle, 0.09, 100.0)], colour=PALE, width=9)
        sheet.line([heel, ankle, toe], colour=PALE, width=5)
        sheet.line([heel, toe], colour=NEAR, width=7)
        sheet.dot(heel, colour=NEAR)
        sheet.dot(toe, colour=NEAR)
        sheet.text((x + 0.1, -0.05), name, size=16, anchor="middle", bold=True)
        sheet.text((x + 0.1, -0.09), limits, colour=SOFT, anchor="middle")
    return sheet.svg("Foot strike patterns by the foot strike angle at the first touch: rearfoot, midfoot, forefoot")


DRAWINGS: Mapping[str, Callable[[], str]] = {
    "front_knee_deg": front_knee,
    "back_knee_deg": back_knee,
    "foot_strike_deg": foot_strike,
    "overstride_deg": overstride,
    "elbow_deg": elbow,
    "trunk_lean_deg": trunk_lean,
    "head_deg": head,
    "pelvic_drop_deg": pelvic_drop,
    "knee_adduction_deg": knee_adduction,
    "hip_adduction_deg": hip_adduction,
    "pronation_deg": pronation,
    "phases": phases,
    "patterns": patterns,
}


def main() -> None:
    """Write every drawing."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWINGS.items():
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8")
        print((FOLDER / f"{name}.svg").relative_to(FOLDER.parents[2]))


if __name__ == "__main__":
    main()
