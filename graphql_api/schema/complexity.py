"""Limits on an operation: depth, aliases, directives, root fields and cost.

Limits on tokens and repeated fields apply to the whole document, because the validation reads the
whole document. Each fragment is measured only once, even if it is used many times. The time for
measuring an operation is therefore proportional to the length of the document.

The limits follow the OWASP cheat sheet on GraphQL and the checks of the tool graphql-cop.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
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
# Validation compares each field with every other field of the same name.
COMPARISONS = 20_000

# The cost of the fields below a page is multiplied by the size of the page. Each page needs its own
# database request, because pages of different lists cannot be read in one batch.
PAGED = frozenset({"problems", "publicFeed", "users", "histories", "testCases", "jobs", "events"})
_REQUEST_COST = 5
_RESULTS = 20
# Upper bound of all sums: nested fragments would otherwise produce very large numbers.
_CEILING = 1_000_000_000

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Complexity:
    """The size of a selection of fields. Fragments count as if they were expanded.

    `aliases` and `directives` are counted at all depths, `fields` only at the highest level. `cost`
    is in points (see `too_costly`). `introspects` is True if the selection uses introspection.
    """

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    cost: int = 0
    introspects: bool = False

    def plus(self, other: "Complexity") -> "Complexity":
        """Return the complexity of the two selections together."""
        return Complexity(
            depth=max(self.depth, other.depth),
            aliases=min(self.aliases + other.aliases, _CEILING),
            directives=min(self.directives + other.directives, _CEILING),
            fields=min(self.fields + other.fields, _CEILING),
            cost=min(self.cost + other.cost, _CEILING),
            introspects=self.introspects or other.introspects,
        )

    def excess(self) -> str | None:
        """Return a message that names the exceeded limit, or None if no limit is exceeded.

        The cost is not checked here, because it depends on the variables of the request.
        """
        for name, value, limit in (
            (("nested levels of fields"), self.depth, DEPTH),
            ("aliases", self.aliases, ALIASES),
            ("directives", self.directives, DIRECTIVES),
            ("root fields", self.fields, ROOT_FIELDS),
        ):
            if value > limit:
                return f"The operation has more than {limit} {name}. Split the operation."
        return None


def too_costly(complexity: Complexity) -> str | None:
    """Return a message for the client if the cost exceeds 10,000 points, otherwise None."""
    if complexity.cost <= COST:
        return None
    return (
        f"The operation costs more than {COST} points. Each field costs at least one point. The "
        "cost of the fields in a page is multiplied by the page size. Request smaller pages."
    )


def too_many_requests(estimate: int, limit: int) -> str | None:
    """Return a message for the client if `estimate` exceeds `limit`, otherwise None.

    Both are numbers of requests to the database.
    """
    if estimate <= limit:
        return None
    return (
        f"The operation needs up to {estimate} requests to the database, but at most {limit} are "
        "allowed. A page of a list needs one request for each object that has this list. Request "
        "smaller pages or fewer objects."
    )


def too_repetitive(document: DocumentNode) -> str | None:
    """Return a message for the client if fields with the same name occur too often, otherwise None.

    The time for validating such fields grows with the square of their number.
    """
    times: Counter[str] = Counter()
    pending: list[SelectionSetNode | None] = [
        getattr(node, "selection_set", None) for node in document.definitions
    ]
    while pending:
        selections = pending.pop()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                times[(node.alias or node.name).value] += 1
            pending.append(getattr(node, "selection_set", None))
    if sum(count * count for count in times.values()) <= COMPARISONS:
        return None
    return (
        "The document selects fields of the same name too often. Split the document into several "
        "documents."
    )


def measure(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Variables | None = None
) -> Complexity:
    """Return the complexity of one operation of a document.

    If `variables` is None, the result is an upper bound: a page whose size is a variable counts
    with the largest allowed size.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    return _Visitor(fragments, _sizes(operation, variables)).operation(operation)


Size = Callable[[ValueNode], int]


def _sizes(operation: OperationDefinitionNode, variables: Variables | None) -> Size:
    """Return a function that converts the value of an argument to a number of items.

    The value is a page size, a list, or a variable that contains a page size or a list.
    """
    defaults = {
        definition.variable.name.value: definition.default_value
        for definition in operation.variable_definitions or ()
    }

    def size(value: ValueNode) -> int:
        match value:
            case IntValueNode():
                return _clamp(value.value)
            case ListValueNode():
                return _clamp(len(value.values))
            case VariableNode() if variables is not None:
                name = value.name.value
                if name in variables:
                    return _size_of(variables[name])
                default = defaults.get(name)
                return DEFAULT_PAGE_SIZE if default is None else size(default)
            case VariableNode():
                return MAX_PAGE_SIZE
        return DEFAULT_PAGE_SIZE

    return size


def _size_of(value: object) -> int:
    if isinstance(value, list):
        return _clamp(len(value))
    return DEFAULT_PAGE_SIZE if value is None else _clamp(value)


def _clamp(value: Any) -> int:
    try:
        return max(1, min(int(value), MAX_PAGE_SIZE))
    except (TypeError, ValueError):
        return MAX_PAGE_SIZE


def page_sizes(
    operation: OperationDefinitionNode, variables: Variables
) -> Callable[[FieldNode], int]:
    """Return a function that takes a field and returns its page size (given or default)."""
    return partial(_page_size, _sizes(operation, variables))


def _page_size(size: Size, node: FieldNode, names: Container[str] = ("first", "last")) -> int:
    sizes = [
        size(argument.value) for argument in node.arguments or () if argument.name.value in names
    ]
    return max(sizes, default=DEFAULT_PAGE_SIZE)


class _Visitor:
    """Visitor that measures the selections of one operation."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], size: Size) -> None:
        self._fragments = fragments
        self._size = size
        self._measured: dict[str, Complexity] = {}

    def operation(self, node: OperationDefinitionNode) -> Complexity:
        """Return the complexity of an operation."""
        return self._set(node.selection_set).plus(_directives(node.directives))

    def _set(self, selections: SelectionSetNode | None) -> Complexity:
        total = Complexity()
        for selection in selections.selections if selections else ():
            total = total.plus(self._selection(selection))
            total = total.plus(_directives(selection.directives))
        return total

    def _selection(self, node: SelectionNode) -> Complexity:
        if isinstance(node, FieldNode):
            return self._field(node)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return self._set(node.selection_set)  # type: ignore[attr-defined]

    def _fragment(self, name: str) -> Complexity:
        if name not in self._measured:
            # A fragment that contains itself counts as empty here. The validation rejects it.
            self._measured[name] = Complexity()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._measured[name] = self._set(fragment.selection_set)
        return self._measured[name]

    def _field(self, node: FieldNode) -> Complexity:
        inner = self._set(node.selection_set)
        name = node.name.value
        base = _REQUEST_COST if name in PAGED else 1
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
        if name == "nodes":
            return _page_size(self._size, node, ("ids",))
        return _page_size(self._size, node) if name in PAGED else 1


def _directives(nodes: Iterable[object] | None) -> Complexity:
    return Complexity(directives=len(list(nodes or ())))
