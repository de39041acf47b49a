from dataclasses import replace

from bot.domain.adoption import adopted
from bot.domain.findings import Category, Finding, FindingId, FindingState
from bot.domain.forge import PostedThread
from bot.domain.ledger import KnownFinding, RunId, Thread
from bot.domain.markers import Marker, MarkerKind
from bot.domain.pull_request import Sha
from tests.domain.test_identity import finding

OLD, NEW = RunId("old"), RunId("new")
HEAD, LATER = Sha("b" * 40), Sha("c" * 40)


def known(
    name: str, snippet: str, category: Category = Category.STYLE, head: Sha = HEAD
) -> KnownFinding:
    seen = replace(finding(snippet, category=category), id=FindingId(name))
    return KnownFinding(seen, "digest", head, head)


def thread(of: Finding, run: RunId = OLD, *, is_resolved: bool = False) -> PostedThread:
    marker = Marker(MarkerKind.FINDING, HEAD, run, of.fingerprint)
    return PostedThread("T1", 7, marker.under("Words"), is_resolved, of.location.path, 5)


def test_the_comment_of_a_run_that_died_is_taken_up_with_all_that_it_speaks_of() -> None:
    group = [known("F1", "a == None"), known("F2", "b == None"), known("F3", "c == None")]

    found = adopted(group, [thread(group[0].finding)], run_id=NEW)

    assert list(found) == ["F2", "F3", "F1"]


def test_a_finding_that_the_run_that_died_did_not_see_has_no_comment_yet() -> None:
    first, later = known("F1", "a == None"), known("F2", "b == None", head=LATER)

    assert list(adopted([first, later], [thread(first.finding)], run_id=NEW)) == ["F1"]


def test_a_bug_shares_its_comment_with_no_other() -> None:
    bugs = [known("F1", "a == None", Category.BUG), known("F2", "b == None", Category.BUG)]

    assert list(adopted(bugs, [thread(bugs[1].finding)], run_id=NEW)) == ["F2"]


def test_what_is_settled_or_of_this_very_run_is_not_taken_up() -> None:
    one = known("F1", "a == None")
    fixed = replace(one, finding=replace(one.finding, state=FindingState.FIXED))
    attached = replace(one, thread=Thread("T0", 6))

    assert not adopted([one], [thread(one.finding, NEW)], run_id=NEW)
    assert not adopted([one], [thread(one.finding, is_resolved=True)], run_id=NEW)
    assert not adopted([fixed, attached], [thread(one.finding)], run_id=NEW)
