"""What was posted is in the ledger, as it is on the forge."""

from bot.domain.markers import parse_marker
from bot.domain.pull_records import PublicationKind
from tests.agent.office import NUMBER, Office


def test_a_review_is_on_record_as_it_was_posted() -> None:
    office = Office()

    office.review()

    summary = office.fake.summary_of(NUMBER)
    assert summary is not None
    marker = parse_marker(summary.body)
    [thread], [check_id] = office.fake.posted_threads[NUMBER], office.fake.checks
    assert marker is not None
    kinds = {
        PublicationKind.SUMMARY: str(summary.id),
        PublicationKind.REVIEW: str(thread.comment_id),
        PublicationKind.CHECK: str(check_id),
    }
    for kind, external_id in kinds.items():
        found = office.ledger.publications.find(f"{kind}:{marker.run}")
        assert found is not None
        assert (found.pull, found.external_id, found.kind) == (office.pull, external_id, kind)


def test_a_suggestion_is_on_record_with_its_proof_its_decision_and_its_place() -> None:
    office = Office()

    office.review()

    [shown] = office.ledger.suggestions.shown(office.pull)
    assert (shown.finding_id, shown.path, shown.start_line, shown.source) == (
        "F1", "a.toy", 2, "autofix",
    )  # fmt: skip
    assert (shown.slot, shown.slots, shown.decision_id) == (1, 1, f"{shown.run_id}.F1")
    assert shown.proof is not None
    assert shown.proof.is_applied


def test_what_the_forge_did_not_take_is_no_shown_suggestion() -> None:
    office = Office()
    office.fake.refuses = lambda _comment: True

    office.review()

    assert office.ledger.suggestions.shown(office.pull) == []
    assert not [p for p in _kinds(office) if p is PublicationKind.REVIEW]


def test_a_commit_and_the_reply_about_it_are_on_record() -> None:
    office = Office()

    reply = office.reply_to("/agent fix")

    head = office.fake.branches[office.remote.head_ref].sha
    assert head in reply
    assert _kinds(office) == {
        PublicationKind.COMMIT: head,
        PublicationKind.REPLY: _id(reply, office),
    }


def test_a_stacked_pull_request_is_on_record() -> None:
    office = Office()

    office.reply_to("/agent fix --pr")

    [url] = office.fake.stacked
    assert _kinds(office)[PublicationKind.PULL_REQUEST] == url.rpartition("/")[2]


def _kinds(office: Office) -> dict[PublicationKind, str]:
    records = office.ledger.publications
    return {p.kind: p.external_id for p in records.by_key.values()}  # type: ignore[attr-defined]  # the fake's state


def _id(body: str, office: Office) -> str:
    return next(str(c.posted.id) for c in office.fake.own(NUMBER) if c.posted.body == body)
