"""Reads what became of the suggestions of one closed pull request, from the forge and from git."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.agent.service.rereading import Rereading
from bot.domain.action_state import ActionState
from bot.domain.aftermath import CodeHistory, HistoryCommit, Shown, Stretch
from bot.domain.feedback import (
    ClosedPull,
    Told,
    end_signal,
    rejection,
    shown_of,
    suggested_text,
)
from bot.domain.forge import Forge, PostedThread
from bot.domain.ledger import KnownFinding, PullKey
from bot.domain.opinions import Opinions, Thumb, opinions
from bot.domain.outcomes import judge
from bot.domain.pull_records import SuggestionRecord
from bot.domain.signals import Actor, Signal, standing

LOGIN = "github-actions"
"""Ours with a workflow's own token, without `[bot]`."""


@dataclass(frozen=True)
class Feedback:
    """One closed pull request, and what we remember of it."""

    forge: Forge
    opinions: Opinions
    history: CodeHistory
    pull: ClosedPull
    key: PullKey
    state: ActionState
    now: datetime

    def read(self) -> list[Told]:
        """Return the outcome of every suggestion that stands next to the code."""
        threads = {t.comment_id: t for t in self.forge.threads(self.pull.number)}
        known = {one.id: one for one in self.state.findings}
        stretch = Stretch(self.pull.base_sha, self.pull.tips)
        own = {one.sha for one in self.state.commits}
        commits = [c for c in self.history.commits(stretch) if c.sha in own] if own else []
        told = []
        for record in self.state.suggestions:
            finding = known.get(record.finding_id)
            thread = _thread(finding, threads)
            if finding is None or thread is None:
                continue
            shown = self._shown(record, finding, thread, commits)
            signals = [*self._signals(record, finding, thread, shown, stretch)]
            told.append(Told(record, finding.finding.rule, judge(signals, record.id)))
        return told

    def _shown(
        self,
        record: SuggestionRecord,
        finding: KnownFinding,
        thread: PostedThread,
        commits: Sequence[HistoryCommit],
    ) -> Shown | None:
        text = suggested_text(thread.body)
        before = self.history.file(record.head_sha, record.path)
        if text is None or before is None:
            return None
        return shown_of(record, finding, text=text, before=before, commits=commits)

    def _signals(
        self,
        record: SuggestionRecord,
        finding: KnownFinding,
        thread: PostedThread,
        shown: Shown | None,
        stretch: Stretch,
    ) -> Iterator[Signal]:
        yield end_signal(self.pull, self.key)
        said = rejection(record, finding, self.key)
        if said is not None:
            yield said
        if shown is not None:
            reading = Rereading(self.history, login=LOGIN)
            yield from reading.read(self.key, [shown], stretch, at=self.pull.closed_at)
            yield from reading.reverts(self.key, [shown], stretch)
        thumbs = self.opinions.thumbs(thread.comment_id)
        of = (self.key, record.id)
        yield from opinions(thumbs, (), of=of, actor=self._actor, now=self.now)

    def _actor(self, thumb: Thumb) -> Actor:
        permission = self.forge.permission(thumb.person.login)
        kind = standing(
            thumb.person,
            permission,
            author_id=self.pull.author_id,
            is_program=thumb.is_program,
        )
        return Actor(thumb.person.id, kind)


def _thread(finding: KnownFinding | None, threads: dict[int, PostedThread]) -> PostedThread | None:
    if finding is None or finding.thread is None:
        return None
    return threads.get(finding.thread.comment_id)
