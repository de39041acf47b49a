"""Each row of the outcome table on the simulated GitHub, from the act of a person to the log."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.event_forms import OUTCOME
from bot.domain.intake import observation
from bot.domain.jobs import JobStatus
from bot.domain.outcomes import CONTRADICTED, WORTH, Outcome
from bot.domain.quieting import DESCRIBED, Hush, RepoQuiet, folded
from bot.domain.signals import SignalKind
from tests.end_to_end.observed import FLAW, MENDED, NEAR, Shown, Stage, file_with
from tests.github_simulator import simulator
from tests.github_simulator.merges import apply_suggestions


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("observing")
    with simulator(folder) as github, ExitStack() as stack:
        yield Stage(github, folder, stack)


Act = Callable[[Shown], Outcome]


def by_button(shown: Shown) -> Outcome:
    apply_suggestions(shown.pr.author, [shown.comment])
    return shown.merged("squash")


def by_button_and_rebased(shown: Shown) -> Outcome:
    apply_suggestions(shown.pr.author, [shown.comment])
    return shown.merged("rebase")


def our_commit_merged(shown: Shown) -> Outcome:
    shown.fixed()
    return shown.merged("rebase")


def our_commit_squashed_after_a_rename(shown: Shown) -> Outcome:
    shown.fixed()
    data = shown.stage.repo.store.read(shown.pr.head_sha, shown.path)
    shown.pr.push({shown.path: None, f"new_{shown.path}": data}, message="Rename")
    return shown.merged("squash")


def our_commit_cherry_picked(shown: Shown) -> Outcome:
    fix = shown.fixed()
    shown.pr.force_push({shown.path: file_with(FLAW), "begun_anew.py": "n = 1\n"})
    shown.write(MENDED, f"Compare with is\n\n(cherry picked from commit {fix})")
    return shown.merged("rebase")


def by_hand(shown: Shown) -> Outcome:
    shown.write(MENDED)
    return shown.merged()


def adapted(shown: Shown) -> Outcome:
    shown.write(NEAR)
    return shown.merged("squash")


def reverted_before_the_merge(shown: Shown) -> Outcome:
    fix = shown.fixed()
    shown.write(FLAW, f'Revert "Compare with is"\n\nThis reverts commit {fix}.')
    return shown.merged()


def force_pushed_away(shown: Shown) -> Outcome:
    shown.fixed()
    shown.pr.force_push({shown.path: "other = 1\n"})
    return shown.merged()


def resolved_with_a_change(shown: Shown) -> Outcome:
    shown.write("total = count(items)\n")
    shown.pr.author.resolve(shown.thread)
    return shown.merged()


def resolved_without_a_change(shown: Shown) -> Outcome:
    shown.pr.author.resolve(shown.thread)
    return shown.merged()


def resolved_and_opened_again(shown: Shown) -> Outcome:
    shown.pr.author.resolve(shown.thread)
    shown.stage.work()
    shown.pr.author.resolve(shown.thread, is_resolved=False)
    shown.stage.work()
    return shown.merged()


def resolved_by_a_stranger(shown: Shown) -> Outcome:
    shown.stage.github.user("eve").resolve(shown.thread)
    return shown.merged()


def disliked(shown: Shown) -> Outcome:
    shown.comment.react(shown.stage.github.user("bob"), "-1")
    return shown.merged()


def liked(shown: Shown) -> Outcome:
    shown.comment.react(shown.stage.github.user("bob"), "+1")
    return shown.merged()


def disliked_by_a_stranger_and_a_bot(shown: Shown) -> Outcome:
    shown.comment.react(shown.stage.github.user("eve"), "-1")
    shown.comment.react(shown.stage.github.user("other[bot]", kind="Bot"), "-1")
    return shown.merged()


def answered_badly(shown: Shown) -> Outcome:
    shown.stage.github.user("bob").reply(shown.comment, "This is a false positive.")
    return shown.merged()


def answered_well(shown: Shown) -> Outcome:
    shown.stage.github.user("bob").reply(shown.comment, "Good catch!")
    return shown.merged()


def answered_by_a_bot(shown: Shown) -> Outcome:
    shown.stage.github.user("other[bot]", kind="Bot").reply(shown.comment, "A false positive.")
    return shown.merged()


def touched(shown: Shown) -> Outcome:
    shown.write("other = 1\n")
    return shown.merged()


def closed(shown: Shown) -> Outcome:
    shown.pr.close()
    return shown.told()


def deleted(shown: Shown) -> Outcome:
    shown.stage.github.user("bob").delete(shown.comment)
    return shown.merged()


ROWS: tuple[tuple[Act, Outcome], ...] = (
    (by_button, Outcome.APPLIED),
    (by_button_and_rebased, Outcome.APPLIED),
    (our_commit_merged, Outcome.APPLIED),
    (our_commit_squashed_after_a_rename, Outcome.APPLIED),
    (our_commit_cherry_picked, Outcome.APPLIED),
    (by_hand, Outcome.APPLIED_MANUALLY),
    (adapted, Outcome.ADAPTED),
    (reverted_before_the_merge, Outcome.REVERTED),
    (force_pushed_away, Outcome.DROPPED),
    (resolved_with_a_change, Outcome.ADDRESSED),
    (resolved_without_a_change, Outcome.WAVED_OFF),
    (resolved_and_opened_again, Outcome.IGNORED),
    (resolved_by_a_stranger, Outcome.IGNORED),
    (disliked, Outcome.DISLIKED),
    (liked, Outcome.LIKED),
    (disliked_by_a_stranger_and_a_bot, Outcome.IGNORED),
    (answered_badly, Outcome.REPLY_NEGATIVE),
    (answered_well, Outcome.REPLY_POSITIVE),
    (answered_by_a_bot, Outcome.IGNORED),
    (touched, Outcome.TOUCHED),
    (Shown.merged, Outcome.IGNORED),
    (closed, Outcome.CENSORED),
    (deleted, Outcome.CENSORED),
)


@pytest.mark.parametrize(("act", "expected"), ROWS, ids=lambda each: getattr(each, "__name__", ""))
def test_what_people_do_becomes_the_outcome_of_the_suggestion(
    stage: Stage, act: Act, expected: Outcome
) -> None:
    shown = stage.show()
    stage.work()

    assert act(shown) is expected
    [record] = shown.outcomes
    assert (record.suggestion, record.decision) == (shown.suggestion, f"{shown.run}.1")
    assert record.verdict.worth == WORTH[expected]


def test_two_suggestions_applied_in_one_batch_are_both_applied(stage: Stage) -> None:
    first, second = stage.show_many(2)
    apply_suggestions(stage.github.user("bob"), [first.comment, second.comment])

    assert first.merged("squash") is Outcome.APPLIED
    assert second.outcomes[-1].verdict.outcome is Outcome.APPLIED


def test_a_review_that_somebody_dismissed_is_turned_down(stage: Stage) -> None:
    shown = stage.show(event="REQUEST_CHANGES")
    stage.github.user("bob").dismiss(shown.comment.review)
    stage.work()

    assert shown.merged() is Outcome.REJECTED


def test_what_was_disliked_and_applied_is_applied_and_less_sure(stage: Stage) -> None:
    shown = stage.show()
    shown.comment.react(stage.github.user("bob"), "-1")
    apply_suggestions(shown.pr.author, [shown.comment])

    assert shown.merged() is Outcome.APPLIED
    [record] = shown.outcomes
    assert record.verdict.is_contradicted
    assert record.verdict.worth.confidence == pytest.approx(CONTRADICTED)


def test_a_revert_after_the_merge_corrects_what_was_final(stage: Stage) -> None:
    shown = stage.show()
    fix = shown.fixed()
    assert shown.merged() is Outcome.APPLIED

    stage.repo.push(
        "main", {shown.path: None}, message=f'Revert "Compare"\n\nThis reverts commit {fix}.'
    )
    look_again(stage, shown, timedelta(days=14))

    first, second = shown.outcomes
    assert second.verdict.outcome is Outcome.REVERTED
    assert (first.is_correction, second.is_correction) == (False, True)
    assert shown.key not in stage.ledger.suggestions.unsettled(stage.repo.id)


def look_again(stage: Stage, shown: Shown, later: timedelta = timedelta()) -> None:
    """Let a round ask for another look, after some time."""
    stage.ahead = later + timedelta(minutes=1)
    occasion = f"round {len(stage.jobs.jobs)}"
    stage.jobs.submit(observation(stage.repo_id, shown.pr.number, occasion).job(1))
    try:
        stage.work()
    finally:
        stage.ahead = timedelta()


def test_a_finding_without_a_patch_is_judged_by_its_lines(stage: Stage) -> None:
    changed, untouched = stage.show(has_patch=False), stage.show(has_patch=False)
    changed.write("total = count(items)\n")
    untouched.pr.author.resolve(untouched.thread)

    assert changed.merged() is Outcome.TOUCHED
    assert untouched.merged() is Outcome.WAVED_OFF


def test_a_closed_pull_request_that_is_opened_again_and_merged_is_judged_anew(stage: Stage) -> None:
    shown = stage.show()
    shown.pr.close()
    assert shown.told() is Outcome.CENSORED
    stage.github.clock.advance(seconds=2)  # nobody is as fast as this test
    shown.pr.reopen()
    stage.work()
    stage.github.clock.advance(seconds=2)
    apply_suggestions(shown.pr.author, [shown.comment])

    assert shown.merged() is Outcome.APPLIED
    assert [record.is_correction for record in shown.outcomes] == [False, True]


def test_deliveries_polling_and_rounds_find_the_same_events(stage: Stage) -> None:
    shown = stage.show()
    shown.comment.react(stage.github.user("bob"), "-1")
    stage.github.user("cyd").reply(shown.comment, "Good catch!")
    shown.pr.author.resolve(shown.thread)
    stage.wanted()  # all of these deliveries are lost
    look_again(stage, shown)
    polled = {signal.event_id for signal in shown.signals}
    assert len(polled) == 3

    lost = [one for one in stage.github.webhooks.all if one.event != "pull_request"][-3:]
    for delivery in lost:
        stage.github.webhooks.redeliver(delivery)
    shown.merged()

    by_kind = [signal.kind for signal in shown.signals]
    assert len(by_kind) == len(set(by_kind)) == len(polled) + 2


def test_what_came_out_of_order_and_late_is_judged_as_if_it_had_come_in_order(stage: Stage) -> None:
    shown = stage.show()
    shown.pr.author.resolve(shown.thread)
    shown.pr.merge()
    late = stage.wanted()[::-1]
    stage.ahead = timedelta(hours=5)
    for wanted in (*late, *late):
        stage.run(wanted.job(1))
    stage.ahead = timedelta()

    assert [record.verdict.outcome for record in shown.outcomes] == [Outcome.WAVED_OFF]


def test_who_resolves_after_the_end_says_nothing(stage: Stage) -> None:
    shown = stage.show()
    assert shown.merged() is Outcome.IGNORED
    shown.pr.author.resolve(shown.thread)
    stage.ahead = timedelta(hours=1)
    stage.work()
    stage.ahead = timedelta()

    assert len(shown.outcomes) == 1


def test_a_clock_that_runs_behind_changes_nothing(stage: Stage) -> None:
    shown = stage.show()
    stage.ahead = -timedelta(minutes=30)
    shown.pr.author.resolve(shown.thread)
    stage.work()
    assert shown.merged() is Outcome.WAVED_OFF
    stage.ahead = timedelta()


def test_one_who_floods_a_thread_is_heard_once(stage: Stage) -> None:
    shown = stage.show()
    eve = stage.github.user("eve")
    for _ in range(12):
        eve.reply(shown.comment, "This is a false positive.")
    waiting = stage.wanted()
    for wanted in waiting:
        stage.jobs.submit(wanted.job(1))
    queued = [w for w in waiting if stage.jobs.statuses[w.id] is JobStatus.QUEUED]

    assert (len(waiting), len(queued)) == (12, 1)
    assert shown.merged() is Outcome.IGNORED


def test_a_suggestion_on_a_pull_request_that_stays_open_is_given_up_and_taken_up_again(
    stage: Stage,
) -> None:
    shown = stage.show()
    look_again(stage, shown, timedelta(days=30))
    [given_up] = shown.outcomes
    assert given_up.verdict.outcome is Outcome.CENSORED
    assert shown.key not in stage.ledger.suggestions.unsettled(stage.repo.id)

    shown.write(MENDED)
    assert shown.merged() is Outcome.APPLIED_MANUALLY


def test_a_thumb_that_was_taken_back_says_nothing(stage: Stage) -> None:
    shown = stage.show()
    shown.comment.react(stage.github.user("bob"), "-1")
    look_again(stage, shown)
    shown.comment.reactions.clear()

    assert shown.merged() is Outcome.IGNORED


def test_people_in_great_number_are_asked_for_bit_by_bit_and_no_thumb_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.agent.service.observing.MOST_ASKED", 2)
    shown = stage.show()
    for n in range(3):
        shown.comment.react(stage.github.user(f"stranger-{n}"), "-1")
    shown.comment.react(stage.github.user("bob"), "-1")

    look_again(stage, shown)
    look_again(stage, shown)

    assert [s.kind for s in shown.signals] == [SignalKind.DISLIKED] * 4
    assert shown.merged() is Outcome.DISLIKED


def test_a_repository_that_was_taken_from_us_is_given_up_in_mid_episode(tmp_path: Path) -> None:
    with simulator(tmp_path) as github, ExitStack() as stack:
        stage = Stage(github, tmp_path, stack)
        shown = stage.show()
        installation = stage.app.installation_for(stage.repo)
        assert installation is not None
        github.take_away(installation, stage.repo)
        stage.work()

        assert [r.verdict.outcome for r in shown.outcomes] == [Outcome.CENSORED]
        assert stage.ledger.suggestions.unsettled(stage.repo.id) == []


def test_three_people_who_turn_down_findings_alike_hold_the_next_one_back(stage: Stage) -> None:
    alike = []
    for login in ("ada", "bob", "cyd"):
        shown = stage.show()
        alike.append(shown.key)
        shown.comment.react(stage.github.user(login), "-1")
        shown.merged()
    events = stage.ledger.events.of_repo(stage.repo.id, (OUTCOME, DESCRIBED))
    # On this stage others took findings like these over, which counts as much.
    quiet = folded(stage.repo.id, [one for one in events if one.event.pull in alike])

    assert shown.outcomes[-1].verdict.outcome is Outcome.DISLIKED
    assert {vote.by for vote in quiet.votes} >= {stage.github.user("bob").id}
    # The figures of the rule aside, which has had enough on this stage.
    assert RepoQuiet(stage.repo.id, votes=quiet.votes).hush(shown.finding) is Hush.HELD_BACK
