"""What the pages say, without a browser."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot.agent.state import Observation
from bot.domain import policy_terms
from bot.domain.event_log import PolicyStatus
from bot.domain.jobs import JobId, JobStatus
from bot.domain.ledger import RunId, StepRecord
from bot.domain.policy_board import AttemptShown, CheckShown, WeightShown
from bot.domain.record_json import dump
from tests import reviews
from tests.adapters.ledger_values import HOSTILE, a_run
from tests.adapters.queue_processes import a_job
from tests.fakes.ledger import fake_ledger
from tests.fakes.policy_board import FakePolicyBoard
from tests.web.past import DEAD_JOB, DONE, DONE_JOB, LIVE, LIVE_JOB, SHOP, VERSION, begun, step
from tests.web.server import SECRET, TODAY
from tests.web.visitor import House, house

PATHS = (
    "/", "/runs", "/repositories", "/findings", "/acceptance", "/cost", "/policy", "/queue",
)  # fmt: skip
INSTALLED = (*PATHS, f"/runs/{DONE}", f"/runs/{LIVE}", f"/jobs/{DEAD_JOB}", f"/jobs/{DONE_JOB}")


@pytest.fixture
def ours() -> Iterator[House]:
    with house() as ours:
        yield ours


@pytest.fixture(scope="module")
def shown() -> Iterator[House]:
    """A house that no test of this module changes."""
    with house() as ours:
        yield ours


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_installation_has_every_page(path: str) -> None:
    with house(is_empty=True) as ours:
        text = ours.visitor().text(path)

    assert "<h1>" in text
    assert "None" not in text.replace("None:", "").replace("None.", "")


def test_the_overview_says_what_runs_and_what_is_dead(shown: House) -> None:
    text = shown.visitor().text("/")

    assert "1 running" in text
    assert ">1</a></dd>" in text.partition("Dead letters")[2]
    assert "octo/shop#12" in text


def test_a_run_is_a_timeline_with_the_why_the_cost_and_the_proof(shown: House) -> None:
    text = shown.visitor().text(f"/runs/{DONE}")

    assert "octo/shop#12" in text
    assert "Why lint: U = 2.75" in text
    assert "unseen +3.00" in text
    assert "12,800 tokens · $0.01" in text
    assert "proved: " in text
    assert "test_total passed before this change and fails now" in text


def test_progress_is_a_few_bytes_until_the_run_is_over(ours: House) -> None:
    visitor = ours.visitor()
    before = visitor.get(f"/runs/{LIVE}/progress").body
    step(ours.ledger, LIVE, 2, "finish")
    ours.jobs.statuses[LIVE_JOB] = JobStatus.DONE

    assert before == b'{"is_live":true,"steps":1}\n'
    assert visitor.get(f"/runs/{LIVE}/progress").body == b'{"is_live":false,"steps":2}\n'
    assert "it did not end" in visitor.text(f"/runs/{LIVE}")


def test_a_step_of_another_version_does_not_hide_the_others(ours: House) -> None:
    ours.ledger.runs.record_step(LIVE, StepRecord(2, "paint", "{}", '{"nothing":1}', 2.0))

    text = ours.visitor().text(f"/runs/{LIVE}")

    assert "lint looked at 12 hunks" in text
    assert "Another version wrote this step" in text


def test_a_step_whose_values_do_not_go_together_hides_nothing_else(ours: House) -> None:
    seen = dump(Observation("verify looked", findings=(reviews.unused_import(),)))
    broken = re.sub(r'"end_line":\d+,"old_text"', '"end_line":999,"old_text"', seen)
    assert broken != seen
    ours.ledger.runs.record_step(LIVE, StepRecord(2, "verify", broken, "{}", 2.0))

    assert "lint looked at 12 hunks" in ours.visitor().text(f"/runs/{LIVE}")


def test_pages_of_runs_go_on_to_the_first_one(ours: House) -> None:
    for number in range(120):
        at = TODAY - timedelta(days=40, minutes=number // 2)
        begun(ours.ledger, RunId(f"page-{number:03}"), SHOP, at, f"job-{number}")
    visitor, path, seen = ours.visitor(), "/runs?repo=7", ""
    while path:
        text = visitor.text(path)
        seen += text
        path = text.partition('class="more"><a href="')[2].partition('"')[0].replace("&amp;", "&")

    assert [seen.count(f"/runs/page-{number:03}") for number in range(120)] == [1] * 120


@pytest.mark.parametrize("query", ["", "?status=failed"])
def test_pages_of_jobs_go_on_to_the_first_one_and_keep_their_filter(
    ours: House, query: str
) -> None:
    for number in range(160):
        name = JobId(f"page/{number:03}~1")
        ours.jobs.submit(a_job(name, key=f"{number}#2"))
        ours.jobs.statuses[name] = JobStatus.FAILED if number % 2 else JobStatus.DONE
    visitor, path, seen, pages = ours.visitor(), f"/queue{query}", "", 0
    while path:
        text = visitor.text(path)
        pages += 1
        seen += text.partition('id="jobs-title"')[2]
        path = text.partition('class="more"><a href="')[2].partition('"')[0].replace("&amp;", "&")

    found = [seen.count(f">page/{number:03}~1<") for number in range(160)]
    assert found == ([0, 1] * 80 if query else [1] * 160)
    assert pages == (2 if query else 4)


def test_of_many_dead_letters_the_newest_are_shown_and_the_others_are_named(ours: House) -> None:
    for number in range(30):
        name = JobId(f"dead-{number:02}")
        ours.jobs.submit(a_job(name, key=f"{number}#2"))
        ours.jobs.statuses[name] = JobStatus.FAILED
    first = ours.visitor().text("/queue")

    assert first.count('name="job"') == 20
    assert '<a href="/queue?status=failed">all that failed</a>' in first
    assert ours.visitor().text("/queue?status=failed").count(">dead-") == 20 + 30


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/runs/unknown", 404),
        ("/queue?before=yesterday", 400),
        ("/queue?before=2026-01-01T00:00:00~x~job", 400),
        ("/queue?before=2026-01-01T00:00:00~1~", 400),
        ("/queue?before=0001-01-01T00:00:00%2B14:00~1~x", 400),
        ("/queue?before=2026-01-01T00:00:00~1~%00", 400),
        ("/queue?before=2026-01-01T00:00:00~1~a~b", 200),
        ("/jobs/unknown", 404),
        ("/runs?repo=x", 400),
        ("/runs?conclusion=fine", 400),
        ("/runs?before=yesterday", 400),
        ("/findings?before=1~2", 400),
        ("/findings?state=odd", 400),
        ("/queue?status=odd", 400),
        ("/runs?repo=99", 200),
        ("/findings?rule=%F0%9F%99%82%E2%80%AE", 200),
        ("/findings?rule=%00", 400),
        ("/runs/%00", 400),
        ("/jobs/%00", 400),
        ("/runs?before=0001-01-01T00:00:00%2B14:00~x", 400),
        ("/runs?before=2026-01-01T00:00:00~", 200),
        ("/findings?before=999999999999999999~999999999999999999~F1", 200),
    ],
)
def test_an_address_that_means_nothing_is_told_so(shown: House, path: str, code: int) -> None:
    reply = shown.visitor().get(path)

    assert reply.status == code
    assert b"Traceback" not in reply.body


def test_what_a_repository_wrote_is_escaped_and_cut(ours: House) -> None:
    evil = f"<script>alert(1)</script>{HOSTILE}" + "x" * 5000
    ours.ledger.runs.begin(replace(a_run("evil"), repo=evil, started_at=TODAY))
    found = reviews.finding(title=evil, rule=evil, snippet=evil)
    step(ours.ledger, RunId("evil"), 1, "lint", found)

    for path in ("/", "/runs", "/repositories", "/runs/evil"):
        text = ours.visitor().text(path)
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert "x" * 2500 not in text
        assert "\0" not in text


def test_no_page_shows_a_secret(ours: House) -> None:
    leak = f"the token is ghs_{'a1' * 20} and {SECRET}"
    ours.ledger.runs.begin(replace(a_run("leak"), started_at=TODAY))
    step(ours.ledger, RunId("leak"), 1, "lint", reviews.finding(title=leak))
    ours.jobs.errors[DEAD_JOB] = leak

    for path in (*INSTALLED, "/runs/leak"):
        text = ours.visitor().text(path)
        assert "ghs_a1" not in text
        assert SECRET.replace("'", "&#39;") not in text
    assert "[redacted]" in ours.visitor().text("/queue")


def test_a_dead_letter_is_tried_again(ours: House) -> None:
    visitor = ours.visitor()
    assert "the forge answered 502" in visitor.text("/queue")

    reply = visitor.post("/queue/retry", {"job": DEAD_JOB})

    assert (reply.status, reply.headers["Location"]) == (303, "/jobs/command:4:1/x")
    assert ours.jobs.statuses[DEAD_JOB] is JobStatus.QUEUED
    again = visitor.post("/queue/retry", {"job": DEAD_JOB})
    assert (again.status, b"has not failed" in again.body) == (409, True)


def test_a_rollback_serves_the_parent_again(ours: House) -> None:
    visitor = ours.visitor()
    visitor.text("/policy")

    reply = visitor.post("/policy/rollback", {"version": VERSION})

    assert (reply.status, reply.headers["Location"]) == (303, "/policy")
    parent, version = ours.ledger.policies.all()
    assert (parent.status, version.status) == (PolicyStatus.PROMOTED, PolicyStatus.ROLLED_BACK)
    assert "promoted from 20 events" in visitor.text("/policy")
    assert visitor.post("/policy/rollback", {"version": VERSION}).status == 409


def test_acceptance_has_its_interval(shown: House) -> None:
    text = shown.visitor().text("/acceptance")

    assert '<th scope="row">F401</th>' in text
    assert '<th scope="row">autofix</th>' in text
    assert "95 % interval" in text


def test_a_database_that_does_not_answer_is_said_and_not_a_traceback(ours: House) -> None:
    visitor = ours.visitor()
    ours.jobs.is_down = True

    reply = visitor.get(f"/runs/{DONE}")

    assert (reply.status, b"the queue is down" in reply.body) == (503, True)


@dataclass(frozen=True)
class Learned(FakePolicyBoard):
    """A policy that has been at the gate."""

    def weights(self) -> list[WeightShown]:
        return [WeightShown("red_tests", 2.5, 3.125), WeightShown("repeat", -2.0)]

    def attempts(self) -> list[AttemptShown]:
        error = CheckShown("lower bound of the gain", is_met=False, value=None, limit=0.0)
        rows = CheckShown("rewards", is_met=True, value=640.0, limit=600.0)
        return [AttemptShown("c" * 40, TODAY, False, ("too few rewards",), (rows, error))]


def test_the_gate_says_what_it_asked_and_what_it_found() -> None:
    with house(policies=Learned(fake_ledger().policies)) as ours:
        text = ours.visitor().text("/policy")

    assert "did not pass" in text
    assert "too few rewards" in text
    assert '<td class="num">640</td><td class="num">600</td>' in text
    assert '<td class="num">no number</td>' in text
    assert '<td class="num">+2.50</td><td class="num">+3.12</td>' in text


def test_the_page_of_the_policy_explains_its_words() -> None:
    with house(policies=FakePolicyBoard(fake_ledger().policies)) as ours:
        empty = ours.visitor().text("/policy")
    with house() as ours:
        full = ours.visitor().text("/policy")

    assert policy_terms.NO_VERSION in html.unescape(empty)
    for word in policy_terms.OF_VERSIONS:
        assert f"<dt>{word}</dt><dd>{policy_terms.TERMS[word]}</dd>" in html.unescape(full)
