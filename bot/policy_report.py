"""Reads the App's ledger for the commands about what was learned; imported where numpy is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from bot.adapters.sql_ledger import open_ledger
from bot.adapters.trend_page import Chart, Point, Rows, render_trends
from bot.domain import acceptance
from bot.domain import policy_words as words
from bot.domain.acceptance import Taken, Week
from bot.domain.event_forms import readable_outcomes
from bot.domain.event_log import EVENTS_AT_ONCE, Numbered, PolicyUnreadable
from bot.domain.ledger import PullKey, RunId
from bot.domain.outcomes import OutcomeRecord
from bot.domain.policy_words import Shown
from bot.domain.pull_records import Ledger, SuggestionRecord
from bot.domain.record_json import load
from bot.domain.review import Decision
from bot.domain.unreadable import left_out
from bot.errors import Refused
from bot.output import write
from bot.policy.choosing import PLACES, PLACES_SETTINGS
from bot.policy.event_log import DecisionLogged
from bot.policy.journal import Trained, Tried
from bot.policy.learning import rows_of
from bot.policy.ledger_log import replayed
from bot.policy.rewards import rewards
from bot.policy.school import Lesson, School
from bot.policy.serving import Sampled
from bot.policy.standing import explanation, is_of_run, of_run, standing, weights_of
from bot.policy.weights import WeightsUnreadable, read_weights
from bot.settings import load_database_url

_PULL = re.compile(r"([0-9]{1,18})#([0-9]{1,9})")
"""Of another form, it is no pull request whose findings could be looked up."""


def learned(after: int, upto: int | None, seed: int) -> Iterator[str]:
    """Yield what was learned from a part of the log; from the whole one, it is stored."""
    with _ledger() as ledger:
        school = _school(ledger, seed)
        lesson = school.lesson(after=after, upto=upto)
        if lesson.left_out:
            yield left_out(lesson.left_out)
        if not lesson.events:
            yield words.NOTHING_LOGGED
            return
        known = lesson.places.rewards
        yield words.read_so_far(
            events=lesson.seq, decisions=len(lesson.made), rewards=len(known.rewarded)
        )
        yield f"policy {lesson.version}"
        yield words.phase(lesson.places.phase.value, lesson.places.drift.alarms)
        if after:
            yield words.NOT_STORED
            return
        before = ledger.policies.find(lesson.version)
        stored = school.store(lesson)
        if stored.theta != lesson.places.weights.blob():
            raise Refused(f"policy {lesson.version} is stored with other bytes: it is damaged")
        yield words.stored(stored.status.value, stored.created_at, is_new=before is None)


def shown(html: Path | None) -> Iterator[str]:
    """Yield where learning stands; write the plots where they are wanted."""
    if html is not None and html.suffix != ".html":
        raise Refused(f"the plots are one HTML file: name one that ends in .html, not {html.name}")
    with _ledger() as ledger:
        school = _school(ledger)
        stand = standing(school)
        yield from words.shown(stand)
        if html is not None:
            write(html, _page(ledger, school, stand))
            yield f"wrote {html}"


def feedback(limit: int) -> Iterator[str]:
    """Yield the last word on each suggestion, the newest first."""
    with _ledger() as ledger:
        found = sorted(_judged(ledger), key=lambda each: each[1].occurred_at, reverse=True)
        for pull, record, suggestion, rule in found[:limit]:
            of = f"{pull.repo_id}#{pull.number}  {suggestion.finding_id} {rule}"
            yield f"{record.occurred_at:%Y-%m-%d %H:%M}  {of}  {words.became(record)}"
        if not found:
            yield words.NO_FEEDBACK
        if len(found) > limit:
            yield f"{len(found) - limit} older ones are not shown: --limit"


def explained(run: str) -> Iterator[str]:
    """Yield each choice of a run with its parts; raises Refused for a run that nobody knows."""
    with _ledger() as ledger:
        steps = ledger.runs.steps(RunId(run))
        read = replayed(ledger.events)
        placed = of_run(read.events, run)
        lost = [each for each in read.left_out if is_of_run(each, run)]
        if not (steps or placed or lost):
            raise Refused(f"no run {run} is recorded here: a summary's last line names its run")
        for step in steps:
            yield words.step(load(Decision, step.decision))
        known = [each for pull in _pulls(placed) for each in ledger.findings.known(pull)]
        names = {each.finding.fingerprint: str(each.id) for each in known}
        for made in placed:
            yield explanation(made, ledger.policies, names)
        if lost:
            yield left_out(lost)


def _pulls(made: Iterable[DecisionLogged]) -> Iterator[PullKey]:
    """Yield the pull requests of some decisions, each once."""
    for name in dict.fromkeys(each.pull_request for each in made):
        if found := _PULL.fullmatch(name):
            yield PullKey(int(found[1]), int(found[2]))


def gate() -> Iterator[str]:
    """Yield every attempt with its checks, the oldest first, and what the next one waits for."""
    with _ledger() as ledger:
        school = _school(ledger)
        notes = school.readable_notes()
        for note in notes.found:
            if isinstance(note, Tried):
                yield f"{note.at:%Y-%m-%d %H:%M} " + words.tried(
                    note.candidate, note.why, is_promoted=note.is_promoted
                )
                for check in note.checks:
                    value = "no number" if check.value is None else f"{check.value:.4g}"
                    verdict = "pass" if check.is_met else "FAIL"
                    yield f"  {verdict}  {check.name:<30} {value:>10}  limit {check.limit:.4g}"
        if notes.left_out:
            yield left_out(notes.left_out)
        count = len(school.lesson().places.rewards.rewarded)
        waits = school.why_no_attempt(count)
        yield f"next attempt: {waits or 'at the next round of a worker'}"


def rolled_back(version: str, reason: str) -> str:
    """Take back a version and say what serves now."""
    with _ledger() as ledger:
        school = _school(ledger)
        name = school.named(version).version
        note = school.take_back(name, reason, by="operator")
        now = school.versions().serving.version
        return f"{words.taken_back(note.version, note.reason)}; {words.short(now)} serves"


@contextmanager
def _ledger() -> Iterator[Ledger]:
    """Open the App's database; raises Refused where there is none, for it is not ours to make."""
    url = load_database_url()
    if (file := _file_of(url)) is not None and not file.exists():
        raise Refused(
            f"there is no database {file}: "
            "set PULLWRIGHT_DATABASE_URL or PULLWRIGHT_STATE_DIR to what the App uses"
        )
    ledger = open_ledger(url)
    try:
        yield ledger
    finally:
        ledger.close()


