"""Each row of the outcome table that git decides, in a real repository, for each way of merging."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.git_history import GitHistory
from bot.adapters.git_mirror import MirrorCache
from bot.agent.service.rereading import Rereading
from bot.domain.outcomes import Outcome, judge
from bot.domain.signals import Match, OurCommit, Reading, SignalKind
from tests.aftermaths import CO_AUTHOR, HEAD, LOGIN, NEAR, NEW, OLD, Aftermath
from tests.domain.signal_values import MAINTAINER, MERGED, PULL, SUGGESTION, said

APPLIED = HEAD.replace(OLD, NEW)
MERGES: tuple[Callable[[Aftermath], None], ...] = (
    Aftermath.merge,
    Aftermath.squash,
    Aftermath.rebase_merge,
)
each_merge = pytest.mark.parametrize("merge", MERGES, ids=lambda merge: merge.__name__)


@pytest.fixture
def pull(tmp_path: Path) -> Aftermath:
    return Aftermath(tmp_path)


def reread(pull: Aftermath, *tips: str) -> Reading:
    (signal,) = rereading(pull).read(PULL, [pull.shown], pull.stretch(*tips), at=MERGED.occurred_at)
    assert signal.reading is not None
    return signal.reading


def rereading(pull: Aftermath) -> Rereading:
    git = MirrorCache(pull.folder / "cache", 60).git().at(pull.repo.path)
    return Rereading(GitHistory(git), login=LOGIN)


def outcome(pull: Aftermath, *, is_resolved: bool = False) -> Outcome:
    reader, stretch = rereading(pull), pull.stretch()
    seen = [
        *reader.read(PULL, [pull.shown], stretch, at=MERGED.occurred_at),
        *reader.reverts(PULL, [pull.shown], stretch),
        MERGED,
    ]
    if is_resolved:
        seen.append(said(SignalKind.RESOLVED, MAINTAINER))
    return judge(seen, SUGGESTION).outcome


@each_merge
def test_a_suggestion_applied_by_the_button_is_applied(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.push(APPLIED, f"Apply suggestion from code review\n\n{CO_AUTHOR}")
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.APPLIED


@each_merge
def test_a_suggestion_typed_in_by_hand_is_applied_manually(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.push("import os\n\n\n" + APPLIED.replace("    return", "\treturn"))
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.APPLIED_MANUALLY


@each_merge
def test_something_like_the_suggestion_is_adapted(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.push(HEAD.replace(OLD, "# Only what has a price.\n" + NEAR))
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.ADAPTED


@each_merge
def test_our_fix_commit_that_is_merged_is_applied(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.fixed()
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.APPLIED


def test_our_fix_commit_that_is_cherry_picked_is_applied(pull: Aftermath) -> None:
    fix = pull.fixed()
    pull.main_goes_on()
    pull.cherry_pick("feature~1", fix)

    assert reread(pull, "main").ours is OurCommit.KEPT
    assert outcome(pull) is Outcome.APPLIED


@each_merge
def test_our_fix_commit_that_was_reverted_before_the_merge_is_reverted(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.revert(pull.fixed())
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.REVERTED


@pytest.mark.parametrize("name", ["main~1", "main"])
def test_our_fix_commit_that_is_reverted_after_the_merge_is_reverted(
    pull: Aftermath, name: str
) -> None:
    fix = pull.fixed()
    pull.main_goes_on()
    if name == "main":
        pull.rebase_merge()
        pull.revert("main")
    else:
        pull.merge()
        pull.revert(fix)

    assert outcome(pull) is Outcome.REVERTED


def test_a_revert_under_another_message_is_known_by_its_patch(pull: Aftermath) -> None:
    pull.fixed()
    pull.push(HEAD, "I liked it better before")
    pull.merge()

    assert outcome(pull) is Outcome.REVERTED


def test_a_revert_that_is_reverted_takes_nothing_back(pull: Aftermath) -> None:
    pull.revert(pull.fixed())
    pull.revert("HEAD")
    pull.merge()

    assert outcome(pull) is Outcome.APPLIED


def test_our_fix_commit_whose_lines_are_gone_at_the_merge_is_reverted(pull: Aftermath) -> None:
    pull.fixed()
    pull.push(HEAD.replace(OLD, ""), "Drop it")
    pull.merge()

    assert reread(pull).ours is OurCommit.REMOVED
    assert outcome(pull) is Outcome.REVERTED


def test_our_fix_commit_that_is_pushed_away_is_dropped(pull: Aftermath) -> None:
    pull.fixed()
    pull.force_push("import os\n" + HEAD)
    pull.squash()

    assert outcome(pull) is Outcome.DROPPED


def test_our_fix_commit_that_was_pruned_is_dropped_all_the_same(pull: Aftermath) -> None:
    pull.fixed()
    pull.force_push("import os\n" + HEAD)
    pull.repo.git("reflog", "expire", "--expire=now", "--all")
    pull.repo.git("gc", "--quiet", "--prune=now")
    pull.squash()

    assert outcome(pull) is Outcome.DROPPED


def test_a_fix_that_is_pushed_away_and_typed_in_again_is_not_dropped(pull: Aftermath) -> None:
    pull.fixed()
    pull.force_push("import os\n" + APPLIED)
    pull.squash()

    assert outcome(pull) is Outcome.APPLIED_MANUALLY


@pytest.mark.parametrize("is_resolved", [True, False])
def test_lines_that_are_others_now_are_addressed_where_the_thread_is_resolved(
    pull: Aftermath, is_resolved: bool
) -> None:
    pull.push(HEAD.replace(OLD, "total = Prices().sum\n"))
    pull.merge()

    expected = Outcome.ADDRESSED if is_resolved else Outcome.TOUCHED
    assert outcome(pull, is_resolved=is_resolved) is expected


@pytest.mark.parametrize("is_resolved", [True, False])
def test_lines_that_only_moved_are_untouched(pull: Aftermath, is_resolved: bool) -> None:
    pull.push("import os\n" + HEAD + "last = 1\n")
    pull.squash()

    expected = Outcome.WAVED_OFF if is_resolved else Outcome.IGNORED
    assert outcome(pull, is_resolved=is_resolved) is expected


@each_merge
def test_a_suggestion_is_followed_through_a_rename(
    pull: Aftermath, merge: Callable[[Aftermath], None]
) -> None:
    pull.push(APPLIED, f"Apply\n\n{CO_AUTHOR}")
    pull.rename("other name.py")
    pull.main_goes_on()
    merge(pull)

    assert outcome(pull) is Outcome.APPLIED


def test_a_file_that_was_deleted_was_touched(pull: Aftermath) -> None:
    pull.repo.git("rm", "--quiet", "app.py")
    pull.commit("Remove")
    pull.merge()

    assert reread(pull).match is Match.TOUCHED


def test_a_trailer_without_the_text_says_nothing(pull: Aftermath) -> None:
    pull.push("import os\n" + HEAD, f"Work\n\n{CO_AUTHOR}")
    pull.merge()

    assert outcome(pull) is Outcome.IGNORED


def test_a_trailer_of_another_bot_is_not_ours(pull: Aftermath) -> None:
    pull.push(APPLIED, f"Work\n\n{CO_AUTHOR.replace(LOGIN, 'not-' + LOGIN)}")
    pull.merge()

    assert outcome(pull) is Outcome.APPLIED_MANUALLY


def test_reading_the_same_commit_twice_gives_the_same_event(pull: Aftermath) -> None:
    pull.merge()
    reader = rereading(pull)

    first, second = (
        reader.read(PULL, [pull.shown], pull.stretch(), at=MERGED.occurred_at) for _ in range(2)
    )

    assert first == second
