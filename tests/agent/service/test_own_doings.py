"""What we do ourselves leads to a review at the most, and never to another act (rule R25)."""

from bot.domain.events import Person
from bot.domain.forge import Permission
from bot.domain.jobs import JobStatus
from tests.agent.office import NUMBER, Office

US = Person(99, "pullwright[bot]")


def test_a_comment_of_ours_never_runs_even_with_every_right() -> None:
    office = Office()
    office.fake.permissions[US.login] = Permission.ADMIN
    ours = office.fake.add(NUMBER, "/agent fix", is_ours=True, in_thread=None)

    office.say("/agent fix", by=US, comment_id=ours.id)

    assert [c.posted for c in office.fake.own(NUMBER)] == [ours]
    assert office.fake.seen_reactions == []
    assert office.fake.branches[office.remote.head_ref].sha == office.remote.head_sha


def test_another_bot_is_judged_by_what_the_forge_says_it_may_do() -> None:
    office = Office()
    office.fake.permissions["other[bot]"] = Permission.WRITE

    assert "Reviewed" in office.reply_to("/agent review", by=Person(98, "other[bot]"))
    assert "write access" in office.reply_to("/agent review", by=Person(97, "evil-app[bot]"))


def test_a_pull_request_of_our_own_is_left_alone_and_why_says_so() -> None:
    office = Office()
    office.change(is_ours=True, author="pullwright[bot]", author_id=US.id)

    office.review()

    assert office.fake.checks == {}
    assert "we opened it ourselves" in office.reply_to("/agent why")


def test_a_person_may_ask_for_a_review_of_our_own_pull_request() -> None:
    office = Office()
    office.change(is_ours=True)

    assert "Reviewed" in office.reply_to("/agent review")


def test_an_automatic_review_never_commits() -> None:
    office = Office()

    office.review()

    assert office.fake.summary_of(NUMBER) is not None
    assert list(office.fake.branches) == [office.remote.head_ref]
    assert office.fake.branches[office.remote.head_ref].sha == office.remote.head_sha


def test_a_label_silences_us_and_why_says_which() -> None:
    office = Office()
    office.change(labels=("bug", "Pullwright: Off"))

    office.review()

    assert office.fake.checks == {}
    assert "the label `pullwright: off` is on it" in office.reply_to("/agent why")
    assert "take it off first" in office.reply_to("/agent fix")
    assert office.fake.branches[office.remote.head_ref].sha == office.remote.head_sha


def test_taking_the_label_off_ends_the_silence() -> None:
    office = Office()
    office.change(labels=("pullwright: off",))
    office.review()
    office.change(labels=())

    office.review()

    assert len(office.fake.checks) == 1


def test_who_may_not_is_refused_without_a_checkout() -> None:
    office = Office(is_checkout_broken=True)

    assert "write access" in office.reply_to("/agent fix", by=Person(8, "eve"))
    office.say("/agent fix")
    assert office.last_status is JobStatus.FAILED
