"""Does what a step has to do on one pull request, and gathers what came of it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bot.action_events import BundleTask, Task
from bot.action_settings import ActionSettings
from bot.action_wiring import Bench, open_access, open_bench
from bot.adapters.github_access import GitHubAccess
from bot.adapters.github_errors import Forbidden, NotFound
from bot.adapters.github_heads import open_pulls_of
from bot.adapters.inline_jobs import ENDED
from bot.adapters.json_report import render_json
from bot.adapters.runner_files import read_limited
from bot.adapters.sarif_report import render_sarif
from bot.adapters.terminal_report import print_explanation
from bot.agent.service.asked_job import AskedJob
from bot.agent.service.bundle_job import BundleJob
from bot.agent.service.publishing import Posting, with_lasting_ids
from bot.agent.service.review_job import MOVED
from bot.domain.action_inputs import UNPRIVILEGED
from bot.domain.action_report import StepReport, headline_of, nothing
from bot.domain.action_words import COMMENTS, fork_code
from bot.domain.app_forge import run_of_check
from bot.domain.bundle import MAX_BUNDLE_BYTES, parse_bundle
from bot.domain.config_words import config_silence
from bot.domain.forge import CheckConclusion, CheckStatus, RemotePullRequest
from bot.domain.intake import pull_key
from bot.domain.jobs import Handler, Job, JobId, JobKind, Json
from bot.domain.markers import without_marker
from bot.domain.pull_records import PublicationKind
from bot.domain.review import Review
from bot.domain.starter import BUNDLE
from bot.domain.untrusted import one_line
from bot.domain.verdict_check import not_reviewed_check, stopped_check
from bot.errors import PullwrightError, Refused, Retryable, Stopped
from bot.output import write

RESULTS = "results.json"
_ASKED = JobKind.COMMAND
CONFIG_UNUSABLE = config_silence("")


def work(settings: ActionSettings, task: Task | BundleTask) -> StepReport:
    """Do it; raises Refused, Retryable and SandboxUnavailable with who must act."""
    with open_access(settings, task.repo) as access:
        if isinstance(task, BundleTask):
            found = _bundled(settings, access, task)
            if isinstance(found, str):
                return nothing(found)
            task = found
        pull = _pull(access, task.number)
        no_code = _no_code(settings, task, pull)
        opened = open_bench(settings, access, pull, task.repo, no_code)
        with opened as bench:
            return _Work(settings, task, pull, bench).run()


@dataclass(frozen=True)
class _Work:
    settings: ActionSettings
    task: Task
    pull: RemotePullRequest
    bench: Bench

    def run(self) -> StepReport:
        bench = self.bench
        bench.recall()
        job, handlers = self._job()
        bench.jobs.submit(job)
        try:
            result = bench.jobs.run(handlers)
        except (PullwrightError, Stopped) as trouble:
            self._conclude(trouble)
            raise
        finally:
            # What was decided and posted before something broke is remembered all the same.
            bench.remember()
        return self._report(result)

    def _conclude(self, trouble: BaseException) -> None:
        """End the check that this run began, which nobody else would."""
        begun, number = self.bench.said.check, self.task.number
        if begun is None or begun.status is CheckStatus.COMPLETED:
            return
        head, run = begun.head_sha, run_of_check(begun.external_id)
        if isinstance(trouble, Stopped):
            ending = stopped_check(head, run, number)
        else:
            ending = not_reviewed_check(head, run, str(trouble), number)
        with suppress(Refused, Retryable):
            self.bench.connection.publisher.check(ending)

    def _job(self) -> tuple[Job, dict[JobKind, Handler]]:
        task, bench = self.task, self.bench
        handlers = bench.handlers()
        if task.wanted is not None:
            return task.wanted.job(sequence=1), handlers
        runner, desk = self.settings.runner, bench.desk
        key = pull_key(task.repo.id, task.number)
        if task.bundle is not None:
            name = JobId(f"bundle:{task.repo.id}:{task.number}:{task.bundle.head_sha}")
            handlers[_ASKED] = BundleJob(
                desk, task.repo, task.number, task.bundle, bench.episodes.append
            )
            return Job(name, _ASKED, key, 1, task.repo.installation_id, {}), handlers
        assert task.command is not None  # noqa: S101 - a task has one of the three
        name = JobId(f"asked:{type(task.command).__name__.lower()}:{runner.run}:{runner.attempt}")
        handlers[_ASKED] = AskedJob(desk, task.repo, task.number, task.command, task.sender)
        return Job(name, _ASKED, key, 1, task.repo.installation_id, {}), handlers

    def _report(self, result: Json) -> StepReport:
        review, said = self._review(), self.bench.said
        if ENDED in result:
            return nothing(MOVED, self.task.number)
        if review is None and (not said.reply or result.get("silence")):
            return self._silent(result)
        if review is not None and self.settings.inputs.is_debug:
            print_explanation(Console(color_system=None, highlight=False), review)
        check = said.check
        is_failure = check is not None and check.conclusion is CheckConclusion.FAILURE
        is_command = self.task.wanted is not None and self.task.wanted.kind is JobKind.COMMAND
        return StepReport(
            headline=headline_of(review) if review else _first_line(said.reply),
            conclusion=review.verdict.conclusion.value if review else "not_reviewed",
            review=review,
            body="\n\n".join(filter(None, (without_marker(said.reply), said.summary))),
            unposted=said.comments if self._is_unposted else (),
            missing=said.missing,
            number=self.task.number,
            is_dry=self.settings.inputs.is_dry_run,
            notes=tuple(self.bench.notes),
            annotations=check.annotations if check is not None else (),
            extra=self._extra(review),
            # A command is answered where it was given; it is no gate.
            is_failure=is_failure and not is_command,
        )

    @property
    def _is_unposted(self) -> bool:
        return self.settings.inputs.is_dry_run or COMMENTS in self.bench.said.missing

    def _silent(self, result: Json) -> StepReport:
        reason = str(result.get("silence") or result.get("ignored") or "it was done before")
        if reason.startswith(CONFIG_UNUSABLE):
            raise Refused(reason)
        told = nothing(reason, self.task.number)
        last = self.bench.before.last
        is_same = last is not None and last.head.head_sha == self.pull.head_sha
        if not is_same or last is None:
            return told
        # The same head has the same verdict, and a red one is not to turn green by itself.
        return StepReport(
            told.headline,
            last.conclusion.value,
            number=self.task.number,
            is_failure=last.is_failure,
        )

    def _review(self) -> Review | None:
        """Return the last review with the ids that its findings have for good."""
        if not self.bench.episodes:
            return None
        episode, bench = self.bench.episodes[-1], self.bench
        posting = Posting(bench.desk, bench.connection, self.task.repo, self.pull)
        return with_lasting_ids(episode.review, posting.reconciled(episode))

    def _extra(self, review: Review | None) -> dict[str, str]:
        said, notes = self.bench.said, self.bench.memory
        commits = notes.new_commits
        stacked = notes.notes.of_kind(PublicationKind.PULL_REQUEST)
        found = {"comment_url": said.reply_url or said.summary_url}
        if commits:
            found |= {"commit_sha": commits[-1].external_id, "branch_name": self.pull.head_ref}
        elif stacked:
            found["branch_name"] = (
                f"pullwright/{self.task.number}-{stacked[-1].key.partition(':')[2]}"
            )
        if review is not None:
            found |= self._files(review)
        return found

    def _files(self, review: Review) -> dict[str, str]:
        folder: Path = self.settings.runner.folder
        results, sarif = folder / RESULTS, folder / "results.sarif"
        write(results, render_json(review))
        write(sarif, render_sarif(review))
        return {"results_file": str(results), "sarif_file": str(sarif)}


def _bundled(settings: ActionSettings, access: GitHubAccess, task: BundleTask) -> Task | str:
    """Return what is to be posted; which pull request it is for is GitHub's word, not its own."""
    run = task.run
    numbers = open_pulls_of(
        access.forge.requester,
        task.repo,
        owner=run.head_owner,
        branch=run.head_branch,
        head=run.head_sha,
    )
    if not numbers:
        return "no open pull request has this head any more"
    path = settings.runner.workspace / BUNDLE / RESULTS
    bundle = parse_bundle(read_limited(path, MAX_BUNDLE_BYTES))
    if bundle.head_sha != run.head_sha:
        raise Refused(
            f"the bundle is of {bundle.head_sha[:12]}, and the run of {run.head_sha[:12]}"
        )
    return Task(task.repo, numbers[0], task.sender, bundle=bundle)


def _pull(access: GitHubAccess, number: int) -> RemotePullRequest:
    """Ask for the pull request; who may not even read is told what the workflow lacks."""
    try:
        return access.forge.pull_request(number)
    except (Forbidden, NotFound) as error:
        raise Refused(
            f"{error}; the job's `permissions:` need contents: read and pull-requests: write"
        ) from error


def _no_code(settings: ActionSettings, task: Task, pull: RemotePullRequest) -> str | None:
    """Return why no code of the pull request may run here, or None."""
    if not pull.is_fork_of(task.repo):
        return None
    event, has_key = settings.runner.event, settings.model.api_key is not None
    if event in UNPRIVILEGED and not has_key:
        return None
    return fork_code(event, has_key=has_key)


def _first_line(body: str) -> str:
    return one_line(body.strip().partition("\n")[0], limit=1000)
