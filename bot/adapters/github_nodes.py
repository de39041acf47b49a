"""Lists of GraphQL, in which null stands in the place of what GitHub cannot show."""

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]


def nodes_of(connection: Mapping[str, Any] | None) -> list[Node]:
    """Return what a connection lists, without what is gone or hidden."""
    return [node for node in _listed(connection) if node is not None]


def first_of(connection: Mapping[str, Any] | None) -> Node | None:
    """Return what a connection lists first, or None where that cannot be shown.

    What comes second is never taken for the first.
    """
    return next(iter(_listed(connection)), None)


def _listed(connection: Mapping[str, Any] | None) -> list[Node | None]:
    return (connection or {}).get("nodes") or []
