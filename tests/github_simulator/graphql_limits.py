"""How much one GraphQL request may ask for: half a million nodes, counted before it runs."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from tests.github_simulator.graphql_pages import GraphQLRefusal

MOST_NODES = 500_000


def check_nodes(document: DocumentNode, variables: Mapping[str, object]) -> None:
    """Raise where a request asks for more nodes than GitHub lists in one answer."""
    fragments = {
        one.name.value: one.selection_set
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    count = _Count(fragments, variables)
    total = sum(
        count.nodes(one.selection_set, 1)
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
    )
    if total > MOST_NODES:
        message = (
            f"This query requests up to {total:,} possible nodes which exceeds the maximum limit "
            f"of {MOST_NODES:,}."
        )
        raise GraphQLRefusal("MAX_NODE_LIMIT_EXCEEDED", message)


class _Count:
    def __init__(
        self, fragments: Mapping[str, SelectionSetNode], variables: Mapping[str, object]
    ) -> None:
        self._fragments = fragments
        self._variables = variables

    def nodes(self, selections: SelectionSetNode | None, times: int) -> int:
        """Return the most nodes that a selection lists, read so many times."""
        total = 0
        for field in self._fields(selections):
            size = self._size(field)
            listed = 0 if size is None else times * size
            total += listed + self.nodes(field.selection_set, listed or times)
        return total

    def _fields(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        for one in selections.selections if selections is not None else ():
            match one:
                case FieldNode():
                    yield one
                case InlineFragmentNode(selection_set=inner):
                    yield from self._fields(inner)
                case FragmentSpreadNode(name=name):
                    yield from self._fields(self._fragments.get(name.value))

    def _size(self, field: FieldNode) -> int | None:
        for argument in field.arguments or ():
            if argument.name.value not in ("first", "last"):
                continue
            match argument.value:
                case IntValueNode(value=digits):
                    return int(digits)
                case VariableNode(name=name):
                    wanted = self._variables.get(name.value)
                    return wanted if isinstance(wanted, int) else None
        return None
