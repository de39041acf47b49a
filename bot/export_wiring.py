"""Builds what exports feedback and forgets it; it needs the packages of the App's database."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.dbos_admin import DbosJobsAdmin
from bot.adapters.export_folder import check_empty, write_folder
from bot.adapters.forgotten_people import KEY_FILE
from bot.adapters.local_key import local_key
from bot.adapters.run_files import RunFiles
from bot.adapters.sql_ledger import open_ledger
from bot.agent.export.anonymous import Anonymiser
from bot.agent.export.gathering import Gathering, Wishes, pages
from bot.agent.replay.bundle import Bundle, BundleUnreadable, Header, decode, decode_header
from bot.domain import forgetting_words
from bot.domain.anonymity import Namer
from bot.domain.event_log import EventLog, EventSource, LoggedEvent
from bot.domain.export import Exported, Format, exported
from bot.domain.export_card import CARD, CardFacts, card
from bot.domain.forgetting import (
    FORGOTTEN,
    NOWHERE,
    Forgetting,
    ForgettingQueue,
    Found,
    Target,
    Whom,
)
from bot.domain.forgotten import concerns
from bot.domain.jobs import JobFilter, JobId, JobStatus
from bot.domain.ledger import PullKey
from bot.domain.pull_records import Ledger
from bot.domain.pull_request import printable
from bot.domain.secret_scan import SecretScan
from bot.domain.signals import event_id
from bot.errors import Refused
from bot.run_keeping import run_files
from bot.settings import Settings

__all__ = ["check_empty", "export", "forgetting", "write"]

_JOBS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Stored:
    """The runs of a folder, one at a time: they are large."""

    files: RunFiles

    def has(self, run_id: str) -> bool:
        return self.files.has(run_id)

    def load(self, run_id: str) -> Bundle:
        return decode(self.files.load(run_id), name=run_id)

    def headers(self) -> Iterator[Header]:
        for run_id, line in self.files.first_lines():
            try:
                yield decode_header(line, name=run_id)
            except BundleUnreadable:
                continue


def export(
    settings: Settings, database_url: str, secrets: tuple[str, ...], form: Format, wishes: Wishes
) -> Exported:
    """Return the records that may leave; raises Refused for a key or a database we cannot use."""
    namer = Namer(local_key(settings.state_dir / KEY_FILE))
    anonymiser = Anonymiser(namer, SecretScan(secrets))
    with closing(_opened(database_url)) as ledger:
        gathering = Gathering(ledger, Stored(run_files(settings.state_dir)), anonymiser, wishes)
        samples = gathering.samples()
    found = exported(form, samples, gathering.left_out, least=wishes.least)
    return replace(found, unreadable=tuple(gathering.unreadable))


def write(folder: Path, found: Exported, facts: CardFacts) -> None:
    """Write the records, their card and their digests; raises Refused, leaving nothing behind."""
    files = {
        name: "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        for name, rows in found.files.items()
    }
    write_folder(folder, {**files, CARD: card(found, facts).encode()})


@dataclass(frozen=True)
class Forgetter:
    """One target, and all that is stored of it."""

    target: Target
    whom: Whom
    found: Found
    ledger: Ledger
    files: RunFiles
    namer: Namer
    queue: ForgettingQueue

    def forget(self) -> Found:
        """Take it out of the ledger, then remove its runs and jobs; doing it again goes on."""
        now = datetime.now(UTC)
        who = [self.namer.name(kind, value) for kind, value in self.target.keys]
        mark = LoggedEvent(
            event_id(FORGOTTEN, *who, now.isoformat()),
            FORGOTTEN,
            NOWHERE,
            now,
            now,
            EventSource.COMMAND,
            json.dumps({"who": who}),
        )
        gone = self.ledger.forgetting.forget(self.whom, mark)
        runs = tuple(run_id for run_id in self.found.runs if self.files.remove(run_id))
        self.queue.forget(self.found.jobs)
        return replace(self.found, gone=gone, runs=runs)


@contextmanager
def forgetting(settings: Settings, database_url: str, target: Target) -> Iterator[Forgetter]:
    """Look for all that is stored of a target; raises Refused where that is nothing."""
    files = run_files(settings.state_dir)
    with (
        closing(_opened(database_url)) as ledger,
        closing(DbosJobsAdmin(database_url)) as queue,
    ):
        namer = Namer(local_key(settings.state_dir / KEY_FILE))
        whom, runs, unreadable = _whom(target, ledger.forgetting, Stored(files))
        jobs, waiting = jobs_of(queue, target, whom)
        found = Found(ledger.forgetting.preview(whom), runs, unreadable, jobs, waiting)
        if found.gone.is_nothing and not (runs or jobs):
            since = _forgotten_at(ledger.events, target, namer)
            raise Refused(forgetting_words.nothing(target, since, found))
        yield Forgetter(target, whom, found, ledger, files, namer, queue)


def jobs_of(queue: ForgettingQueue, target: Target, whom: Whom) -> tuple[tuple[JobId, ...], int]:
    """Return the jobs of a target that ended, and how many have not."""
    ended: list[JobId] = []
    waiting, place = 0, None
    while page := queue.list(JobFilter(limit=_JOBS_AT_ONCE, before=place)):
        for info in page:
            if concerns(info.job, target, whom):
                is_live = info.status in (JobStatus.QUEUED, JobStatus.RUNNING)
                waiting += is_live
                ended += [] if is_live else [info.job.id]
        place = page[-1].place
    return tuple(ended), waiting


def _whom(
    target: Target, ledger: Forgetting, stored: Stored
) -> tuple[Whom, tuple[str, ...], tuple[str, ...]]:
    """Return whom to forget, their kept runs, and those of which nobody knows whose they are."""
    runs: list[str] = []
    unreadable: list[str] = []
    pulls: set[PullKey] = set()
    for run_id, line in stored.files.first_lines():
        try:
            repo = decode_header(line, name=run_id).repo
            change = stored.load(run_id).change if target.login else None
        except Refused:
            unreadable.append(run_id)
            continue
        if change is None:
            is_its = bool(target.repo) and repo.casefold() == target.repo.casefold()
        else:
            is_its = change.author.casefold() == target.login.casefold()
        if is_its:
            runs.append(run_id)
        if is_its and change is not None and change.number is not None:
            ids = ledger.repo_ids(change.repo)
            pulls |= {PullKey(repo_id, change.number) for repo_id in ids}
    repo_ids = ledger.repo_ids(target.repo) if target.repo else frozenset()
    whom = Whom(repo_ids, frozenset(pulls), target.person_id, target.login)
    return whom, tuple(sorted(runs)), tuple(sorted(unreadable))


def _forgotten_at(log: EventLog, target: Target, namer: Namer) -> datetime | None:
    """Return when a target was forgotten last, as the marks in the log tell."""
    who = {namer.name(kind, value) for kind, value in target.keys}
    marks = [n.event for page in pages(log) for n in page if n.event.kind == FORGOTTEN]
    named = (m.occurred_at for m in marks if who & set(json.loads(m.body).get("who", ())))
    return max(named, default=None)


def _opened(database_url: str) -> Ledger:
    """Open what is there: a ledger that was made to be read would be an empty one."""
    _, is_file, path = database_url.partition("sqlite:///")
    if is_file and not Path(path).exists():
        raise Refused(
            f"there is no database {printable(path)}: "
            "set PULLWRIGHT_DATABASE_URL or PULLWRIGHT_STATE_DIR to what the App uses"
        )
    return open_ledger(database_url)
