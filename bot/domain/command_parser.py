"""From the first line of a comment, or the identifier of a button, to a command.

A command is the exact first line of a new comment. Quotes, code blocks and later lines never run,
and no option changes a setting: every word that is not in the table is refused (rules R5 and R6).
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from bot.domain.commands import (
    IMMEDIATE,
    Ask,
    Command,
    Cover,
    Dismiss,
    DismissReason,
    Explain,
    Fix,
    Help,
    Ignore,
    Implement,
    Pause,
    Policy,
    PolicyView,
    Reject,
    Resume,
    Review,
    ShowConfig,
    Status,
    Stop,
    Test,
    Undo,
    Unmute,
    Why,
)
from bot.domain.event_parser import RERUN
from bot.domain.findings import FindingId
from bot.errors import Refused

DEFAULT_PREFIX = "/agent"
ALIAS = "@pullwright"
MARKER = "<!-- pullwright:"
"""Begins the hidden line of every comment of ours."""
MAX_LINE = 2000
"""Characters of a first line that can be a command."""

_MAX_IDS = 50
_MAX_RULE = 100
"""Characters of the name of a rule."""
_ANY = FindingId("F1")
_ID = re.compile(r"[Ff][1-9][0-9]{0,3}")
_TRIGGER = re.compile(r"[/@][a-z0-9][a-z0-9_-]{0,38}(?![^ \t\r\n])")
_BUTTON = re.compile(r"([a-z]{1,10})(?:#[1-9][0-9]{0,8})?")


class CommandError(Refused):
    """The comment is for us, and it is no command; the answer is the reason and the table."""


def parse_command(
    body: str, *, prefix: str = DEFAULT_PREFIX, thread_finding: FindingId | None = None
) -> Command | None:
    """Return the command in a new comment, or None when the comment is not for us.

    In the thread of a finding, a command without an id means that finding.
    Raises CommandError when the comment is for us and cannot be carried out.
    """
    rest = addressed(body, (prefix, ALIAS))
    if rest is None:
        return None
    verb, _, argument = rest.partition(" ")
    if not verb:
        return Help()
    free = _FREE.get(verb)
    if free is not None:
        return free(_prose(verb, argument))
    if not rest.isascii():
        raise CommandError(f"a command is written in ASCII: {ascii(rest)[1:-1][:80]}")
    parse = _VERBS.get(verb)
    if parse is None:
        raise CommandError(f"unknown command: {_quoted(verb)}{_nearest(verb)}")
    return parse(argument.split(), thread_finding)


def plain_question(line: str, prefixes: Sequence[str]) -> Ask | None:
    """Return the question in a line for us that begins with no verb; None for any other line."""
    rest = addressed(line, prefixes)
    if not rest or rest.partition(" ")[0] in VERBS:
        return None
    return Ask(_prose("ask", rest))


def addressed(body: str, prefixes: Sequence[str]) -> str | None:
    """Return what follows one of the prefixes on the first line, or None where none is there."""
    # A reply by mail or a bug of ours could send our own words back to us.
    if MARKER in body:
        return None
    line = body.partition("\n")[0].rstrip("\r\t ")
    if len(line) > MAX_LINE:
        return None
    # Quotes begin with ">", code with a fence or spaces: neither is a prefix.
    first, _, rest = line.replace("\t", " ").partition(" ")
    return rest.strip(" ") if first in prefixes else None


def trigger_line(body: str) -> str | None:
    """Return the first line where it may be a command under any prefix a repository may choose.

    Which prefix counts stands in the repository's configuration, which a worker reads. Words that
    other bots heed (`/lgtm`) are let through only where one of our verbs follows.
    """
    match = _TRIGGER.match(body)
    trigger = match[0] if match else ""
    rest = addressed(body, (trigger,))
    if not trigger or rest is None:
        return None
    is_ours = trigger in (DEFAULT_PREFIX, ALIAS) or rest.partition(" ")[0] in VERBS
    return f"{trigger} {rest}".strip() if is_ours and _is_storable(rest) else None


def is_immediate(line: str) -> bool:
    """Tell whether a line from `trigger_line` need not wait for what is running."""
    try:
        # Which finding a thread is about does not matter here.
        command = parse_command(line, prefix=line.partition(" ")[0], thread_finding=_ANY)
    except CommandError:
        return True
    return isinstance(command, IMMEDIATE)


def button_command(identifier: str) -> Command:
    """Return what a button of our check run asks for.

    Raises CommandError for an identifier that is none of ours.
    """
    match = _BUTTON.fullmatch(identifier)
    command = _BUTTONS.get(match[1]) if match else None
    if command is None:
        raise CommandError(f"unknown button: {_quoted(identifier)}")
    return command


def button_identifier(name: str, number: int) -> str:
    """Return the identifier of the button `fix`, `rerun` or `dismiss` of one pull request.

    The number is in it because GitHub does not tell which pull request from a fork a check is for;
    an `external_id` that ends in `#NUMBER` does the same for GitHub's own `Re-run`.
    """
    return f"{name}#{number}"


def _review(words: Sequence[str], _thread: FindingId | None) -> Command:
    if words not in ([], ["full"]):
        raise _misused("review", words)
    return Review(is_full=bool(words))


def _fix(words: Sequence[str], thread: FindingId | None) -> Command:
    is_stacked, is_revert = "--pr" in words, words[-1:] == ["revert"]
    named = [w for w in (words[:-1] if is_revert else words) if w != "--pr"]
    if named == ["all"]:
        ids: tuple[FindingId, ...] = ()
    else:
        ids = _ids("fix", named) or ((thread,) if thread else ())
    if is_revert and not ids:
        raise CommandError("a revert is only made by name: fix F1 revert")
    return Fix(ids, is_stacked, is_revert)


def _explain(words: Sequence[str], thread: FindingId | None) -> Command:
    return Explain(_one_id("explain", words, thread))


def _dismiss(words: Sequence[str], thread: FindingId | None) -> Command:
    has_reason = bool(words) and words[-1] in list(DismissReason)
    reason = DismissReason(words[-1]) if has_reason else None
    is_reason_unknown = not has_reason and len(words) > 1 and _ID.fullmatch(words[0])
    if is_reason_unknown and not _ID.fullmatch(words[1]):
        known = ", ".join(DismissReason)
        raise CommandError(f"{_misused('dismiss', words[1:])} as a reason, only one of: {known}")
    return Dismiss(_one_id("dismiss", words[:-1] if has_reason else words, thread), reason)


def _policy(words: Sequence[str], _thread: FindingId | None) -> Command:
    if len(words) != 1 or words[0] not in list(PolicyView):
        raise CommandError(f"policy takes one of: {', '.join(PolicyView)}")
    return Policy(PolicyView(words[0]))


def _unmute(words: Sequence[str], _thread: FindingId | None) -> Command:
    if len(words) != 1 or len(words[0]) > _MAX_RULE or not words[0].isprintable():
        raise CommandError("unmute takes one rule or tool: unmute E711")
    return Unmute(words[0])


def _bare(verb: str, command: Command) -> "_Parse":
    def parse(words: Sequence[str], _thread: FindingId | None) -> Command:
        if words:
            raise _misused(verb, words)
        return command

    return parse


def _ids(verb: str, words: Sequence[str]) -> tuple[FindingId, ...]:
    if wrong := [word for word in words if not _ID.fullmatch(word)]:
        raise _misused(verb, wrong)
    ids = tuple(dict.fromkeys(FindingId(word.upper()) for word in words))
    if len(ids) > _MAX_IDS:
        raise CommandError(f"{verb} takes at most {_MAX_IDS} findings, not {len(ids)}")
    return ids


def _one_id(verb: str, words: Sequence[str], thread: FindingId | None) -> FindingId:
    ids = _ids(verb, words) or ((thread,) if thread else ())
    if len(ids) != 1:
        raise CommandError(f"{verb} takes one finding: {verb} F1")
    return ids[0]


def _prose(verb: str, argument: str) -> str:
    text = argument.strip()
    if not text:
        raise CommandError(f"{verb} needs words after it")
    # What a person cannot see must not reach a model either.
    if not text.isprintable():
        raise CommandError(f"{verb} has invisible characters: {ascii(text)[1:-1][:80]}")
    return text


def _misused(verb: str, words: Sequence[str]) -> CommandError:
    return CommandError(f"{verb} does not take {_quoted(' '.join(words))}")


def _quoted(words: str) -> str:
    return ascii(words[:60])[1:-1]


def _nearest(verb: str) -> str:
    near = difflib.get_close_matches(verb.lower(), VERBS, n=1)
    return f"; did you mean {near[0]}" if near else ""


def _is_storable(text: str) -> bool:
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


_Parse = Callable[[Sequence[str], FindingId | None], Command]

_FREE: Mapping[str, Callable[[str], Command]] = {"ask": Ask, "implement": Implement}

_PLAIN: Mapping[str, Command] = {
    "test": Test(),
    "cover": Cover(),
    "reject": Reject(),
    "undo": Undo(),
    "stop": Stop(),
    "pause": Pause(),
    "resume": Resume(),
    "ignore": Ignore(),
    "status": Status(),
    "why": Why(),
    "config": ShowConfig(),
    "help": Help(),
}

_VERBS: Mapping[str, _Parse] = {
    "review": _review,
    "fix": _fix,
    "explain": _explain,
    "dismiss": _dismiss,
    "policy": _policy,
    "unmute": _unmute,
} | {verb: _bare(verb, command) for verb, command in _PLAIN.items()}

VERBS = frozenset(_VERBS) | frozenset(_FREE)
"""Every verb."""

_BUTTONS: Mapping[str, Command] = {"fix": Fix(), RERUN: Review(is_full=True), "dismiss": Reject()}
