"""How large a document may be: depth, aliases, directives, root fields, repetition, cost.

Each fragment is weighed once, however often it is spread, so that weighing takes time in proportion
to the document's length. The limits follow the OWASP cheat sheet on GraphQL and graphql-cop.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from graphql_api.data.limits import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

TOKENS = 1000
DEPTH = 15
ALIASES = 15
DIRECTIVES = 50
ROOT_FIELDS = 20
COST = 10_000
# Of fields of one name validation compares each with each.
COMPARISONS = 20_000

# Pages multiply what is below them by the size asked for. Each costs a request of its own: unlike
# nodes and bodies, partitions are not read in batches.
_PAGED = frozenset({"problems", "publicFeed", "users", "histories", "testCases", "jobs", "events"})
_REQUEST_COST = 5
_RESULTS = 20
# Sums stop growing here: nested spreads would make numbers of any length.
_CEILING = 1_000_000_000

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Complexity:
    """What a selection amounts to with all fragments spread."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    cost: int = 0
    introspects: bool = False

    def beside(self, other: "Complexity") -> "Complexity":
        """Return the weight of both, side by side."""
        return Complexity(
            depth=max(self.depth, other.depth),
            aliases=min(self.aliases + other.aliases, _CEILING),
            directives=min(self.directives + other.directives, _CEILING),
            fields=min(self.fields + other.fields, _CEILING),
            cost=min(self.cost + other.cost, _CEILING),
            introspects=self.introspects or other.introspects,
        )

    def excess(self) -> str | None:
        """Return which limit is passed, in words for the client; None within all of them.

        Cost is left out: it depends on variables.
        """
        for name, value, limit in (
            ("levels of fields", self.depth, DEPTH),
            ("aliases", self.aliases, ALIASES),
            ("directives", self.directives, DIRECTIVES),
            ("root fields", self.fields, ROOT_FIELDS),
        ):
            if value > limit:
                return f"The document has more than {limit} {name}. Split it."
        return None


def too_costly(weight: Complexity) -> str | None:
    """Return what to tell the client where the cost is over its limit."""
    if weight.cost <= COST:
        return None
    return (
        f"The document costs more than {COST} points (one per field; a page "
        "multiplies the fields below it). Request smaller pages."
    )


def too_repetitive(document: DocumentNode) -> str | None:
    """Return what to tell the client where fields of one name stand too often in a document."""
    times: Counter[str] = Counter()
    waiting: list[SelectionSetNode | None] = [
        getattr(node, "selection_set", None) for node in document.definitions
    ]
    while waiting:
        selections = waiting.pop()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                times[(node.alias or node.name).value] += 1
            waiting.append(getattr(node, "selection_set", None))
    if sum(count * count for count in times.values()) <= COMPARISONS:
        return None
    return "The document repeats fields of one name too often. Split it."


def measure(document: DocumentNode, variables: Variables | None = None) -> Complexity:
    """Return the weight of the heaviest operation.

    Without variables a page whose size one gives counts as the largest.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    heaviest = Complexity()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            weighed = _Scale(fragments, _sizes(node, variables)).operation(node)
            heaviest = max(heaviest, weighed, key=_severity)
    return heaviest


def _severity(weight: Complexity) -> tuple[bool, int]:
    return weight.excess() is not None, weight.cost


Size = Callable[[ValueNode], int]


def _sizes(operation: OperationDefinitionNode, variables: Variables | None) -> Size:
    """Return what reads the size of a page, or of a list of ids, from an argument."""
    defaults = {
        definition.variable.name.value: definition.default_value
        for definition in operation.variable_definitions or ()
    }

    def size(value: ValueNode) -> int:
        match value:
            case IntValueNode():
                return _bounded(value.value)
            case ListValueNode():
                return _bounded(len(value.values))
            case VariableNode() if variables is not None:
                name = value.name.value
                if name in variables:
                    return _given(variables[name])
                default = defaults.get(name)
                return DEFAULT_PAGE_SIZE if default is None else size(default)
            case VariableNode():
                return MAX_PAGE_SIZE
        return DEFAULT_PAGE_SIZE

    return size


def _given(value: object) -> int:
    if isinstance(value, list):
        return _bounded(len(value))
    return DEFAULT_PAGE_SIZE if value is None else _bounded(value)


def _bounded(value: Any) -> int:
    try:
        return max(1, min(int(value), MAX_PAGE_SIZE))
    except (TypeError, ValueError):
        return MAX_PAGE_SIZE


class _Scale:
    """Weighs selections of one operation."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], size: Size) -> None:
        self._fragments = fragments
        self._size = size
        self._weighed: dict[str, Complexity] = {}

    def operation(self, node: OperationDefinitionNode) -> Complexity:
        """Return the weight of an operation."""
        return self._set(node.selection_set).beside(_directives(node.directives))

    def _set(self, selections: SelectionSetNode | None) -> Complexity:
        total = Complexity()
        for selection in selections.selections if selections else ():
            total = total.beside(self._selection(selection))
            total = total.beside(_directives(selection.directives))
        return total

    def _selection(self, node: SelectionNode) -> Complexity:
        if isinstance(node, FieldNode):
            return self._field(node)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return self._set(node.selection_set)  # type: ignore[attr-defined]

    def _fragment(self, name: str) -> Complexity:
        if name not in self._weighed:
            # A cycle weighs nothing here; validation refuses it.
            self._weighed[name] = Complexity()
            found = self._fragments.get(name)
            if found is not None:
                self._weighed[name] = self._set(found.selection_set)
        return self._weighed[name]

    def _field(self, node: FieldNode) -> Complexity:
        inner = self._set(node.selection_set)
        name = node.name.value
        base = _REQUEST_COST if name in _PAGED else 1
        return Complexity(
            depth=1 + inner.depth,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            fields=1,
            cost=min(base + self._times(node, name) * inner.cost, _CEILING),
            introspects=inner.introspects or name in {"__schema", "__type"},
        )

    def _times(self, node: FieldNode, name: str) -> int:
        if name == "testResults":
            return _RESULTS
        wanted = {"ids"} if name == "nodes" else {"first", "last"}
        if name != "nodes" and name not in _PAGED:
            return 1
        sizes = [
            self._size(argument.value)
            for argument in node.arguments or ()
            if argument.name.value in wanted
        ]
        return max(sizes, default=DEFAULT_PAGE_SIZE)


def _directives(nodes: Iterable[object] | None) -> Complexity:
    return Complexity(directives=len(list(nodes or ())))
