"""One look at a pull request: its threads and thumbs on the forge, and after its end its code."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.agent.service.desk import Connection, Desk
from bot.agent.service.following import Following
from bot.agent.service.judging import Judging
from bot.agent.service.rereading import Rereading, read_id
from bot.domain.aftermath import CodeHistory, Shown, Stretch
from bot.domain.event_forms import Observed, signal_event, signals_of
from bot.domain.event_log import LoggedEvent
from bot.domain.followed import ended_at, shown_of
from bot.domain.forge import Permission
from bot.domain.hearing import Hearing, Placed, placed
from bot.domain.jobs import JobContext, Json
from bot.domain.ledger import PullKey
from bot.domain.opinions import Thumb, is_news, opinions
from bot.domain.pull_state import PullState, Speaker, own_tips
from bot.domain.record_json import dump, load
from bot.domain.requests import ObserveRequest
from bot.domain.rewriting import rewritten_event
from bot.domain.signals import Actor, Signal, SignalKind, standing
from bot.errors import Refused

MOST_ASKED = 50
"""People whose rights are asked for in one job: who floods us is heard bit by bit."""


@dataclass
class Observing:
    """One look at one pull request."""

    desk: Desk
    connection: Connection
    context: JobContext
    request: ObserveRequest
    _actors: dict[int, Actor] = field(default_factory=dict)

    @property
    def pull(self) -> PullKey:
        """The pull request in the ledger."""
        return PullKey(self.request.repo.id, self.request.number)

    def run(self) -> Json:
        """Hear, read and judge; each is a step that may be done twice."""
        heard = self.context.step("hear", self._hear)
        read = self.context.step("read", lambda: self._read(load(PullState, str(heard["state"]))))
        judged = self.context.step(
            "judge", lambda: {"events": Judging(self.desk, self.pull, self._observed()).run()}
        )
        return {"heard": heard["new"], "read": read["new"], "judged": judged["events"]}

    def _hear(self) -> Json:
        state = self.connection.states.state(self.request.number)
        known = self._known()
        following = Following(self.desk, self.pull)
        suggestions = placed(following.joined(), state.threads)

        def who(speaker: Speaker) -> Actor | None:
            return self._who(speaker, state)

        hearing = Hearing(self.pull, state, known, self.desk.now(), who)
        # Thumbs first: at the end they are no longer asked for, where it is in the log already.
        new = self._append(self._thumbs(suggestions, known, state))
        new += self._append(hearing.signals(suggestions))
        # What was said is not kept with the job, only where everything stands.
        return {"new": new, "state": dump(replace(state, threads=(), dismissed=()))}

    def _thumbs(
        self, suggestions: Sequence[Placed], known: Sequence[Signal], state: PullState
    ) -> list[Signal]:
        """Return new thumbs; who gave them is asked where their counts are not those we know."""
        if not any(one.thread for one in suggestions):
            return []
        counts = self.connection.opinions.counts(self.request.number)
        logged = {signal.event_id for signal in known}
        found: list[Signal] = []
        for one in suggestions:
            count = counts.get(one.thread.comment_id) if one.thread else None
            if one.thread is None or count is None or not is_news(count, known, one.suggestion):
                continue
            thumbs = [
                thumb
                for thumb in self.connection.opinions.thumbs(one.thread.comment_id)
                if thumb.event_id in logged or self._who(_speaker(thumb), state) is not None
            ]
            found += opinions(
                thumbs,
                known,
                of=(self.pull, one.suggestion),
                actor=lambda thumb: self._actors[thumb.person.id],
                now=self.desk.now(),
            )
        return found

    def _read(self, state: PullState) -> Json:
        """Read what the end left of each suggestion, once; later only whether we were reverted."""
        known = self._known()
        if ended_at(known) is None:
            return {"new": 0}
        following = Following(self.desk, self.pull)
        shas = {*following.shas(), *own_tips(state)}
        if state.merged is not None and state.base_tip is not None:
            shas.add(state.base_tip)
        try:
            with self.connection.past(shas) as history:
                found = self._reread(history, following, state, known)
                # Both at once: what was read is not read again.
                return {"new": self.desk.records.events.append(found)}
        except Refused as error:
            # Without the code, what people said is all there is.
            return {"new": 0, "unread": str(error)}

    def _reread(
        self,
        history: CodeHistory,
        following: Following,
        state: PullState,
        known: Sequence[Signal],
    ) -> list[LoggedEvent]:
        shown = list(self._shown(history, following))
        if not shown:
            return []
        reader = Rereading(history, login=state.login)
        base = min(following.runs.values(), key=lambda run: run.started_at).head.merge_base_sha
        tips, logged = own_tips(state), {signal.event_id for signal in known}
        at = _after(known, ended_at(known) or self.desk.now())
        unread = [one for one in shown if read_id(one.suggestion, tips[-1]) not in logged]
        found = list(reader.read(self.pull, unread, Stretch(base, tips), at=at))
        if state.merged is not None and state.base_tip is not None:
            later = tips if state.base_tip in tips else (*tips, state.base_tip)
            found += reader.reverts(self.pull, shown, Stretch(base, later))
        events = [signal_event(signal, self._observed()) for signal in found]
        return [*events, *self._rewritten(reader, history, unread, state)]

    def _rewritten(
        self, reader: Rereading, history: CodeHistory, unread: Sequence[Shown], state: PullState
    ) -> Iterable[LoggedEvent]:
        """Return what was merged in the place of suggestions, where the repository allows that."""
        end = state.merged
        if end is None or not (found := reader.rewrites(unread, end)):
            return ()
        org = self.connection.org_defaults.read()
        if not self.desk.exports(history, state.base_tip or end, org):
            return ()
        observed = self._observed()
        return [rewritten_event(self.pull, what, observed, end=end) for what in found]

    def _shown(self, history: CodeHistory, following: Following) -> Iterable[Shown]:
        for origin in following.origins(history):
            try:
                text = history.file(origin.head_sha, origin.record.path)
            except Refused:
                continue  # its head was pushed away and is gone from the server
            shown = shown_of(origin, text)
            if shown is not None:
                yield shown

    def _who(self, speaker: Speaker, state: PullState) -> Actor | None:
        """Return who somebody is, by the forge's word; None for now where too many were asked."""
        person = speaker.person
        if person.id not in self._actors:
            if len(self._actors) >= MOST_ASKED:
                return None
            permission = Permission.NONE
            if not speaker.is_program:
                permission = self.connection.forge.permission(person.login)
            kind = standing(
                person, permission, author_id=state.author_id, is_program=speaker.is_program
            )
            self._actors[person.id] = Actor(person.id, kind)
        return self._actors[person.id]

    def _known(self) -> list[Signal]:
        return signals_of(self.desk.records.events.of_pull(self.pull))

    def _observed(self) -> Observed:
        return Observed(self.desk.now(), self.request.source, self.request.delivery)

    def _append(self, signals: Iterable[Signal]) -> int:
        observed = self._observed()
        events = self.desk.records.events
        return events.append(signal_event(signal, observed) for signal in signals)


def _after(known: Sequence[Signal], at: datetime) -> datetime:
    """Return a time after all readings: of two ends in one second the later one counts."""
    readings = [s.occurred_at for s in known if s.kind is SignalKind.READ]
    return max([at, *(before + timedelta(microseconds=1) for before in readings)])


def _speaker(thumb: Thumb) -> Speaker:
    return Speaker(thumb.person, thumb.is_program)
