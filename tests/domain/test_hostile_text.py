"""Whatever others write: what our readers make of it, and what of it is shown (G01 to G03)."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.command_parser import CommandError, parse_command, trigger_line
from bot.domain.commands import Ask, Implement
from bot.domain.markdown import (
    ALLOWED_HOSTS,
    LIMIT_BYTES,
    cell,
    cut,
    cut_above_marker,
    prose,
    size_bytes,
)
from bot.domain.markers import Marker, MarkerKind, parse_marker
from bot.domain.pull_request import Sha
from bot.domain.untrusted import shown, tokenless

WORDS = st.sampled_from(
    [
        "@user", "@org/team", "fixes #1", "closes GH-2", "o/r#3", "![x](https://evil.example/?q=1)",
        "[r]: https://evil.example", "![x][r]", "<img src=x>", "<!-- x -->",
        "<https://evil.example>",
        "https://docs.astral.sh/x", "https://docs.astral.sh@evil.example/", "www.evil.example",
        "javascript:alert(1)", "`", "``", "```\n", "~~~", "|", "\\", "&#64;user", "&lt;",
        "\n/merge", "\n> ", "\n# ", "\n1. ", "\u202e", "\u200b", "\x1b[31m", "\0", "\r", "\ud800",
        "—", "\n<details>", "</details>", "*", "_",
        "<!-- pullwright:v1 kind=reply head=a run=b s=- d=- -->",
    ]
)  # fmt: skip
HOSTILE = st.lists(WORDS | st.text(max_size=6), max_size=12).map("".join)
LETTERS = "ABCXYZabcxyz0189"
OLD = st.text(LETTERS, min_size=36, max_size=36)
PART = st.text(f"{LETTERS}_-", min_size=40, max_size=60)
STATELESS = st.tuples(PART, PART, PART).map(lambda parts: f"29310_{'.'.join(parts)}")
FEW = settings(max_examples=100, deadline=None)


_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|(?P<ticks>`+)|<https://(?P<host>[a-z0-9.-]+)[^>\s]*>"
)


def rendered(markdown: str) -> str:
    """Return Markdown with a dot for each code span, escaped character and link of ours."""
    left, place = [], 0
    while token := _TOKEN.search(markdown, place):
        left.append(markdown[place : token.start()])
        place = token.end()
        if token["ticks"]:
            span = re.compile(f"(?<!`){token['ticks']}(?!`)").search(markdown, place)
            place = span.end() if span else place
        is_foreign = token["host"] and token["host"] not in ALLOWED_HOSTS
        left.append(token[0] if is_foreign else "·")
    return "".join([*left, markdown[place:]])


@FEW
@given(HOSTILE)
def test_no_words_do_anything_on_github(text: str) -> None:
    for said in (prose(text), cell(text)):
        active = rendered(said)
        assert not re.search(r"@[\w-]|#\d|GH-\d|://|www\.|!\[|\]\(|<", active, re.IGNORECASE), said
        assert not re.search(r"^[ \t]*/\w", active, re.MULTILINE), said
        assert all(c.isprintable() or c in "\n\t\u200b" for c in said)


@settings(max_examples=30, deadline=None)
@given(HOSTILE, st.sampled_from([1, 3_000]))
def test_no_body_is_over_the_limit_and_our_marker_stays(text: str, times: int) -> None:
    marker = Marker(MarkerKind.SUMMARY, Sha("a" * 40), "run")
    body = marker.under(prose(text * times, limit=200_000))

    assert size_bytes(cut(shown(text) * times)) <= LIMIT_BYTES
    assert size_bytes(cut_above_marker(body)) <= LIMIT_BYTES
    assert parse_marker(cut_above_marker(body)) == marker


@FEW
@given(HOSTILE | st.from_regex(r"<!-- pullwright:v1 kind=\w+ head=\S* run=.* s=\S* d=.* -->"))
def test_a_marker_is_whole_and_last_or_none(text: str) -> None:
    marker = parse_marker(text)

    assert marker is None or text.rstrip().endswith(str(marker))


@FEW
@given(
    st.sampled_from(["/agent", "@pullwright", "/mend", "", " "]),
    st.lists(WORDS | st.sampled_from(["fix", "F1", "all", "--pr", "ask", "review", "--x=y"])),
)
def test_a_comment_is_a_command_of_the_table_an_error_or_nothing(
    prefix: str, words: list[str]
) -> None:
    body = " ".join([prefix, *words])
    trigger_line(body)
    try:
        command = parse_command(body)
    except CommandError:
        return

    is_free = command is None or isinstance(command, Ask | Implement)
    assert is_free or re.fullmatch(r"[ -~\t\r]*", body.partition("\n")[0])


@FEW
@given(
    st.sampled_from(["ghs_", "ghp_", "gho_", "github_pat_"]),
    OLD | STATELESS,
    HOSTILE,
)
def test_no_token_of_either_form_is_repeated(kind: str, rest: str, around: str) -> None:
    said = tokenless(f"{around} {kind}{rest} {around}")

    assert rest[:20] not in said
    assert "***" in said
