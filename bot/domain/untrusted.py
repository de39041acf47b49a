"""Text that others wrote, made harmless for where we show it.

Pull requests, test output and tool output are hostile: they may hold terminal escapes, characters
that reorder a line, or words that make GitHub notify people and close issues (rule R17).
"""

import re

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_KEPT = "\n\t"
_ACTIVE = re.compile(
    r"(?<=@)(?=[\w-])|(?<=#)(?=\d)|(?<=GH)(?=-\d)|(?<=:)(?=//)|(?<=www)(?=\.)|^(?=[ \t]*/)",
    re.MULTILINE | re.IGNORECASE,
)
_TOKEN = re.compile(r"(?:gh[a-z]|github_pat)_[A-Za-z0-9._-]{20,}")
_ZERO_WIDTH_SPACE = "\u200b"


def shown(text: str) -> str:
    """Return the text with terminal sequences gone and every other invisible character escaped.

    Line feeds and tabs stay; bidi controls, zero-width characters, NULs and undecodable bytes turn
    into their escapes, so that nobody reads another text than the one that is there.
    """
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _KEPT else _escape(c) for c in text)


def one_line(text: str, *, limit: int = 200) -> str:
    """Return the text on one line of at most `limit` characters, made harmless as by `shown`."""
    line = " ".join(shown(text[: limit * 4]).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def tokenless(text: str) -> str:
    """Return the text without tokens of GitHub's forms: servers and proxies repeat what they get.

    The old form has 40 characters, the new one some 520 with dots in them (rule R22).
    """
    return _TOKEN.sub("***", text)


def neutral(text: str) -> str:
    """Return harmless text in which GitHub sees no mention, no reference, no link and no command.

    `fixes #1` in a commit message closes an issue and `@name` notifies a person; a zero-width space
    of ours inside keeps the words readable and ends that.
    """
    return _ACTIVE.sub(_ZERO_WIDTH_SPACE, shown(text))


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
