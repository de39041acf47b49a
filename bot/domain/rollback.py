"""The way back from a version of the policy that people turn out not to like."""

from bot.domain.event_log import PolicyStatus, PolicyVersion, PolicyVersions
from bot.errors import Refused


def roll_back(versions: PolicyVersions, version: str) -> PolicyVersion | None:
    """Take a promoted version out of service and return what serves in its place.

    That is its parent, byte for byte, or None for the hand weights. Raises Refused for a version
    that does not serve. Who dies in between leaves the hand weights, which is safe.
    """
    found = versions.find(version)
    if found is None:
        raise Refused(f"there is no policy {version}")
    if found.status is not PolicyStatus.PROMOTED:
        raise Refused(
            f"policy {version} is {found.status}: only the one that serves can be rolled back"
        )
    versions.mark(version, PolicyStatus.ROLLED_BACK)
    parent = versions.find(found.parent) if found.parent is not None else None
    if parent is None or parent.status is not PolicyStatus.RETIRED:
        return None
    versions.mark(parent.version, PolicyStatus.PROMOTED)
    return parent
