"""Lines and a table as one HTML file: drawn by hand as SVG, no script, no request."""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from markupsafe import escape

_WIDTH, _HEIGHT = 760, 400
_LEFT, _BOTTOM, _LEGEND = 60, 30, 190
_COLOURS = ("#767676", "#b35900", "#8a6d00", "#0b62c4", "#7a3fb0", "#b0205a", "#0a7a3d", "#333333")
_CSS = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}tr{border-bottom:1px solid #ddd}"
    "svg{max-width:100%;height:auto}"
)

Rows = Sequence[Sequence[str]]


def render_chart(
    title: str, lines: Mapping[str, Sequence[float]], *, x_end: float, tables: Sequence[Rows]
) -> str:
    """Return the page; every line starts at x = 0 and ends at `x_end`, evenly spaced."""
    digest = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"
    body = "".join(_table(rows) for rows in tables)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>"
        f"<body><h1>{escape(title)}</h1>{_svg(title, lines, x_end)}{body}</body></html>\n"
    )


def _svg(title: str, lines: Mapping[str, Sequence[float]], x_end: float) -> str:
    most = max((max(values) for values in lines.values()), default=0.0) or 1.0
    drawn = "".join(
        _line(name, values, index, most) for index, (name, values) in enumerate(lines.items())
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}"'
        f' font-size="12">{_axes(most, x_end)}{drawn}</svg>'
    )


def _axes(most: float, x_end: float) -> str:
    right, base = _WIDTH - _LEGEND, _HEIGHT - _BOTTOM
    marks = ""
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y, x = base - part * (base - 10), _LEFT + part * (right - _LEFT)
        marks += (
            f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{part * most:.0f}</text>'
            f'<text x="{x:.1f}" y="{base + 18}" text-anchor="middle">{part * x_end:.0f}</text>'
        )
    return marks


def _line(name: str, values: Sequence[float], index: int, most: float) -> str:
    right, base = _WIDTH - _LEGEND, _HEIGHT - _BOTTOM
    colour = _COLOURS[index % len(_COLOURS)]
    last = max(1, len(values) - 1)
    points = " ".join(
        f"{_LEFT + place / last * (right - _LEFT):.1f},{base - value / most * (base - 10):.1f}"
        for place, value in enumerate(values)
    )
    y = 20 + 20 * index
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<line x1="{right + 15}" y1="{y}" x2="{right + 35}" y2="{y}" stroke="{colour}"'
        f' stroke-width="3"/><text x="{right + 42}" y="{y + 4}">{escape(name)}</text>'
    )


def _table(rows: Rows) -> str:
    head, *rest = rows
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest
    )
    return f"<table><tr>{first}</tr>{body}</table>"
