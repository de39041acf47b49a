from bot.adapters.report_rows import patch_rows
from bot.domain.edits import unified_diff


def signs(before: bytes, after: bytes) -> list[tuple[str, str]]:
    return [(row.sign, row.text) for row in patch_rows(unified_diff("a.sql", before, after))]


def test_a_removed_line_that_looks_like_a_header_is_shown() -> None:
    assert signs(b"-- old\n", b"++ b/new\n") == [
        ("@", "a.sql"),
        ("-", "-- old"),
        ("+", "++ b/new"),
    ]


def test_a_gap_between_two_hunks_is_shown() -> None:
    lines = [b"%d\n" % number for number in range(30)]
    changed = [b"first\n", *lines[1:-1], b"last\n"]

    rows = signs(b"".join(lines), b"".join(changed))

    assert [text for sign, text in rows if sign == "@"] == ["a.sql", "⋯"]


def test_a_missing_last_line_feed_is_no_line_of_code() -> None:
    assert signs(b"a", b"b") == [("@", "a.sql"), ("-", "a"), ("+", "b")]


def test_a_huge_line_is_cut_and_says_how_much_is_missing() -> None:
    (_, _, (_, text)) = signs(b"a\n", b"x" * 10**6 + b"\n")

    assert text == "x" * 240 + "… 999760 more characters"
