"""What becomes of the findings of a pull request when a run has looked at a new head.

Pure rules. A finding keeps its id for the life of the pull request and no id is given twice; a
dismissal holds until the enclosing code is another; what vanished is fixed only where somebody
looked again.
"""

import hashlib
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.edits import Edit, Patch
from bot.domain.findings import SETTLED, Finding, FindingId, FindingState, Location
from bot.domain.jobs import JobId
from bot.domain.ledger import Dismissal, KnownFinding, PullKey, Reconciled, RunId, Thread
from bot.domain.matching import Seen, match
from bot.domain.pull_records import DecisionId, SuggestionId
from bot.domain.pull_request import Sha
from bot.domain.reading import OF_TESTS

_DIGEST_LENGTH = 16
_LINES_AROUND = 3
OF_FIXER = "fix-"
"""Before the fingerprint of a finding in the id of the decision who mends it first."""
_MOST_SYMBOL_LINES = 400
"""Looking for the ends of a symbol stops here, on each side."""


def _is_never_gone(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Look:
    """What one run looked at."""

    head_sha: Sha
    found: tuple[Finding, ...]
    """What it saw, worst first; ids are given here."""
    enclosing: Callable[[Finding], str]
    """The code around a finding at this head, as `enclosing_code` returns it."""
    was_looked_at: Callable[[Finding], bool]
    """Whether the tool of a known finding read its file again; paths are those of this head."""
    is_gone: Callable[[str], bool] = _is_never_gone
    """Whether the head, or the change, no longer has this file."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Old path to new path of renamed files; a file that is still there, such as the original of a
    copy, has not moved."""


def reconcile(known: Sequence[KnownFinding], look: Look) -> Reconciled:
    """Return the findings of the pull request after a run; doing it twice changes nothing more.

    Two findings of one rule, snippet and place are one.
    """
    distinct = list({(f.fingerprint, f.location): f for f in reversed(look.found)}.values())[::-1]
    seen = [Seen(finding, code_digest(look.enclosing(finding))) for finding in distinct]
    moved = [_moved(old, look) for old in known]
    pairs = match(
        moved,
        seen,
        is_gone=lambda f: look.is_gone(f.location.path),
        has_vanished=lambda f: _has_vanished(f, look),
    )
    names = _names(known, pairs, len(seen))
    olds = {old: seen[new] for new, old in pairs.items()}
    after = [
        _seen_again(old, olds[i], look.head_sha) if i in olds else _unseen(old, look)
        for i, old in enumerate(moved)
    ]
    after += [_first_seen(s, names[i], look) for i, s in enumerate(seen) if i not in pairs]
    states = {record.id: record.state for record in after}
    findings = (replace(s.finding, id=names[i], state=states[names[i]]) for i, s in enumerate(seen))
    return Reconciled(in_order(after), tuple(findings))


def in_order(known: Iterable[KnownFinding]) -> tuple[KnownFinding, ...]:
    """Return findings by their number, F2 before F10."""
    return tuple(sorted(known, key=_number))


def dismiss(known: KnownFinding, dismissal: Dismissal) -> KnownFinding:
    """Return the finding dismissed or refuted; the first word stands while it holds."""
    if known.state in SETTLED and known.dismissal is not None:
        return known
    state = FindingState.REFUTED if dismissal.is_refutation else FindingState.DISMISSED
    gone = replace(known.finding, state=state)
    return replace(known, finding=gone, dismissal=dismissal)


def enclosing_code(text: str, finding: Finding, symbol_of: Callable[[int], str]) -> str:
    """Return the text of the symbol around a finding, or three lines each way where none is.

    `symbol_of` names the symbol at a line; symbols inside the finding's own belong to it.
    """
    lines = text.split("\n")
    first, last = finding.location.start_line, finding.location.end_line
    if not finding.symbol:
        return "\n".join(lines[max(0, first - 1 - _LINES_AROUND) : last + _LINES_AROUND])
    inner = f"{finding.symbol}."

    def is_inside(line: int) -> bool:
        return f"{symbol_of(line)}.".startswith(inner)

    top, bottom = max(1, first - _MOST_SYMBOL_LINES), min(len(lines), last + _MOST_SYMBOL_LINES)
    start = next((n for n in range(first - 1, top - 1, -1) if not is_inside(n)), top - 1)
    end = next((n for n in range(last + 1, bottom + 1) if not is_inside(n)), bottom + 1)
    return "\n".join(lines[start : end - 1])


def code_digest(code: str) -> str:
    """Return 16 hex digits that blank lines, line ends and the whole block's depth do not alter."""
    rows = (line.rstrip() for line in textwrap.dedent(code).split("\n"))
    return _digest("\n".join(row for row in rows if row))


def suggestion_id(pull: PullKey, head_sha: Sha, edit: Edit, *, side: str = "RIGHT") -> SuggestionId:
    """Return the id of a suggestion: the same edit on the same head has the same in every run."""
    text = " ".join(edit.new_text.split())
    place = (edit.path, side, str(edit.start_line), str(edit.end_line))
    return SuggestionId(
        _digest("\0".join((str(pull.repo_id), str(pull.number), head_sha, *place, text)))
    )


def patch_id(pull: PullKey, head_sha: Sha, patch: Patch) -> SuggestionId:
    """Return the id of a suggestion of any number of edits; of one edit it is that edit's."""
    ids = [suggestion_id(pull, head_sha, edit) for edit in patch.edits]
    return ids[0] if len(ids) == 1 else SuggestionId(_digest("\0".join(ids)))


def comment_id(pull: PullKey, head_sha: Sha, finding: Finding) -> SuggestionId:
    """Return the id of a finding that is shown without a suggestion."""
    place = (finding.location.path, str(finding.location.start_line), finding.fingerprint)
    return SuggestionId(
        _digest("\0".join(("finding", str(pull.repo_id), str(pull.number), head_sha, *place)))
    )


def run_id_of(job_id: JobId) -> RunId:
    """Return the id of a job's run: the same in every attempt, for markers and checks carry it."""
    return RunId(hashlib.sha256(job_id.encode()).hexdigest()[:_DIGEST_LENGTH])


def decision_id(run_id: RunId, step: int) -> DecisionId:
    """Return the id of one step of a run."""
    return DecisionId(f"{run_id}.{step}")


def placement_id(run_id: RunId, finding_id: FindingId) -> DecisionId:
    """Return the id of the decision where a run shows a finding."""
    return DecisionId(f"{run_id}.{finding_id}")


def fixer_id(run_id: RunId, fingerprint: str) -> DecisionId:
    """Return the id of the decision who mends a finding first; findings get their ids later."""
    return DecisionId(f"{run_id}.{OF_FIXER}{fingerprint}")


def _digest(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]


def _number(known: KnownFinding) -> int:
    return int(known.id.removeprefix("F"))


def _names(known: Sequence[KnownFinding], pairs: Mapping[int, int], count: int) -> list[FindingId]:
    """Return the ids of what was seen: known ones, and new ones after the highest ever given."""
    following = 1 + max(map(_number, known), default=0)
    names: list[FindingId] = []
    for new in range(count):
        if new in pairs:
            names.append(known[pairs[new]].id)
        else:
            names.append(FindingId(f"F{following}"))
            following += 1
    return names


def _moved(known: KnownFinding, look: Look) -> KnownFinding:
    place = known.finding.location
    if place.path not in look.moved or not look.is_gone(place.path):
        return known
    location = Location(look.moved[place.path], place.start_line, place.end_line, place.side)
    return replace(known, finding=replace(known.finding, location=location))


def _has_vanished(finding: Finding, look: Look) -> bool:
    # Tests say what is red, and the place that they name need not be a file.
    if finding.source == OF_TESTS:
        return look.was_looked_at(finding)
    return look.is_gone(finding.location.path) or look.was_looked_at(finding)


def _first_seen(seen: Seen, name: FindingId, look: Look) -> KnownFinding:
    finding = replace(seen.finding, id=name, fix=None, suggestion=None)
    return KnownFinding(finding, seen.code_digest, look.head_sha, look.head_sha)


def _seen_again(known: KnownFinding, seen: Seen, head_sha: Sha) -> KnownFinding:
    is_same_code = seen.code_digest == known.code_digest
    is_held = known.state in SETTLED and known.dismissal is not None and is_same_code
    state = known.state if is_held else seen.finding.state
    return replace(
        known,
        finding=replace(seen.finding, id=known.id, state=state, fix=None, suggestion=None),
        code_digest=seen.code_digest,
        last_head=head_sha,
        dismissal=known.dismissal if is_held else None,
        thread=_thread_after(known, state),
    )


def _thread_after(known: KnownFinding, state: FindingState) -> Thread | None:
    """Let a resolved thread go where the finding comes back, so that it is posted again.

    A thread that a person resolved while the finding stood is no reason to say it twice.
    """
    thread = known.thread
    comes_back = state is FindingState.OPEN and known.state is not FindingState.OPEN
    return None if comes_back and thread is not None and thread.is_resolved else thread


def _unseen(known: KnownFinding, look: Look) -> KnownFinding:
    if known.state is not FindingState.OPEN or not _has_vanished(known.finding, look):
        return known
    is_gone = look.is_gone(known.finding.location.path)
    state = FindingState.STALE if is_gone else FindingState.FIXED
    return replace(known, finding=replace(known.finding, state=state))
