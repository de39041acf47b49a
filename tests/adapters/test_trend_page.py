"""Charts with their intervals, in one file that runs nothing and asks nobody."""

import math
import re

from bot.adapters.trend_page import Chart, Point, render_trends

LINE = [Point(1, 0.2, 0.1, 0.4), Point(8, 0.5, 0.4, 0.6)]


def page(*charts: Chart) -> str:
    return render_trends("What was learned", charts, {"J": [("a", "b"), ("<i>", "1")]})


def test_every_line_has_its_band_and_its_name() -> None:
    told = page(Chart("Accepted", {"autofix": LINE, "rewrite": LINE}, ("May", "June")))

    assert told.count("<polyline") == told.count("<polygon") == 2
    assert ">autofix<" in told
    assert ">May<" in told
    assert "<script" not in told
    assert "default-src 'none'" in told


def test_names_of_strangers_are_text() -> None:
    told = page(Chart("Accepted", {"<b>x": LINE}))

    assert "<b>" not in told
    assert "<i>" not in told
    assert "&lt;i&gt;" in told


def test_a_chart_without_a_point_says_so() -> None:
    assert page(Chart("Regret", {})).count("Nothing is known yet.") == 1
    assert "Nothing is known yet." in page(Chart("Regret", {"regret": []}))


def test_a_bound_that_nobody_knows_ends_at_the_edge() -> None:
    odd = [Point(0, -0.5, -math.inf, math.inf), Point(0, -0.5, -0.5, -0.5)]

    told = page(Chart("J", {"v": odd}))

    assert not re.search(r"(nan|inf)\b", told.partition("<svg")[2])
