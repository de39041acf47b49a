"""What people read of the policy: why a finding stands where it does, and what was chosen."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.findings import Finding
from bot.domain.outcomes import OutcomeRecord
from bot.domain.policy_terms import NOTHING_LEARNED, OF_VERSIONS, TERMS, legend
from bot.domain.pull_request import printable
from bot.domain.review import Decision
from bot.domain.unreadable import Unreadable, left_out

SHOWN_HERE = (
    "a few are shown here only, to learn where comments help (`learning.mode: off` ends it)"
)
"""Why a finding that could have a comment has none."""
_PARTS_SHOWN = 4
MENDS_FIRST = "who mends it first,"
"""Before the choice of a tool, where several could mend a finding."""


NOTHING_LOGGED = "the log holds nothing that was chosen or said yet: there is nothing to learn from"
NO_FEEDBACK = (
    "nobody's word on a suggestion is logged yet: `pullwright feedback sync` has a worker look"
)
NOT_STORED = "not stored: only what was learned from the first event on can be told again"


def parts(contributions: Mapping[str, float], *, most: int = _PARTS_SHOWN) -> str:
    """Return the largest contributions, such as `inline +.62, crowd -.04`."""
    ranked = sorted(contributions.items(), key=lambda item: (-abs(item[1]), item[0]))
    told = [f"{name} {value:+.2f}" for name, value in ranked[:most] if value]
    more = sum(1 for _, value in ranked[most:] if value)
    return ", ".join([*told, *([f"{more} more"] if more else [])])


def became(record: OutcomeRecord) -> str:
    """Return what a suggestion came to and what that is worth, with how sure it is."""
    verdict = record.verdict
    worth = f"{verdict.worth.reward:+.1f}, confidence {verdict.worth.confidence:.1f}"
    said = f"{verdict.outcome.value} ({worth})"
    if not verdict.is_final:
        return f"{said}, so far"
    return f"{said}, corrected after the merge" if record.is_correction else said


def chosen(
    what: str,
    utility: float,
    contributions: Mapping[str, float],
    share: float,
    *,
    most: int = _PARTS_SHOWN,
) -> str:
    """Return the sentence of one choice: what, its utility with its parts, and its propensity."""
    said = parts(contributions, most=most)
    why = f"U={utility:.2f}: {said}" if said else f"U={utility:.2f}"
    return f"chosen: {what} ({why}), p={share:.2f}"


def unexplained(what: str, version: str) -> str:
    """Say what was chosen by weights that are not here any more."""
    return f"chosen: {what}, by policy {short(version)}, which is not here"


def going_first(first: Mapping[str, str], findings: Iterable[Finding]) -> str:
    """Return who mends which findings first, such as `first rewrite: F401 app.py:3`."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.fingerprint in first:
            place = f"{printable(finding.location.path)}:{finding.location.start_line}"
            found.setdefault(first[finding.fingerprint], []).append(f"{finding.rule} {place}")
    return "; ".join(f"first {tool}: {', '.join(found[tool])}" for tool in sorted(found))


def step(made: Decision) -> str:
    """Return a line about one step of a run: what was chosen, and what else could have been."""
    tool = made.tool
    figures = made.utilities[tool], made.contributions[tool], made.propensities[tool]
    others = ", ".join(
        f"{name} U={utility:.2f} p={made.propensities[name]:.2f}"
        for name, utility in made.utilities.items()
        if name != tool
    )
    rest = f"; not {others}" if others else ""
    return f"step {made.step} {chosen(tool, *figures, most=len(figures[1]))}{rest}"


def read_so_far(*, events: int, decisions: int, rewards: int) -> str:
    """Say how much was learned from."""
    return f"read up to event {events}: {decisions} findings placed, {rewards} rewards"


def phase(name: str, alarms: int) -> str:
    """Say where the weights are on their way, in words."""
    return f"{name}: {TERMS[name]}; {alarms} alarms of drift"


def stored(status: str, since: datetime, *, is_new: bool) -> str:
    """Say whether these weights are new, or the very bytes of before."""
    if is_new:
        return f"stored as {status}: {TERMS[status]}"
    since_when = f"the same bytes are stored since {since:%Y-%m-%d %H:%M}"
    return f"{since_when}, as {status}: {TERMS[status]}"


def short(version: str) -> str:
    """Return a version as people name it: hashes are cut, names are not."""
    is_hash = len(version) == 64 and set(version) <= set("0123456789abcdef")
    return version[:12] if is_hash else version


