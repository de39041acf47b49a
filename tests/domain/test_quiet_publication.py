"""Where findings that a repository turned down stand in what is posted."""

from dataclasses import replace

from bot.domain.findings import Category, Finding, Severity
from bot.domain.forge import CheckConclusion
from bot.domain.outcomes import Outcome
from bot.domain.publication import Publication, PublishContext, plan
from bot.domain.quieting import folded
from bot.domain.repo_config import RepoConfig
from bot.domain.verdict import FailOn
from tests.domain.quiet_values import REPO, became, numbered, turned_down
from tests.domain.test_publication import bug, make

LOUD, QUIET = bug(5, "an index"), replace(bug(4, "a sum"), rule="off-by-one")


def planned(unwanted: int, *findings: Finding, config: RepoConfig | None = None) -> Publication:
    events = turned_down(QUIET, min(unwanted, 20), 0)
    events += turned_down(QUIET, max(0, unwanted - 20), 0, start=20)
    context = PublishContext(quiet=folded(REPO, numbered(events)))
    return plan(make(*findings), config or RepoConfig(), context)


def told(publication: Publication) -> list[str]:
    return [finding.rule for each in publication.planned for finding in each.findings]


def test_a_demoted_rule_is_in_the_summary_and_says_why() -> None:
    found = planned(20, QUIET, replace(LOUD, source="other"))

    assert told(found) == ["bug"]
    assert QUIET in found.shown
    summary = found.summary()
    assert "Quieted: 1 finding. " in summary
    assert "`/agent unmute off-by-one`" in summary
    assert "turned down here often" in summary


def test_a_muted_rule_is_counted_and_not_shown() -> None:
    found = planned(40, QUIET, replace(LOUD, source="other"))

    assert QUIET not in found.shown
    assert "a sum" not in found.summary()
    assert "are shown no longer: 20 of the last 20 were turned down" in found.summary()
    assert "2 findings" in found.summary().splitlines()[0]
    assert [a.title for a in found.check.annotations if "a sum" in a.title] == []


def test_a_security_finding_is_never_muted() -> None:
    danger = replace(QUIET, category=Category.SECURITY)

    assert told(planned(40, danger)) == ["off-by-one"]


def test_what_the_check_fails_on_is_never_muted() -> None:
    config = RepoConfig(fail_on=(FailOn.HIGH,))
    assert QUIET.severity is Severity.HIGH
    found = planned(40, QUIET, config=config)

    assert told(found) == ["off-by-one"]
    assert found.check.conclusion is CheckConclusion.FAILURE


def test_what_was_held_back_is_named() -> None:
    votes = [e for by in (1, 2, 3) for e in became(QUIET, Outcome.DISLIKED, f"v{by}", by=by)]
    context = PublishContext(quiet=folded(REPO, numbered(votes)))
    found = plan(make(QUIET), RepoConfig(), context)

    assert (told(found), found.shown) == ([], ())
    assert "Held back: 1 finding of `off-by-one`" in found.summary()


def test_a_repository_that_turned_nothing_down_is_told_nothing() -> None:
    found = planned(0, QUIET, LOUD)

    assert found.quieted == ()
    assert found.summary() == plan(make(QUIET, LOUD), RepoConfig(), PublishContext()).summary()
