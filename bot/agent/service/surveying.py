"""Looks at the open pull requests of one installation: who was overlooked, and what is untidy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.agent.service.desk import Desk, Outlook
from bot.agent.service.mending import Mending
from bot.agent.service.polling import Polling
from bot.domain import overlooked, rounds
from bot.domain.app_forge import OpenPull, RepoPage, Survey
from bot.domain.forge import ForgeUnavailable, RepoId
from bot.domain.identity import run_id_of
from bot.domain.intake import Wanted, pull_key
from bot.domain.jobs import Job, JobContext, JobFilter, JobId, JobStatus, Json
from bot.domain.ledger import PullKey, RunId
from bot.domain.record_json import dump, load
from bot.domain.requests import ButtonCommand, CommentCommand, ReconcileRequest, parse_request
from bot.domain.untidy import DeadRun, Untidy, resolvable_threads, summary_key
from bot.errors import Refused

MOST_REVIEWS = 20
"""Of one repository in one round: where we are new, the next rounds take the rest."""
_LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
_CUT_SHORT = frozenset({JobStatus.STOPPED, JobStatus.FAILED})
_MOST_JOBS = 200


@dataclass(frozen=True)
class Surveying:
    """One page of the repositories of one installation."""

    desk: Desk
    outlook: Outlook
    context: JobContext
    request: ReconcileRequest

    def run(self) -> Json:
        """Submit the reviews that are missing, and put in order what is not."""
        reviews = mended = 0
        with self.outlook.survey(self.request.installation_id) as survey:
            seen = self.context.step("repos", lambda: self._page(survey))
            for repo in load(RepoPage, str(seen["page"])).repos:
                found = self.context.step(f"pulls {repo.id}", partial(self._look, survey, repo))
                reviews += int(str(found["reviews"]))
                for untidy in load(tuple[Untidy, ...], str(found["untidy"])):
                    name = f"mend {repo.id}#{untidy.number}"
                    self.context.step(name, partial(self._mend, repo, untidy))
                    mended += 1
        return {"reviews": reviews, "mended": mended}

    def _page(self, survey: Survey) -> Json:
        request = self.request
        try:
            page = survey.repos(request.page)
        except Refused as error:
            # Suspended or removed since the round began: no fault of ours, and not for ever.
            self.outlook.tell(f"installation {request.installation_id} is left out: {error}")
            page = RepoPage((), has_more=False)
        if page.has_more:
            following = request.page + 1
            installation = request.installation_id
            self.desk.jobs.submit(rounds.of_installation(request.period, installation, following))
        return {"page": dump(page)}

    def _look(self, survey: Survey, repo: RepoId) -> Json:
        try:
            pulls = survey.open_pulls(repo)
        except (Refused, ForgeUnavailable) as error:
            if isinstance(error, ForgeUnavailable) and error.retry_at is not None:
                raise
            # One repository that cannot be read keeps no other from being looked at.
            self.outlook.tell(f"{repo.full_name} is left out of this round: {error}")
            pulls = ()
        asked = Polling(self.desk, survey, repo).run(pulls)
        missing = [wanted for pull in pulls if (wanted := self._overlooked(repo, pull))]
        submitted = sum(self._submit(wanted) for wanted in missing[:MOST_REVIEWS])
        return {
            "reviews": submitted,
            "asked": asked,
            "untidy": dump(tuple(self._untidy(repo, pulls))),
        }

    def _overlooked(self, repo: RepoId, pull: OpenPull) -> Wanted | None:
        key = PullKey(repo.id, pull.number)
        last = self.desk.records.reviewed.last(key)
        if pull.checks or (last is not None and last.head.head_sha == pull.head_sha):
            return None
        own = JobFilter(key=pull_key(repo.id, pull.number), limit=_MOST_JOBS)
        return overlooked.review_of(
            pull,
            repo,
            mode=self.desk.records.pulls.load(key).mode,
            silences=self.desk.records.silences.recent(key),
            jobs=self.desk.admin.list(own),
        )

    def _submit(self, wanted: Wanted) -> bool:
        if self.desk.jobs.status(wanted.id) is not None:
            return False
        sequence = self.desk.records.pulls.next_sequence(
            PullKey(wanted.repo.id, wanted.number or 0)
        )
        return self.desk.jobs.submit(wanted.job(sequence))

    def _untidy(self, repo: RepoId, pulls: Sequence[OpenPull]) -> Iterator[Untidy]:
        """Yield what nobody looked at yet, of pull requests on which nothing runs."""
        dead, commands = self._dead(repo), self._cut_short(repo)
        shown = {pull.number: pull for pull in pulls}
        for number in sorted({*shown, *dead, *commands}):
            seen = self._of(repo, number, shown.get(number), tuple(dead.get(number, ())))
            untidy = replace(seen, cut_short=tuple(commands.get(number, ())))
            known = self.desk.records.notes.load(_note(repo, number))
            if not untidy.is_tidy and known != untidy.digest and not self._is_busy(repo, number):
                yield untidy

    def _of(
        self, repo: RepoId, number: int, pull: OpenPull | None, dead: tuple[DeadRun, ...]
    ) -> Untidy:
        key, records = PullKey(repo.id, number), self.desk.records
        checks = pull.checks if pull else ()
        known = {run.run_id for run in dead}
        # The ledger does not know the run where its database was lost.
        lost = [
            DeadRun(check.run_id, pull.head_sha)
            for check in checks
            if pull and not check.is_over and check.run_id not in known
        ]
        ended = [check.run_id for check in checks if check.is_over]
        return Untidy(
            number,
            dead=(*dead, *lost),
            resolvable=resolvable_threads(records.findings.known(key)) if pull else (),
            is_unrecorded=not all(records.publications.find(summary_key(run)) for run in ended),
        )

    def _dead(self, repo: RepoId) -> dict[int, list[DeadRun]]:
        """Return the reviews whose jobs are over and that have no end, by pull request."""
        found: dict[int, list[DeadRun]] = {}
        for run in self.desk.records.runs.unfinished(repo.id):
            if self.desk.jobs.status(JobId(run.job_id)) not in _LIVE:
                dead = DeadRun(run.run_id, run.head.head_sha)
                found.setdefault(run.pull.number, []).append(dead)
        return found

    def _cut_short(self, repo: RepoId) -> dict[int, list[RunId]]:
        """Return the commands whose jobs ended before they did, by pull request."""
        found: dict[int, list[RunId]] = {}
        for info in self.desk.admin.list(JobFilter(_CUT_SHORT, limit=_MOST_JOBS)):
            command = _command(info.job)
            if command is not None and command.repo.id == repo.id:
                found.setdefault(command.number, []).append(run_id_of(info.job.id))
        return found

    def _is_busy(self, repo: RepoId, number: int) -> bool:
        own = JobFilter(_LIVE, key=pull_key(repo.id, number), limit=1)
        return bool(self.desk.admin.list(own))

    def _mend(self, repo: RepoId, untidy: Untidy) -> Json:
        try:
            with self.desk.connect(repo) as connection:
                done = Mending(self.desk, connection, repo, untidy).run()
        except Refused as error:
            done = {"refused": str(error)}
        except ForgeUnavailable as trouble:
            if trouble.retry_at is not None:
                raise
            return {"trouble": str(trouble)}
        self.desk.records.notes.store(_note(repo, untidy.number), untidy.digest)
        return done


def _command(job: Job) -> CommentCommand | ButtonCommand | None:
    """Return the command that a job is; one of another release may not be readable any more."""
    try:
        request = parse_request(job)
    except ValueError:
        return None
    return request if isinstance(request, CommentCommand | ButtonCommand) else None


def _note(repo: RepoId, number: int) -> str:
    return f"mended:{repo.id}#{number}"