def drifted(alarms: int, rewards: int) -> str:
    """Say that what people like has changed."""
    return (
        f"what people like has changed (alarm {alarms}, after {rewards} rewards): "
        "older feedback counts for less now, and nothing else was done"
    )


def trained_without(count: int) -> str:
    """Say that a part of the log could not be learned from."""
    what = "1 event of the log" if count == 1 else f"{count} events of the log"
    return f"learned without {what} that cannot be read: `pullwright learn` names what is left out"


def by_hand(trouble: str) -> str:
    """Say that what was promoted cannot serve."""
    return f"{trouble}; findings are placed by the hand weights meanwhile"


def taken_back(version: str, reason: str) -> str:
    """Say that a version serves no more."""
    return f"policy {short(version)} was taken back: {reason}"


def tried(version: str, why: Sequence[str], *, is_promoted: bool) -> str:
    """Say what the gate said."""
    said = "; ".join(why)
    done = "promoted" if is_promoted else "kept out by the gate"
    return f"policy {short(version)} was {done}: {said}"


@dataclass(frozen=True, slots=True)
class Value:
    """J of one version: what its choices were worth, with a 95 % interval."""

    what: str
    """`finding`, `fixer` or `run`."""
    version: str
    mean: float
    low: float
    high: float
    rewards: int


@dataclass(frozen=True, slots=True)
class Weight:
    """One feature's weight, on the scale of rewards."""

    feature: str
    hand: float
    learned: float
    actor: float


@dataclass(frozen=True, slots=True)
class Shown:
    """Where learning stands."""

    serving: str
    share: float
    """Of the pull requests: a new version begins with a fifth."""
    trouble: str
    """Why what serves cannot be used, or nothing."""
    decisions: int
    rewards: int
    censored: int
    orphans: int
    learned: str
    log_seq: int
    phase: str
    alarms: int
    values: tuple[Value, ...]
    gate: str
    weights: tuple[Weight, ...]
    left_out: tuple[Unreadable, ...] = ()
    """Events that could not be read."""


_OF_SHOW = frozenset(TERMS) - frozenset(OF_VERSIONS)
"""What a version can be is no word of these tables."""


def shown(stand: Shown) -> list[str]:
    """Return where learning stands, a line each."""
    rest = f", {stand.share:.0%} of the pull requests" if stand.share < 1 else ""
    out_of = f"{stand.censored} censored, {stand.orphans} of decisions that are not here"
    alarms = (
        "no alarm" if not stand.alarms else f"{stand.alarms} alarms, older feedback counts less"
    )
    learned = f"{short(stand.learned)} up to event {stand.log_seq}: {stand.phase}"
    lines = [
        f"serves   {short(stand.serving)}{rest}",
        f"log      {stand.decisions} decisions, {stand.rewards} rewards ({out_of})",
        f"learned  {learned if stand.rewards else NOTHING_LEARNED}",
        f"drift    {alarms}",
        f"gate     {stand.gate}",
    ]
    if stand.left_out:
        lines.append(f"trouble  {left_out(stand.left_out)}")
    if stand.trouble:
        lines.append(f"trouble  {stand.trouble}")
    told = [*lines, "", *_value_lines(stand.values), "", *_weight_lines(stand.weights)]
    return [*told, "", *legend(told, _OF_SHOW)]


def _value_lines(values: Sequence[Value]) -> list[str]:
    if not values:
        return ["J        unknown: nobody said anything yet"]
    rows = [
        f"{value.what:<8} {short(value.version):<20} {value.mean:>7.3f} "
        f"{interval(value):>18} {value.rewards:>8}"
        for value in values
    ]
    return [
        f"{'J of a':<8} {'version':<20} {'mean':>7} {'95 % interval':>18} {'rewards':>8}",
        *rows,
    ]


def interval(value: Value) -> str:
    """Return the bounds of a mean; one pull request has none."""
    if not math.isfinite(value.high):
        return "one pull request"
    return f"{value.low:.3f} to {value.high:.3f}"


def _weight_lines(weights: Sequence[Weight]) -> list[str]:
    rows = [f"{w.feature:<12} {w.hand:>7.3f} {w.learned:>7.3f} {w.actor:>7.3f}" for w in weights]
    return [f"{'weight of':<12} {'hand':>7} {'learned':>7} {'actor':>7}", *rows]
