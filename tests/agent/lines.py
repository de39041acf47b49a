"""What the connections of all toy services have in common."""

from bot.domain.app_forge import OpenChecks
from bot.domain.merge_group import MergeGroups
from bot.domain.org_defaults import OrgDefaults, OrgDefaultsSource


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
    def org_defaults(self) -> OrgDefaultsSource:
        return NoOrganization()

    @property
    def open_checks(self) -> OpenChecks:
        raise AssertionError("nobody looks for checks")
