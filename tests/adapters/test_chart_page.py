"""The page with lines and tables."""

from bot.adapters.chart_page import render_chart

PAGE = render_chart(
    "<Regret>",
    {"a & b": [0.0, 5.0, 10.0], "flat": [0.0, 0.0, 0.0]},
    x_end=300,
    tables=([("name", "value"), ("<i>", "1")],),
)


def test_names_are_escaped_everywhere() -> None:
    assert "&lt;Regret&gt;" in PAGE
    assert "a &amp; b" in PAGE
    assert "<i>" not in PAGE


def test_the_highest_value_reaches_the_top_and_the_axis_ends_where_told() -> None:
    assert "570.0,10.0" in PAGE
    assert ">300</text>" in PAGE


def test_a_line_that_stays_at_zero_is_drawn() -> None:
    assert "60.0,370.0 315.0,370.0 570.0,370.0" in PAGE


def test_no_line_at_all_is_still_a_page() -> None:
    assert "<svg" in render_chart("nothing", {}, x_end=1, tables=())
