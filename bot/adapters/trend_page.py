"""Lines over time with their intervals as one HTML file: drawn by hand as SVG, no script."""

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import escape

_WIDTH, _HEIGHT = 760, 300
_LEFT, _TOP, _BOTTOM, _LEGEND = 60, 12, 30, 190
_COLOURS = ("#0b62c4", "#b35900", "#0a7a3d", "#7a3fb0", "#b0205a", "#8a6d00", "#767676", "#333333")
_CSS = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}tr{border-bottom:1px solid #ddd}"
    "svg{max-width:100%;height:auto}"
)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one place, and between what bounds it is."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Some lines over one axis; a chart without a point says so."""

    title: str
    lines: Mapping[str, Sequence[Point]]
    ends: tuple[str, str] = ("", "")
    """What stands at both ends of the axis."""


def render_trends(title: str, charts: Sequence[Chart], tables: Mapping[str, Rows]) -> str:
    """Return the page: the charts, then the tables under their headings."""
    digest = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"
    body = "".join(f"<h2>{escape(chart.title)}</h2>{_drawn(chart)}" for chart in charts)
    body += "".join(f"<h2>{escape(name)}</h2>{_table(rows)}" for name, rows in tables.items())
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value stands on the paper."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def of(cls, points: Sequence[Point]) -> "_Scale":
        xs = [point.x for point in points]
        ys = [v for p in points for v in (p.y, p.low, p.high) if math.isfinite(v)]
        low, high = min(0.0, *ys), max(0.0, *ys)
        # An axis has a length, also where nothing changes.
        return cls(min(xs), max(xs), low, high if high > low else low + 1.0)

    def x(self, value: float) -> float:
        share = (value - self.left) / (self.right - self.left) if self.right > self.left else 0.5
        return _LEFT + share * (_WIDTH - _LEGEND - _LEFT)

    def y(self, value: float) -> float:
        held = max(self.low, min(self.high, value))
        share = (held - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)


def _drawn(chart: Chart) -> str:
    points = [point for line in chart.lines.values() for point in line]
    if not points:
        return "<p>Nothing is known yet.</p>"
    scale = _Scale.of(points)
    lines = "".join(
        _line(name, line, index, scale) for index, (name, line) in enumerate(chart.lines.items())
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(chart.title)}"'
        f' font-size="12">{_axes(scale, chart.ends)}{lines}</svg>'
    )


def _axes(scale: _Scale, ends: tuple[str, str]) -> str:
    right, base = _WIDTH - _LEGEND, _HEIGHT - _BOTTOM
    marks = ""
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = scale.low + part * (scale.high - scale.low)
        y = scale.y(value)
        marks += (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    return (
        f'{marks}<text x="{_LEFT}" y="{base + 18}">{escape(ends[0])}</text>'
        f'<text x="{right}" y="{base + 18}" text-anchor="end">{escape(ends[1])}</text>'
    )


def _line(name: str, points: Sequence[Point], index: int, scale: _Scale) -> str:
    if not points:
        return ""
    colour, y = _COLOURS[index % len(_COLOURS)], 20 + 20 * index
    upper = [f"{scale.x(p.x):.1f},{scale.y(p.high):.1f}" for p in points]
    lower = [f"{scale.x(p.x):.1f},{scale.y(p.low):.1f}" for p in reversed(points)]
    middle = " ".join(f"{scale.x(p.x):.1f},{scale.y(p.y):.1f}" for p in points)
    last = points[-1]
    dashes = ' stroke-dasharray="6 4"' if index >= len(_COLOURS) else ""
    return (
        f'<polygon points="{" ".join([*upper, *lower])}" fill="{colour}" opacity="0.12"/>'
        f'<polyline points="{middle}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        f'<line x1="{scale.x(last.x):.1f}" y1="{scale.y(last.low):.1f}" x2="{scale.x(last.x):.1f}"'
        f' y2="{scale.y(last.high):.1f}" stroke="{colour}"/>'
        f'<circle cx="{scale.x(last.x):.1f}" cy="{scale.y(last.y):.1f}" r="3" fill="{colour}"/>'
        f'<line x1="{_WIDTH - _LEGEND + 15}" y1="{y}" x2="{_WIDTH - _LEGEND + 35}" y2="{y}"'
        f' stroke="{colour}" stroke-width="3"{dashes}/>'
        f'<text x="{_WIDTH - _LEGEND + 42}" y="{y + 4}">{escape(name[:24])}</text>'
    )


def _table(rows: Rows) -> str:
    if not rows:
        return "<p>Nothing is known yet.</p>"
    head, *rest = rows
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest
    )
    return f"<table><tr>{first}</tr>{body}</table>"
