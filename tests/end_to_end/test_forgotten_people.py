"""Who was forgotten stays so, although the forge still has what they did."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.forgotten_people import KEY_FILE
from bot.adapters.local_key import local_key
from bot.adapters.run_files import RunFiles
from bot.domain.anonymity import Namer
from bot.domain.forgetting import Found, Target, Whom
from bot.domain.intake import observation
from bot.domain.outcomes import Outcome
from bot.domain.signals import SignalKind
from bot.export_wiring import Forgetter, jobs_of
from tests.end_to_end.observed import Shown, Stage
from tests.fakes.jobs import FakeJobsAdmin
from tests.github_simulator import simulator


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("forgotten")
    with simulator(folder) as github, ExitStack() as stack:
        yield Stage(github, folder, stack)


def forget(stage: Stage, login: str, *, by_number: bool) -> None:
    person = stage.github.user(login)
    target = Target(login=login) if not by_number else Target(person_id=person.id)
    whom = Whom(person_id=person.id, login=login)
    queue = FakeJobsAdmin(stage.jobs)
    jobs, waiting = jobs_of(queue, target, whom)
    found = Found(stage.ledger.forgetting.preview(whom), jobs=jobs, waiting=waiting)
    namer = Namer(local_key(stage.folder / KEY_FILE))
    files = RunFiles(stage.folder / "runs")
    Forgetter(target, whom, found, stage.ledger, files, namer, queue).forget()


def look(stage: Stage, shown: Shown) -> None:
    """Let a round ask for another look."""
    stage.ahead = timedelta(minutes=1)
    occasion = f"round {len(stage.jobs.jobs)}"
    stage.jobs.submit(observation(stage.repo_id, shown.pr.number, occasion).job(1))
    try:
        stage.work()
    finally:
        stage.ahead = timedelta()


@pytest.mark.parametrize(("login", "by_number"), [("bob", True), ("cyd", False)])
def test_what_a_forgotten_person_left_on_the_forge_is_never_in_the_log_again(
    stage: Stage, login: str, by_number: bool
) -> None:
    shown, person = stage.show(), stage.github.user(login)
    shown.comment.react(person, "-1")
    person.reply(shown.comment, "This is a false positive.")
    person.resolve(shown.thread)
    stage.work()
    look(stage, shown)
    before = {signal.kind for signal in shown.signals}
    forget(stage, login, by_number=by_number)

    look(stage, shown)
    shown.comment.react(stage.github.user("ada"), "-1")
    look(stage, shown)

    assert SignalKind.DISLIKED in before
    assert [s.by.id for s in shown.signals if s.by is not None] == [stage.github.user("ada").id]
    assert shown.merged() is Outcome.DISLIKED
    texts = [one.event.body for one in stage.ledger.events.of_pull(shown.key)]
    assert [text for text in texts if f'"id":{person.id},' in text or login in text] == []
