"""What each command does, once it is known that the person may ask for it."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.agent.fix import Asked, Offer, offer
from bot.agent.review import Episode
from bot.agent.service.review_job import ReviewOfPull
from bot.domain import commands, replies
from bot.domain.events import Person
from bot.domain.findings import FindingId, FindingState
from bot.domain.forge import NewPullRequest, RemotePullRequest
from bot.domain.intake import pull_key
from bot.domain.jobs import JobFilter, JobInfo, JobStatus, Json
from bot.domain.ledger import Dismissal, RunKind
from bot.domain.permissions import Allowed
from bot.domain.pull_records import PullMode
from bot.domain.pull_request import Sha
from bot.domain.verdict import Conclusion
from bot.errors import Refused
from bot.policy.selection import HAND_WEIGHTS, VERSION

_LIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})


@dataclass(frozen=True)
class CarryOut:
    """One command on one pull request; `run` returns the words of the reply."""

    work: ReviewOfPull
    remote: RemotePullRequest
    asker: Person
    allowed: Allowed
    trigger: str

    def run(self, command: commands.Command) -> str:
        """Do it; raises Refused with what the person must know."""
        match command:
            case commands.Review() | commands.Test():
                return self._review()
            case commands.Fix():
                return self._fix(command)
            case commands.Dismiss(id=finding, reason=reason):
                return self._once(lambda: self._dismiss([finding], reason))
            case commands.Reject():
                return self._once(lambda: self._dismiss(self._open_ids(), None))
            case commands.Pause() | commands.Resume() | commands.Ignore():
                return self._once(lambda: self._set_mode(command))
            case _:
                return self._tell(command)

    def _once(self, act: Callable[[], str]) -> str:
        """Keep the words of an act: another attempt would find it done and deny having done it."""
        return str(self.work.context.step("act", lambda: {"words": act()})["words"])

    def _tell(self, command: commands.Command) -> str:
        """Answer what only has to be looked up."""
        records = self.work.desk.records
        match command:
            case commands.Stop():
                return self._once(self._stop)
            case commands.Status():
                mode = records.pulls.load(self.work.pull).mode
                return replies.status(self._live(), mode)
            case commands.Why():
                return replies.why(records.silences.recent(self.work.pull))
            case commands.ShowConfig():
                return self._config()
            case commands.Policy(commands.PolicyView.SHOW | commands.PolicyView.EXPLAIN):
                return replies.policy(sorted(HAND_WEIGHTS.items()), VERSION)
            case commands.Help():
                return replies.help_table(self.trigger)
            case _:
                raise Refused("this needs a model or a learned policy, and none is set up")

    def _review(self) -> str:
        """Review the head whatever the configuration says of automatic reviews."""
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.desk.configure(workspace)
            done = self.work.run(self.remote, workspace, config)
        return replies.reviewed(Conclusion(str(done["conclusion"])), str(done["summary"]))

    def _fix(self, command: commands.Fix) -> str:
        asked = Asked(command.ids, command.is_revert, is_commit=False, requester=self._trailer())
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.desk.configure(workspace)
            with self.work.episode(self.remote, workspace, config, RunKind.FIX) as (made, gear):
                known = self._with_lasting_ids(made)
                offered = offer(gear.prover, known, asked)
        # Only here, with every sandbox gone, may a credential that writes exist (rule R4).
        return self._write(command, offered)

    def _with_lasting_ids(self, episode: Episode) -> Episode:
        """Give the findings the ids under which people know them."""
        reconciled = self.work.reconciled(episode, self.remote)
        named = replace(episode.review, findings=reconciled.findings)
        return Episode(named, replace(episode.state, findings=reconciled.findings))

    def _write(self, command: commands.Fix, offered: Offer) -> str:
        outcome, message = offered.outcome, offered.message
        if message is None:
            raise Refused(outcome.refused or replies.NOTHING_OFFERED)
        if self.allowed.is_suggestion_only:
            return replies.only_shown(outcome.patch_text, replies.FORK_GETS_A_PATCH)
        ids = tuple(patch.finding_id for patch in outcome.patches if patch.is_offered)

        def commit() -> Json:
            head = self.remote.head_sha
            with self.work.connection.committing() as committer:
                if command.is_stacked:
                    stacked = self._stacked(message.subject)
                    url = committer.open_stacked(
                        stacked, at=head, files=offered.files, message=message
                    )
                    return {"url": url}
                branch = self.remote.head_ref
                sha = committer.commit(branch, expected=head, files=offered.files, message=message)
                return {"sha": sha}

        done = self.work.context.step("commit", commit)
        if command.is_stacked:
            return replies.stacked(str(done["url"]))
        return replies.committed(Sha(str(done["sha"])), [FindingId(i) for i in ids])

    def _stacked(self, subject: str) -> NewPullRequest:
        return NewPullRequest(
            branch=f"pullwright/{self.remote.number}-{self.work.run_id}",
            base_ref=self.remote.head_ref,
            title=subject,
            body=replies.stacked_body(self.remote.number),
        )

    def _dismiss(self, ids: Iterable[FindingId], reason: commands.DismissReason | None) -> str:
        why = reason.value if reason else ""
        dismissal = Dismissal(why, self.asker.login, self.work.desk.now())
        findings = self.work.desk.records.findings
        done = [findings.dismiss(self.work.pull, name, dismissal) for name in ids]
        for known in done:
            if known.thread is None or known.thread.is_resolved:
                continue
            with suppress(Refused):  # without the right to resolve, the thread stays open
                self.work.connection.publisher.resolve(known.thread.id)
                resolved = replace(known.thread, is_resolved=True)
                findings.attach_thread(self.work.pull, known.id, resolved)
        return replies.dismissed([known.id for known in done], reason)

    def _open_ids(self) -> list[FindingId]:
        known = self.work.desk.records.findings.known(self.work.pull)
        return [finding.id for finding in known if finding.state is FindingState.OPEN]

    def _set_mode(self, command: commands.Command) -> str:
        modes = {commands.Pause: PullMode.PAUSED, commands.Ignore: PullMode.IGNORED}
        wanted = modes.get(type(command), PullMode.AUTO)
        before = self.work.desk.records.pulls.set_mode(self.work.pull, wanted)
        return replies.mode_changed(before, wanted)

    def _stop(self) -> str:
        jobs = self.work.desk.jobs
        return replies.stopped(sum(jobs.stop(info.job.id) for info in self._live()))

    def _live(self) -> list[JobInfo]:
        key = pull_key(self.work.repo.id, self.work.number)
        return list(self.work.desk.admin.list(JobFilter(statuses=_LIVE, key=key)))

    def _config(self) -> str:
        with self.work.connection.checkout(self.remote) as workspace:
            return replies.config(self.work.desk.configure(workspace).rows())

    def _trailer(self) -> str:
        """Name the requester as GitHub does, so that the commit counts as theirs too."""
        login = self.asker.login
        return f"{login} <{self.asker.id}+{login}@users.noreply.github.com>"