def _file_of(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path[1:])) if parts.scheme.startswith("sqlite") else None


def _school(ledger: Ledger, seed: int = 0) -> School:
    return School(ledger.events, ledger.policies, lambda: datetime.now(UTC), seed)


def _page(ledger: Ledger, school: School, stand: Shown) -> str:
    taken, lesson = _taken(ledger), school.lesson()
    charts = (
        _acceptance("Accepted, by tool", acceptance.by_tool(taken)),
        _acceptance("Accepted, by rule", acceptance.by_rule(taken)),
        _regret(lesson),
        _weights(school),
    )
    values: Rows = [
        ("J of a", "version", "mean", "95 % interval", "rewards"),
        *(
            (v.what, words.short(v.version), f"{v.mean:.3f}", words.interval(v), str(v.rewards))
            for v in stand.values
        ),
    ]
    weights: Rows = [
        ("feature", "hand", "learned", "actor"),
        *((w.feature, *(f"{x:.3f}" for x in (w.hand, w.learned, w.actor))) for w in stand.weights),
    ]
    return render_trends("Pullwright: what was learned", charts, {"J": values, "Weights": weights})


def _acceptance(title: str, weeks: Mapping[str, Sequence[Week]]) -> Chart:
    lines = {
        name: [Point(w.monday.toordinal(), w.share, *w.bounds) for w in found]
        for name, found in weeks.items()
    }
    days = [week.monday for found in weeks.values() for week in found]
    return Chart(title, lines, _ends(days))


def _ends(days: Sequence[date]) -> tuple[str, str]:
    return (min(days).isoformat(), max(days).isoformat()) if days else ("", "")


def _taken(ledger: Ledger) -> list[Taken]:
    """Return what became of each suggestion, for the plots."""
    return [
        Taken(record.occurred_at.date(), suggestion.source, rule, record.verdict.outcome)
        for _, record, suggestion, rule in _judged(ledger)
    ]


def _judged(
    ledger: Ledger,
) -> Iterator[tuple[PullKey, OutcomeRecord, SuggestionRecord, str]]:
    """Yield the last word of the log on each suggestion, and the rule of its finding."""
    last: dict[str, tuple[PullKey, OutcomeRecord]] = {}
    for each in _every(ledger):
        for record in readable_outcomes([each]).found:
            last[record.suggestion] = (each.event.pull, record)
    for pull in sorted({pull for pull, _ in last.values()}, key=repr):
        rules = {k.id: k.finding.rule for k in ledger.findings.known(pull)}
        for suggestion in ledger.suggestions.shown(pull):
            if suggestion.id in last:
                rule = rules.get(suggestion.finding_id, "unknown")
                yield pull, last[suggestion.id][1], suggestion, rule


def _every(ledger: Ledger) -> Iterator[Numbered]:
    page: Sequence[Numbered] = ledger.events.after(0)
    while page:
        yield from page
        page = ledger.events.after(page[-1].seq, limit=EVENTS_AT_ONCE)


def _regret(lesson: Lesson) -> Chart:
    """Return what was lost against the best place by today's weights, summed up."""
    rows = rows_of(rewards(lesson.events, PLACES_SETTINGS.rewards).rewarded, PLACES)
    title = "Estimated regret, by today's weights"
    if not len(rows):
        return Chart(title, {})
    served = Sampled.learned(lesson.places.weights)
    values = np.where(rows.mask, served.utilities(rows), -np.inf)
    lost = np.cumsum(values.max(axis=1) - rows.of_chosen(values))
    line = [Point(index, y, y, y) for index, y in enumerate(lost.tolist())]
    return Chart(title, {"regret": line}, ("first reward", f"reward {len(line)}"))


def _weights(school: School) -> Chart:
    """Return the weights of what was trained, from version to version."""
    lines: dict[str, list[Point]] = {name: [] for name in PLACES.names}
    notes = school.readable_notes().found
    trained = [note for note in notes if isinstance(note, Trained)]
    for note in trained:
        try:
            found = school.policies.find(note.version)
            if found is None:
                continue
            weights = weights_of(read_weights(found.theta, PLACES))
        except (WeightsUnreadable, PolicyUnreadable):
            continue  # an older version's features are other ones
        for weight in weights:
            point = Point(note.rewards, weight.learned, weight.learned, weight.learned)
            lines[weight.feature].append(point)
    ends = [f"{n.rewards} rewards" for n in (trained[:1] + trained[-1:])]
    title = "Weights, over what was learned from"
    return Chart(title, lines if trained else {}, (ends[0], ends[-1]) if ends else ("", ""))
