"""What a repository turned down is quieter in its next review, and heard again when asked for."""

from dataclasses import replace

from bot.domain.event_log import LoggedEvent
from bot.domain.findings import Finding
from bot.domain.forge import Permission
from bot.domain.identity import comment_id
from bot.domain.repo_config import Learning, LearningMode, RepoConfig
from tests import reviews
from tests.agent.service.office import ADA, EVE, Office
from tests.agent.toys import ToyAnalyzer
from tests.domain.quiet_values import turned_down

BUG = reviews.finding(rule="toy-bug", source="toy", title="A bug", snippet="BUG\n")


def muted() -> list[LoggedEvent]:
    return [*turned_down(BUG, 20, 0, repo_id=2), *turned_down(BUG, 20, 0, start=20, repo_id=2)]


def office(*events: LoggedEvent) -> Office:
    made = Office()
    assert made.repo.id == 2
    made.records.events.append(events)
    return made


def summary(made: Office) -> str:
    posted = made.forge.summary_of(1)
    assert posted is not None
    return posted.body


def threads(made: Office) -> int:
    return len(made.forge.posted_threads.get(1, []))


def test_a_review_leaves_out_what_is_muted_and_says_how_to_have_it_back() -> None:
    made = office(*muted())
    made.ask("/agent review")

    assert threads(made) == 0
    assert "`/agent unmute toy-bug`" in summary(made)
    assert made.records.suggestions.shown(made.pull) == []


def test_unmute_has_a_rule_back_next_to_the_code() -> None:
    made = office(*muted())

    assert "next to the code again" in made.ask("/agent unmute toy-bug")
    made.ask("/agent review")

    assert threads(made) == 1
    assert "Quieted" not in summary(made)


def test_a_command_that_died_half_way_unmutes_once() -> None:
    made = office(*muted())
    before = len(made.records.events.after(0))

    made.run(made.comment("/agent unmute toy-bug"), crash_in="act")

    assert len(made.records.events.after(0)) == before + 1


def test_unmute_is_for_those_who_may_write() -> None:
    made = office(*muted())
    made.forge.permissions["eve"] = Permission.READ

    assert "write access" in made.ask("/agent unmute toy-bug", EVE)
    assert "next to the code again" in made.ask("/agent unmute toy-bug", ADA)


def test_nothing_is_unmuted_that_nobody_ever_turned_down() -> None:
    made = office()

    assert "nothing of toy-bug was ever turned down here" in made.ask("/agent unmute toy-bug")
    assert made.records.events.after(0) == []


def test_config_lists_what_is_quieter() -> None:
    made = office(*muted())

    told = made.ask("/agent config")
    assert "Findings of `toy` `toy-bug` are shown no longer: 20 of the last 20" in told
    assert "`/agent unmute toy-bug`" in told


def test_what_was_turned_down_elsewhere_changes_nothing_here() -> None:
    made = office(*turned_down(BUG, 40, 0, repo_id=3))
    made.ask("/agent review")

    assert threads(made) == 1


def test_where_nothing_is_learned_nothing_is_quieted() -> None:
    made = office(*muted())
    made.config = RepoConfig(learning=Learning(mode=LearningMode.OFF))
    made.ask("/agent review")

    assert threads(made) == 1


class Helpless(ToyAnalyzer):
    """Finds bugs and knows no fix."""

    def _bugs(self, path: str, data: bytes) -> list[Finding]:
        return [replace(finding, fix=None) for finding in super()._bugs(path, data)]


def test_a_finding_without_a_patch_is_on_record_as_well() -> None:
    made = Office(analyzer=Helpless())
    made.ask("/agent review")

    [shown] = made.records.suggestions.shown(made.pull)
    [known] = made.records.findings.known(made.pull)
    assert shown.id == comment_id(made.pull, shown.head_sha, known.finding)
    assert (shown.source, shown.proof, shown.start_line) == ("none", None, 2)
