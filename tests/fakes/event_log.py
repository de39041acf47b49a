"""A log of events and the versions of a policy, over lists and dicts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.event_log import (
    EVENTS_AT_ONCE,
    LoggedEvent,
    Numbered,
    PolicyStatus,
    PolicyVersion,
)
from bot.domain.ledger import PullKey
from bot.errors import Refused


@dataclass
class FakeEventLog:
    """Events in the order of the log, from 1."""

    numbered: list[Numbered] = field(default_factory=list)

    @property
    def events(self) -> list[LoggedEvent]:
        return [numbered.event for numbered in self.numbered]

    def append(self, events: Iterable[LoggedEvent]) -> int:
        before = len(self.numbered)
        for event in list(events):
            if all(known.event_id != event.event_id for known in self.events):
                last = self.numbered[-1].seq if self.numbered else 0
                self.numbered.append(Numbered(last + 1, event))
        return len(self.numbered) - before

    def after(self, seq: int, *, limit: int = EVENTS_AT_ONCE) -> Sequence[Numbered]:
        return [numbered for numbered in self.numbered if numbered.seq > seq][:limit]

    def of_pull(self, pull: PullKey) -> Sequence[Numbered]:
        return [numbered for numbered in self.numbered if numbered.event.pull == pull]

    def of_repo(self, repo_id: int, kinds: Collection[str]) -> Sequence[Numbered]:
        return [
            each
            for each in self.numbered
            if each.event.pull.repo_id == repo_id and each.event.kind in kinds
        ]


@dataclass
class FakePolicyVersions:
    """Versions by name, the oldest first."""

    by_name: dict[str, PolicyVersion] = field(default_factory=dict)

    def record(self, version: PolicyVersion) -> PolicyVersion:
        return self.by_name.setdefault(version.version, version)

    def find(self, version: str) -> PolicyVersion | None:
        return self.by_name.get(version)

    def mark(self, version: str, status: PolicyStatus) -> None:
        if version not in self.by_name:
            raise Refused(f"there is no policy {version}")
        self.by_name[version] = replace(self.by_name[version], status=status)

    def all(self) -> Sequence[PolicyVersion]:
        return list(self.by_name.values())
