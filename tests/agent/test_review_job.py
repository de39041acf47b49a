"""From one push to the next: what the job of the App looks at, and what it posts."""

import pytest

from bot.agent.service.review_job import ReviewJob
from bot.domain.events import PullAction
from bot.domain.findings import FindingId, FindingState
from bot.domain.ledger import Dismissal
from bot.domain.markers import parse_marker
from tests.agent.toy_service import ToyService
from tests.fakes.job_context import Crashed
from tests.situations import Tree

BASE: Tree = {"a.toy": b"one\n", "b.toy": b"one\n"}
FIRST: Tree = {"a.toy": b"BUG 1\n"}
SECOND: Tree = {**FIRST, "b.toy": b"BUG 2\n"}


def reviewed(**changes: object) -> ToyService:
    service = ToyService(BASE, FIRST, **changes)  # type: ignore[arg-type]  # a builder
    service.review()
    return service


def threads(service: ToyService) -> list[tuple[str, bool]]:
    return [(t.path, t.is_resolved) for t in service.forge.posted_threads.get(7, [])]


def test_a_push_is_reviewed_from_the_head_before() -> None:
    service = reviewed()
    first = service.forge.pulls[7].head_sha

    service.push(SECOND)
    service.review()

    assert service.read == {"b.toy"}
    assert threads(service) == [("a.toy", False), ("b.toy", False)]
    assert f"Looked at anew since `{first[:7]}`: 1 of 2 hunks" in service.summary
    assert {k.id for k in service.known} == {"F1", "F2"}


def test_a_third_head_goes_on_from_what_the_second_took_over() -> None:
    service = reviewed()
    for head in (SECOND, {**SECOND, "c.toy": b"fine\n"}):
        service.push(head)
        service.review()

    assert service.read == {"c.toy"}
    assert "1 of 3 hunks" in service.summary
    assert [k.state for k in service.known] == [FindingState.OPEN, FindingState.OPEN]


def test_another_basis_looks_at_everything() -> None:
    service = reviewed()

    service.push(SECOND)
    service.basis = "newer tools"
    service.review()

    assert service.read == {"a.toy", "b.toy"}
    assert "Looked at anew" not in service.summary


def test_a_basis_that_nobody_knows_is_no_basis() -> None:
    service = reviewed(basis="")

    service.push(SECOND)
    service.review()

    assert service.read == {"a.toy", "b.toy"}


def test_reviews_are_full_where_the_configuration_says_so() -> None:
    service = reviewed(settings={"auto_review": {"incremental": False}})

    service.push(SECOND)
    service.review()

    assert service.read == {"a.toy", "b.toy"}


@pytest.mark.parametrize(
    ("trigger", "reviews"),
    [(PullAction.REOPENED, 1), (PullAction.LABELED, 1), (PullAction.EDITED, 2)],
)
def test_a_head_is_reviewed_once_for_each_base(trigger: PullAction, reviews: int) -> None:
    service = reviewed()

    service.review(trigger=trigger)

    assert len(service.forge.checks) == reviews


@pytest.mark.parametrize("old", ["a.toy", "fresh.toy"], ids=["of the base", "of the change"])
def test_a_renamed_file_takes_its_finding_along(old: str) -> None:
    service = ToyService(BASE, {old: b"BUG 1\n"})
    service.review()

    service.push({"a.toy": None, "renamed.toy": b"BUG 1\n"})
    service.review()

    assert [(k.id, k.finding.location.path) for k in service.known] == [("F1", "renamed.toy")]
    assert threads(service) == [(old, False)]


def test_the_same_line_in_two_files_is_two_findings_with_their_own_threads() -> None:
    service = reviewed()
    word = Dismissal("noise", "ada", service.desk.now())
    service.ledger.findings.dismiss(service.pull, FindingId("F1"), word)

    service.push({**FIRST, "b.toy": b"BUG 1\n"})
    service.review()

    assert [k.state.value for k in service.known] == ["dismissed", "open"]
    assert threads(service) == [("a.toy", False), ("b.toy", False)]
    assert service.summary.startswith("1 finding")


def test_a_head_that_comes_back_is_reviewed_again() -> None:
    service = reviewed()
    for head in (SECOND, FIRST):
        service.push(head)
        service.review()

    assert [(k.id, k.state.value) for k in service.known] == [("F1", "open"), ("F2", "fixed")]


@pytest.mark.parametrize("step", ["begin", "since", "step 1", "step 2", "publish"])
def test_a_host_that_dies_changes_nothing(step: str) -> None:
    service, spared = reviewed(), reviewed()

    for one, dying in ((service, step), (spared, None)):
        one.push(SECOND)
        one.review(crash_in=dying)

    assert service.known == spared.known
    assert service.summary == spared.summary
    assert threads(service) == threads(spared)


def test_a_run_that_two_versions_did_leaves_nothing_to_go_on_from() -> None:
    service = ToyService(BASE, FIRST)
    context = service.job(crash_in="step 1")
    with pytest.raises(Crashed):
        context.run(ReviewJob(service.desk))
    service.basis = "newer tools"
    context.run(ReviewJob(service.desk))

    service.push(SECOND)
    service.review()

    assert service.read == {"a.toy", "b.toy"}


def test_a_dismissed_finding_of_a_file_that_is_the_same_stays_dismissed() -> None:
    service = reviewed()
    word = Dismissal("noise", "ada", service.desk.now())
    service.ledger.findings.dismiss(service.pull, FindingId("F1"), word)

    service.push({**FIRST, "b.toy": b"fine\n"})
    service.review()

    assert service.known[0].state is FindingState.DISMISSED
    assert service.summary.startswith(("No findings", "Partial, nothing found"))
    assert len(threads(service)) == 1


def test_a_standing_finding_says_on_which_head_its_patch_was_proved() -> None:
    service = ToyService({**BASE, "t.tests": b"one b.toy one\n"}, FIRST)
    service.review()
    first = service.forge.pulls[7].head_sha
    before = service.summary

    service.push({**FIRST, "c.toy": b"fine\n"})
    service.review()

    grade = before.split(" | ")[-1].partition(" |")[0]
    assert f"{grade} on {first[:7]} |" in service.summary


def test_each_comment_is_remembered_by_the_run_that_posted_it() -> None:
    service = reviewed()
    service.push({**BASE, "c.toy": b"fine\n"})
    service.review()
    service.push({**FIRST, "c.toy": b"fine\n"})
    service.review()

    (known,) = service.known
    assert threads(service) == [("a.toy", True), ("a.toy", False)]
    assert known.thread is not None
    newest = service.forge.posted_threads[7][-1]
    assert (known.thread.id, known.thread.is_resolved) == (newest.id, False)
    assert parse_marker(newest.body) is not None


def test_a_comment_that_the_forge_refused_is_not_taken_for_an_older_one() -> None:
    service = reviewed()
    service.push({**BASE, "c.toy": b"fine\n"})
    service.review()
    service.forge.refuses = lambda _comment: True
    service.push({**FIRST, "c.toy": b"fine\n"})
    service.review()

    assert [(k.state.value, k.thread) for k in service.known] == [("open", None)]
