"""Very many runs and jobs, written in one go: what takes a year of reviews takes seconds here."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa

from bot.adapters.dbos_rows import JOBS
from bot.adapters.sql_ledger_database import Database, connect
from bot.adapters.sql_ledger_runs import moment
from bot.adapters.sql_ledger_schema import events, findings, runs, steps, suggestions
from bot.agent.state import Observation
from bot.domain.findings import FindingId, FindingState
from bot.domain.jobs import JobKind, JobStatus
from bot.domain.ledger import KnownFinding, PullKey, RunEnding, RunId, RunKind, RunRecord
from bot.domain.outcomes import Outcome
from bot.domain.pull_request import Sha
from bot.domain.record_json import dump
from bot.domain.verdict import Conclusion
from tests import reviews
from tests.adapters.ledger_values import HEAD
from tests.web.past import COST

REPOS = 40
STEPS = ("lint", "test", "verify", "finish")
DAYS = 90
DEAD_OF = 50
"""Of as many jobs one is a dead letter."""
_RULES = tuple(f"F{400 + n}" for n in range(30))
_TOOLS = ("autofix", "bisect", "repair", "rewrite")
_BATCH = 2_000

Row = Mapping[str, object]


def crowd(url: str, count: int, *, until: datetime) -> None:
    """Write runs with their job, four steps, a finding, a suggestion and an outcome each.

    The tables of the queue are there already.
    """
    database = connect(url, wait_s=30)
    try:
        for table, rows in _tables(count, until).items():
            _write(database, table, rows)
    finally:
        database.close()


def _write(database: Database, table: sa.Table, rows: Iterator[Row]) -> None:
    batch: list[dict[str, object]] = []
    with database.writing() as connection:
        for row in rows:
            batch.append(dict(row))
            if len(batch) == _BATCH:
                connection.execute(table.insert(), batch)
                batch.clear()
        if batch:
            connection.execute(table.insert(), batch)


def _tables(count: int, until: datetime) -> Mapping[sa.Table, Iterator[Row]]:
    return {
        runs: (_run(n, count, until) for n in range(count)),
        steps: (row for n in range(count) for row in _steps(n)),
        findings: (_finding(n) for n in range(count)),
        suggestions: (_suggestion(n) for n in range(count)),
        events: (_event(n, count, until) for n in range(count)),
        JOBS: (_job(n, count, until) for n in range(count)),
    }


def _pull(number: int) -> PullKey:
    return PullKey(1 + number % REPOS, 1 + number // REPOS)


def _at(number: int, count: int, until: datetime) -> datetime:
    return until - timedelta(days=DAYS) * ((count - number) / count)


def _run(number: int, count: int, until: datetime) -> Row:
    pull, at = _pull(number), _at(number, count, until)
    name = f"octo/repo-{pull.repo_id}"
    record = RunRecord(
        RunId(f"{number:032x}"), f"job-{number}", pull, name, HEAD, RunKind.REVIEW, at
    )
    conclusion = list(Conclusion)[number % len(Conclusion)]
    return {
        "run_id": record.run_id,
        "repo_id": pull.repo_id,
        "number": pull.number,
        "kind": record.kind.value,
        "head_sha": HEAD.head_sha,
        "merge_base_sha": HEAD.merge_base_sha,
        "started_at": moment(at),
        "ended_at": moment(at),
        "conclusion": conclusion.value,
        "record": dump(record),
        "ending": _ending(conclusion, until),
        "seconds": COST.seconds,
        "prompt_tokens": COST.prompt_tokens,
        "completion_tokens": COST.completion_tokens,
        "usd": COST.usd,
    }


@cache
def _ending(conclusion: Conclusion, at: datetime) -> str:
    verdict = replace(reviews.verdict(conclusion), cost=COST)
    return dump(RunEnding(conclusion, dump(verdict), at))


@cache
def _known(rule: str, state: FindingState) -> str:
    finding = replace(reviews.finding(rule=rule), id=FindingId("F1"), state=state)
    return dump(KnownFinding(finding, "code", Sha("a" * 40), Sha("a" * 40)))


_FOUND = (reviews.regression(), reviews.unused_import(), reviews.plain())
_OBSERVED = dump(Observation("12 of 12 hunks read", findings=_FOUND))
_DECIDED = dump(reviews.decision())


def _steps(number: int) -> Iterator[Row]:
    for index, tool in enumerate(STEPS, 1):
        yield {
            "run_id": f"{number:032x}",
            "step_index": index,
            "tool": tool,
            "seconds": 0.5 * index,
            "observation": _OBSERVED,
            "decision": _DECIDED,
        }


def _finding(number: int) -> Row:
    pull, rule = _pull(number), _RULES[number % len(_RULES)]
    state = list(FindingState)[number % len(FindingState)]
    return {
        "repo_id": pull.repo_id,
        "number": pull.number,
        "finding_id": "F1",
        "fingerprint": "f" * 16,
        "state": state.value,
        "record": _known(rule, state),
        "rule": rule,
    }


def _suggestion(number: int) -> Row:
    pull = _pull(number)
    return {
        "suggestion_id": f"{number:016x}",
        "repo_id": pull.repo_id,
        "number": pull.number,
        "ordinal": 1,
        "record": "{}",
        "finding_id": "F1",
        "source": _TOOLS[number % len(_TOOLS)],
    }


def _event(number: int, count: int, until: datetime) -> Row:
    chance = random.Random(number)
    pull, outcome = _pull(number), chance.choice(list(Outcome))
    return {
        "seq": number + 1,
        "event_id": f"outcome-{number}",
        "kind": "outcome",
        "repo_id": pull.repo_id,
        "number": pull.number,
        "suggestion": f"{number:016x}",
        "decision": "d",
        "occurred_at": moment(_at(number, count, until)),
        "record": "{}",
        "outcome": outcome.value,
        "rule": _RULES[number % len(_RULES)],
        "tool": _TOOLS[number % len(_TOOLS)],
    }


def _job(number: int, count: int, until: datetime) -> Row:
    pull, at = _pull(number), int(_at(number, count, until).timestamp() * 1000)
    zeros = dict.fromkeys(("retries", "retry_step", "not_before_ms", "started_ms"), 0)
    is_dead = number % DEAD_OF == 0
    return zeros | {
        "id": f"job-{number}",
        "kind": JobKind.REVIEW.value,
        "key": f"{pull.repo_id}#{pull.number}",
        "sequence": number,
        "installation_id": 1,
        "payload": "{}",
        "status": (JobStatus.FAILED if is_dead else JobStatus.DONE).value,
        "attempts": 1,
        "is_stopped": False,
        "created_ms": at,
        "updated_ms": at,
        "version": "",
        "error": "the forge answered 502 for the sixth time" if is_dead else "",
    }
