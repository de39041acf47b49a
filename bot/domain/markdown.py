"""Markdown that we build around words that others wrote.

Nothing is filtered out of hostile Markdown: it is taken apart and written again, so that GitHub
shows the literal characters. What is left of it is code spans, and links to the documentation of
our own tools; no image, no HTML, no mention, no reference, no command of another bot (rule R17).
"""

import re
from collections.abc import Iterable

from bot.domain.untrusted import neutral, one_line, shown

LIMIT_BYTES = 60_000
"""Of everything that is posted: GitHub documents 65,536 characters and counts differently."""

ALLOWED_HOSTS = frozenset(
    {
        "ast-grep.github.io",
        "docs.astral.sh",
        "docs.github.com",
        "docs.python.org",
        "docs.zizmor.sh",
        "www.shellcheck.net",
    }
)
"""Where a link in the words of others may lead; every other address is shown as code."""

_TOKEN = re.compile(
    r"(?<!`)(?P<ticks>`{1,8})(?!`)(?P<code>[^`]+)(?<!`)(?P=ticks)(?!`)"
    r"|(?P<url>https?://[^\s<>`\"'\\|]+)",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"[\\`*~\[\]|<>&]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BLOCK_START = re.compile(r"^(?:(?=[-+=#:])|(?P<number>\d{1,9})(?=[.)]))")
_PLAIN_URL = re.compile(r"https://(?P<host>[a-z0-9.-]+)(/[A-Za-z0-9._~%/-]*)?(#[A-Za-z0-9._~-]*)?")
"""No query, no port and no name in front of the host: nothing to send anything out with."""
_LEAST_FENCE = 3
_TRAILING = ".,;:!?)]}"
_CUT = "\n\n(cut: this comment is limited to {limit:,} bytes)"


def prose(text: str, *, limit: int = 2_000) -> str:
    """Return the words as Markdown that shows them literally, code spans kept as code.

    `limit` is in characters of the original.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "\n".join(_line(line.strip()) for line in shown(cut).split("\n")).strip()


def cell(text: str, *, limit: int = 200) -> str:
    """Return the words for a cell of a table, on one line."""
    return _line(one_line(text, limit=limit)).replace("\\|", "|").replace("|", "\\|")


def code(text: str, *, limit: int = 200) -> str:
    """Return the text as a code span on one line, whatever backticks are in it."""
    line = one_line(text, limit=limit)
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, info: str = "") -> str:
    """Return a fenced block that nothing inside can close; the text stands in it as it is."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{ticks}{info}\n{text}{end}{ticks}"


def details(title: str, body: str) -> str:
    """Return a folded section; `title` is ours."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def fitted(blocks: Iterable[str], *, limit_bytes: int, separator: str = "\n\n") -> tuple[str, int]:
    """Return as many whole blocks as fit, joined, and how many did not."""
    taken: list[str] = []
    left_over, used = 0, 0
    for block in blocks:
        size = size_bytes(block) + len(separator)
        if left_over or used + size > limit_bytes:
            left_over += 1
        else:
            taken.append(block)
            used += size
    return separator.join(taken), left_over


def cut(text: str, *, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return the text, or as much of it as fits with a notice behind it, open blocks closed."""
    if size_bytes(text) <= limit_bytes:
        return text
    notice = _CUT.format(limit=limit_bytes)
    room = limit_bytes - size_bytes(notice)
    head = _first_bytes(text, room)
    while (over := size_bytes(head) + size_bytes(_closing(head)) - room) > 0:
        head = _first_bytes(head, size_bytes(head) - over)
    return head + _closing(head) + notice


def cut_above_marker(body: str, *, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return the body cut to its limit, its last line, which is our marker, kept."""
    if size_bytes(body) <= limit_bytes:
        return body
    words, _, marker = body.rstrip().rpartition("\n")
    return f"{cut(words, limit_bytes=limit_bytes - size_bytes(marker) - 2)}\n\n{marker}"


def size_bytes(text: str) -> int:
    """Return the size as GitHub gets it; undecodable bytes of file names count as one each."""
    return len(text.encode("utf-8", "surrogateescape"))


def is_postable(text: str) -> bool:
    """Tell whether the text can be posted byte for byte and reads as what it is."""
    return shown(text) == text


def _line(line: str) -> str:
    pieces: list[str] = []
    position = 0
    for token in _TOKEN.finditer(line):
        pieces.append(_literal(line[position : token.start()], is_start=not pieces))
        pieces.append(_kept(token))
        position = token.end()
    pieces.append(_literal(line[position:], is_start=not pieces))
    return "".join(pieces)


def _kept(token: re.Match[str]) -> str:
    if token["code"] is not None:
        return code(token["code"], limit=1_000)
    url = token["url"].rstrip(_TRAILING)
    rest = _literal(token["url"][len(url) :], is_start=False)
    return (f"<{url}>" if _is_allowed(url) else code(url, limit=1_000)) + rest


def _is_allowed(url: str) -> bool:
    found = _PLAIN_URL.fullmatch(url)
    return found is not None and found["host"] in ALLOWED_HOSTS


def _literal(text: str, *, is_start: bool) -> str:
    escaped = _SPECIAL.sub(lambda m: _ENTITIES.get(m[0], f"\\{m[0]}"), text)
    if is_start:
        escaped = _BLOCK_START.sub(lambda m: f"{m['number'] or ''}\\", escaped)
    return neutral(escaped)


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _first_bytes(text: str, limit: int) -> str:
    return text.encode("utf-8", "surrogateescape")[:limit].decode("utf-8", "ignore")


def _closing(head: str) -> str:
    """Return what closes the fence and the sections that a cut left open."""
    opened, sections = "", 0
    for line in head.split("\n"):
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if not opened:
            # What stands inside a fence opens nothing, whatever a patch holds.
            opened = ticks if len(ticks) >= _LEAST_FENCE else ""
            sections += line.count("<details>") - line.count("</details>")
        elif len(ticks) >= len(opened):
            opened = ""
    return (f"\n{opened}" if opened else "") + "\n\n</details>" * max(0, sections)
