"""What the App sees as a whole, in memory: deliveries, installations, open pull requests."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.app_forge import Attempt, OpenPull, RepoPage
from bot.domain.forge import RepoId
from bot.domain.opinions import Count
from bot.errors import PullwrightError, Refused


@dataclass
class FakeAppForge:
    """`AppForge`, and the surveys of its installations."""

    made: list[Attempt] = field(default_factory=list)
    """All attempts to deliver, the oldest first."""
    redelivered: list[str] = field(default_factory=list)
    """GUIDs, in the order in which somebody asked for them again."""
    is_reachable: bool = False
    """What is redelivered arrives."""
    repos_of: dict[int, list[RepoId]] = field(default_factory=dict)
    """By installation."""
    pulls: dict[int, list[OpenPull]] = field(default_factory=dict)
    """By repository, in any order."""
    troubles: dict[int, PullwrightError] = field(default_factory=dict)
    """What a look at an installation or a repository meets."""
    page_size: int = 20
    counts: dict[int, dict[int, Count]] = field(default_factory=dict)
    """Thumbs by comment, by pull request."""
    thumbs_asked: list[tuple[int, int]] = field(default_factory=list)
    thumbs_trouble: PullwrightError | None = None
    """What every question for thumbs meets."""

    def attempts(self, *, since: datetime) -> Iterator[Attempt]:
        newest_first = sorted(self.made, key=lambda one: one.id, reverse=True)
        return (one for one in newest_first if one.at >= since)

    def redeliver(self, attempt: int) -> None:
        known = next((one for one in self.made if one.id == attempt), None)
        if known is None:
            raise Refused(f"there is no delivery {attempt}")
        self.redelivered.append(known.guid)
        newest = max(one.id for one in self.made)
        self.made.append(replace(known, id=newest + 1, is_ok=self.is_reachable))

    def installations(self) -> Sequence[int]:
        return sorted(self.repos_of)

    @contextmanager
    def opened(self) -> Iterator["FakeAppForge"]:
        """Open it as a job does."""
        yield self

    @contextmanager
    def survey(self, installation_id: int) -> Iterator["FakeSurvey"]:
        """Open one installation."""
        yield FakeSurvey(self, installation_id)

    def meet(self, key: int) -> None:
        if key in self.troubles:
            raise self.troubles[key]


@dataclass
class FakeSurvey:
    """`Survey`."""

    at: FakeAppForge
    installation_id: int

    def repos(self, page: int) -> RepoPage:
        self.at.meet(self.installation_id)
        if self.installation_id not in self.at.repos_of:
            raise Refused(f"we are not installed at {self.installation_id}")
        found, size = self.at.repos_of[self.installation_id], self.at.page_size
        shown = found[(page - 1) * size : page * size]
        return RepoPage(tuple(shown), has_more=page * size < len(found))

    def thumbs(self, repo: RepoId, number: int) -> Mapping[int, Count]:
        self.at.meet(repo.id)
        self.at.thumbs_asked.append((repo.id, number))
        if self.at.thumbs_trouble is not None:
            raise self.at.thumbs_trouble
        return self.at.counts.get(number, {})

    def open_pulls(self, repo: RepoId) -> Sequence[OpenPull]:
        self.at.meet(repo.id)
        return sorted(self.at.pulls.get(repo.id, []), key=lambda p: p.changed_at, reverse=True)
