import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.untrusted import neutral, one_line, shown


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;title\x07text", "text"),
        ("admin\u202etxt", "admin\\u202etxt"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("a\x00b\x9b", "a\\x00b\\x9b"),
        ("tea\udce9", "tea\\udce9"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("naïve — 日本 🙂", "naïve — 日本 🙂"),
    ],
)
def test_nobody_reads_another_text_than_the_one_that_is_there(text: str, harmless: str) -> None:
    assert shown(text) == harmless


@given(st.text())
def test_shown_text_holds_nothing_invisible(text: str) -> None:
    assert all(c.isprintable() or c in "\n\t" for c in shown(text))


@given(st.text())
def test_one_line_is_one_short_line(text: str) -> None:
    line = one_line(text, limit=40)

    assert len(line) <= 40
    assert line.isprintable()


@pytest.mark.parametrize(
    "text",
    ["@ada", "fixes #1", "closes GH-12", "resolves o/r#3", "see https://github.com/o/r/issues/4"],
)
def test_github_sees_no_mention_no_reference_and_no_link(text: str) -> None:
    changed = neutral(text)

    assert changed != text
    assert changed.replace("\u200b", "") == text


def test_a_line_of_others_is_no_command() -> None:
    assert neutral("quoted:\n/agent fix") == "quoted:\n\u200b/agent fix"


def test_a_path_and_an_address_stay_as_they_are() -> None:
    assert neutral("src/a.py:3 a #b") == "src/a.py:3 a #b"
