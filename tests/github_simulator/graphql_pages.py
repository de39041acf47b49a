"""Pages of GraphQL's connections, and the refusals that GitHub puts beside its data."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.github_simulator.exchange import Json

_MOST = 100


class GraphQLRefusal(Exception):
    """An error that GitHub puts beside the data, with its type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def connection(name: str, items: Sequence[Any], show: Callable[[Any], Json]) -> Any:
    def page(
        _info: object,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Json:
        _check_size(name, first, last)
        start = int(after or 0)
        stop = len(items) if before is None else int(before) - 1
        if first is not None:
            stop = min(stop, start + first)
        if last is not None:
            start = max(start, stop - last)
        info = {
            "hasNextPage": stop < len(items),
            "hasPreviousPage": start > 0,
            "startCursor": str(start + 1) if stop > start else None,
            "endCursor": str(stop) if stop > start else None,
        }
        # What GitHub cannot load, or does not show to the viewer, is null in its list.
        nodes = [
            None if getattr(item, "is_lost", False) else show(item) for item in items[start:stop]
        ]
        return {"nodes": nodes, "totalCount": len(items), "pageInfo": info}

    return page


def _check_size(name: str, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        message = (
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection."
        )
        raise GraphQLRefusal("MISSING_PAGINATION_BOUNDARIES", message)
    for word, wanted in (("first", first), ("last", last)):
        if wanted is not None and not 0 <= wanted <= _MOST:
            message = (
                f"Requesting {wanted} records on the `{name}` connection exceeds the `{word}` "
                f"limit of {_MOST} records."
            )
            raise GraphQLRefusal("EXCESSIVE_PAGINATION", message)
