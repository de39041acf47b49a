"""What each command does, once it is known that the person may ask for it."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from bot.agent.fix import Asked, Offer, offer
from bot.agent.review import Episode
from bot.agent.service.answer import Answer
from bot.agent.service.committing import Committing
from bot.agent.service.listening import Listening
from bot.agent.service.loose_ends import LooseEnds
from bot.agent.service.policy_of_pull import PolicyOfPull
from bot.agent.service.requeue import Requeue
from bot.agent.service.review_job import ReviewOfPull
from bot.agent.service.talking import TalkOnPull
from bot.agent.service.telling import Telling
from bot.agent.service.undo_work import UndoOfPull
from bot.agent.service.writing import WritingOnPull
from bot.agent.tools.repair import Wish
from bot.domain import commands, comparison, fix_words, mending, replies
from bot.domain.events import Person
from bot.domain.findings import Finding, FindingId, FindingState
from bot.domain.forge import Permission, Reaction, RemotePullRequest
from bot.domain.jobs import JobId, Json
from bot.domain.ledger import Dismissal, KnownFinding, RunKind
from bot.domain.one_click import one_click
from bot.domain.permissions import Allowed
from bot.domain.pull_records import PullMode
from bot.domain.pull_request import Sha
from bot.domain.quieting import KINDS, folded, unmuted_event
from bot.domain.signals import Actor, standing
from bot.domain.verdict import Conclusion
from bot.errors import Refused


@dataclass(frozen=True)
class CarryOut:
    """One command on one pull request; `run` returns the answer to it."""

    work: ReviewOfPull
    remote: RemotePullRequest
    asker: Person
    allowed: Allowed
    trigger: str
    may_write: bool = False
    """The asker may write to the repository."""

    def run(self, command: commands.Command) -> Answer:
        """Do it; raises Refused with what the person must know."""
        match command:
            case commands.Review():
                return Answer(self._review(command))
            case commands.Test():
                return Answer(self._test())
            case commands.Fix():
                return self._fix(command)
            case commands.Undo():
                return UndoOfPull(self.work, self.remote, self._trailer(), self._requeue).run()
            case commands.Ask() | commands.Explain() | commands.Implement() | commands.Cover():
                return self._by_model(command)
            case _:
                return Answer(self._act(command))

    def _by_model(
        self, command: commands.Ask | commands.Explain | commands.Implement | commands.Cover
    ) -> Answer:
        if not self.work.desk.has_model:
            raise Refused(replies.NEEDS_A_MODEL)
        match command:
            case commands.Ask() | commands.Explain():
                return TalkOnPull(self.work, self.remote, self.asker, self.may_write).run(command)
            case _:
                trailer, requeue = self._trailer(), self._requeue
                wish = WritingOnPull(
                    self.work, self.remote, self.allowed, trailer, requeue, self.trigger
                )
                return wish.run(command)

    def _act(self, command: commands.Command) -> str:
        """Do what needs no run."""
        match command:
            case commands.Dismiss(id=finding, reason=reason):
                self._check_known(finding)
                return self._once(lambda: self._dismiss([finding], reason))
            case commands.Reject():
                return self._once(lambda: self._dismiss(self._open_ids(), None))
            case commands.Pause() | commands.Resume() | commands.Ignore():
                return self._once(lambda: self._set_mode(command))
            case commands.Unmute(word=word):
                return self._once(lambda: self._unmute(word))
            case _:
                return self._by_own_steps(command)

    def _by_own_steps(self, command: commands.Command) -> str:
        """Do what sees to it by itself that another attempt does the same."""
        match command:
            case commands.Stop():
                return self._stop()
            case commands.Policy(commands.PolicyView.ROLLBACK):
                return PolicyOfPull(self.work).roll_back(self.asker.login)
            case _:
                return Telling(self.work, self.remote, self.trigger).run(command)

    def _once(self, act: Callable[[], str]) -> str:
        """Keep the words of an act: another attempt would find it done and deny having done it."""
        return str(self.work.context.step("act", lambda: {"words": act()})["words"])

    def _unmute(self, word: str) -> str:
        """Let a rule be heard again in this repository, by a person's word."""
        events, pull = self.work.desk.records.events, self.work.pull
        quiet = folded(pull.repo_id, events.of_repo(pull.repo_id, KINDS))
        if not quiet.knows(word):
            raise Refused(replies.nothing_to_unmute(word, self.trigger))
        job, now = self.work.context.job.id, self.work.desk.now()
        events.append([unmuted_event(pull, word, by=self.asker.id, job=job, at=now)])
        return replies.unmuted(word)

    def _stop(self) -> str:
        """End what runs first, and see to what is told of it then."""
        work, head = self.work, self.remote.head_sha
        ends = LooseEnds(work.desk, work.connection, work.repo, work.number)
        live = work.context.step("live", lambda: {"jobs": [i.job.id for i in ends.live]})
        found = _job_ids(live)
        done = work.context.step("stop", lambda: {"jobs": list(ends.stop(found))})
        jobs = _job_ids(done)
        told = partial(ends.tell_stopped, jobs, by=self.asker.login, head=head)
        work.context.step("stopped", lambda: {"told": told()})
        return replies.stopped(len(jobs))

    @property
    def _requeue(self) -> Requeue:
        return Requeue(self.work, self.remote)

    def _review(self, command: commands.Review) -> str:
        """Review the head whatever the configuration says of automatic reviews."""
        with self.work.connection.checkout(self.remote) as workspace:
            # Asked once: what this job reviews itself is nothing old after a crash.
            seen = self.work.context.step(
                "news",
                lambda: {"is_old": not command.is_full and self.work.has_seen(workspace)},
            )
            if seen["is_old"]:
                return replies.nothing_new(self.remote.head_sha, self.trigger)
            config = self.work.configured(workspace)
            done = self.work.run(self.remote, workspace, config, is_full=command.is_full)
        return replies.reviewed(Conclusion(str(done["conclusion"])), str(done["summary"]))

    def _test(self) -> str:
        """Run the tests on both sides, and nothing else."""
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.configured(workspace)
            with self.work.episode(self.remote, workspace, config, RunKind.TEST) as (made, _):
                episode = made
        self.work.finish(episode.review)
        return comparison.difference(episode.review)

    def _fix(self, command: commands.Fix) -> Answer:
        asked = Asked(command.ids, command.is_revert, is_commit=False, requester=self._trailer())
        with self.work.connection.checkout(self.remote) as workspace:
            config = self.work.configured(workspace)
            # A revert that is asked for by name is not to be replaced by a repair.
            work = replace(self.work, repair=None if command.is_revert else Wish())
            with work.episode(self.remote, workspace, config, RunKind.FIX) as (made, gear):
                known = self._with_lasting_ids(made)
                offered = offer(gear.prover, known, asked)
        self.work.finish(known.review)
        # Only here, with every sandbox gone, may a credential that writes exist (rule R4).
        return self._write(command, offered)

    def _with_lasting_ids(self, episode: Episode) -> Episode:
        """Give the findings the ids under which people know them."""
        reconciled = self.work.reconciled(episode, self.remote)
        named = replace(episode.review, findings=reconciled.findings)
        return Episode(named, replace(episode.state, findings=reconciled.findings))

    def _write(self, command: commands.Fix, offered: Offer) -> Answer:
        outcome, message = offered.outcome, offered.message
        if message is None:
            who = fix_words.who_must_act(outcome.review.verdict.limits)
            words = replies.refused(f"{outcome.refused or replies.NOTHING_OFFERED}{who}")
            return Answer(mending.with_the_rest(words, outcome), Reaction.REFUSED)
        ids = tuple(FindingId(p.finding_id) for p in outcome.patches if p.is_offered)
        wanted = [f for f in outcome.review.open_findings if f.id in command.ids or not command.ids]
        left = fix_words.left_alone(wanted, ids, self.trigger)
        if self.allowed.is_suggestion_only:
            told = replies.only_shown(outcome.patch_text, self._clickable(offered, ids))
            return Answer(f"{told}\n\n{left}".rstrip())

        committing = Committing(self.work, self.remote, offered.files, message)
        done = committing.run(is_stacked=command.is_stacked)
        if "moved" in done:
            return self._requeue.again(str(done["moved"]))
        if command.is_stacked:
            told = replies.stacked(str(done["url"]))
        else:
            told = replies.committed(Sha(str(done["sha"])), ids, self.trigger)
        return Answer(mending.with_the_rest(f"{told}\n\n{left}".rstrip(), outcome))

    def _clickable(self, offered: Offer, ids: Iterable[FindingId]) -> list[FindingId]:
        """Return the findings whose patch stands as a suggestion in a review comment."""
        known = self.work.desk.records.findings.known(self.work.pull)
        shown = {k.id for k in known if k.thread is not None and not k.thread.is_resolved}
        review = offered.outcome.review

        def has_click(finding: Finding) -> bool:
            return one_click(finding, review.diff, review.contents) is not None

        clicks = {finding.id for finding in review.findings if has_click(finding)}
        return [name for name in ids if name in shown & clicks]

    def _check_known(self, wanted: FindingId) -> None:
        known = self.work.desk.records.findings.known(self.work.pull)
        if wanted not in {finding.id for finding in known}:
            raise Refused(replies.unknown_finding(wanted, known))

    def _dismiss(self, ids: Iterable[FindingId], reason: commands.DismissReason | None) -> str:
        why = reason.value if reason else ""
        dismissal = Dismissal(why, self.asker.login, self.work.desk.now())
        findings = self.work.desk.records.findings
        done = [findings.dismiss(self.work.pull, name, dismissal) for name in ids]
        standing = {k.thread.id for k in self._open() if k.thread is not None}
        for known in done:
            # One comment may speak of several findings.
            if known.thread is None or known.thread.is_resolved or known.thread.id in standing:
                continue
            with suppress(Refused):  # without the right to resolve, the thread stays open
                self.work.connection.publisher.resolve(known.thread.id)
                resolved = replace(known.thread, is_resolved=True)
                findings.attach_thread(self.work.pull, known.id, resolved)
        self._note_rejection({known.id for known in done})
        return replies.dismissed([known.id for known in done], reason)

    def _note_rejection(self, ids: Collection[FindingId]) -> None:
        is_program = self.asker.login.endswith("[bot]")  # people's names cannot end like an App's
        permission = Permission.WRITE if self.may_write else Permission.NONE
        author = self.remote.author_id
        kind = standing(self.asker, permission, author_id=author, is_program=is_program)
        ears = Listening(self.work.desk, self.work.pull)
        ears.rejected(ids, by=Actor(self.asker.id, kind), job=self.work.context.job.id)

    def _open_ids(self) -> list[FindingId]:
        return [known.id for known in self._open()]

    def _open(self) -> list[KnownFinding]:
        known = self.work.desk.records.findings.known(self.work.pull)
        return [finding for finding in known if finding.state is FindingState.OPEN]

    def _set_mode(self, command: commands.Command) -> str:
        modes = {commands.Pause: PullMode.PAUSED, commands.Ignore: PullMode.IGNORED}
        wanted = modes.get(type(command), PullMode.AUTO)
        before = self.work.desk.records.pulls.set_mode(self.work.pull, wanted)
        return replies.mode_changed(before, wanted)

    def _trailer(self) -> str:
        """Name the requester as GitHub does, so that the commit counts as theirs too."""
        login = self.asker.login
        return f"{login} <{self.asker.id}+{login}@users.noreply.github.com>"


def _job_ids(done: Json) -> list[JobId]:
    jobs = done["jobs"]
    return [JobId(str(job)) for job in jobs] if isinstance(jobs, list) else []
