"""What the connections of all toy services have in common."""

from collections.abc import Collection
from contextlib import AbstractContextManager

from bot.domain.aftermath import CodeHistory
from bot.domain.app_forge import OpenChecks
from bot.domain.merge_group import MergeGroups
from bot.domain.opinions import Opinions
from bot.domain.org_defaults import OrgDefaults, OrgDefaultsSource
from bot.domain.pull_request import Sha
from bot.domain.pull_state import PullStates


class NoOrganization:
    """`OrgDefaultsSource`: nobody sets anything for all repositories."""

    def read(self) -> OrgDefaults:
        return OrgDefaults()


class LineBase:
    """The parts of a `Connection` that reviews and commands of toys do not use."""

    @property
    def merge_groups(self) -> MergeGroups:
        raise AssertionError("nobody queued anything")

    @property
    def states(self) -> PullStates:
        raise AssertionError("nobody looks how the pull request stands")

    @property
    def opinions(self) -> Opinions:
        raise AssertionError("nobody asks for opinions")

    def past(self, _shas: Collection[Sha]) -> AbstractContextManager[CodeHistory]:
        raise AssertionError("nobody reads the past")

    @property
    def org_defaults(self) -> OrgDefaultsSource:
        return NoOrganization()

    @property
    def open_checks(self) -> OpenChecks:
        raise AssertionError("nobody looks for checks")
