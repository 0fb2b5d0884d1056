"""Estimates the number of requests to the database before an operation is executed.

The estimate assumes that the operation is executed by these rules:

- Each page of a list needs one request. Each object has its own lists.
- Objects are read in batches. Their bodies (for example, codes, results and statements) are also
  read in batches.
- Equal reads are made only once.

All pages are assumed to be full. All histories (stored executions) in a list are assumed to belong
to one problem, because they often do. While the operation runs, the actual requests are counted
(see `data/dynamo/bounds.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    print_ast,
)

from graphql_api.data.dynamo.bodies import BOUNDED_ITEMS
from graphql_api.data.dynamo.client import BATCH_GET_KEYS
from graphql_api.data.enums import JobStatus
from graphql_api.schema import ids
from graphql_api.schema.complexity import PAGED, Variables, page_sizes

# Fields that need one request for each object, in addition to the fields that return pages.
_SINGLE = frozenset({"executionCount", "stats", "usage"})
# Fields that are read in batches, with the name of their batch. One batch contains the bodies of
# several objects.
_BODIES = {
    "code": "codes",
    "compileOutput": "results",
    "diagnosis": "results",
    "testResults": "results",
    "statement": "texts",
    "constraints": "texts",
    "solution": "solutions",
    "checker": "checkers",
    "rejudged": "job results",
}
# The field `code` of these objects needs no request, because it is read together with the object.
_READ_WITH_CODE = frozenset({"solution", "checker"})
_CARDS = {
    "problem": "Problem",
    "history": "History",
    "job": "Job",
    "viewer": "User",
    "fault": "faults",
}
_TYPES = {
    ids.Kind.USER: "User",
    ids.Kind.PROBLEM: "Problem",
    ids.Kind.HISTORY: "History",
    ids.Kind.TEST_CASE: "TestCase",
    ids.Kind.JOB: "Job",
}


@dataclass(frozen=True, slots=True)
class _Parent:
    """The objects whose fields a selection requests.

    Two instances with the same `key` represent the same objects. `field` is the name of the field
    that returns the objects. If the objects were requested by their global ids, `types` is the
    number of objects of each type. Otherwise, it is None.
    """

    key: Hashable
    count: int
    field: str | None = None
    types: Mapping[str, int] | None = None


def estimate_requests(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Variables
) -> int:
    """Return the estimated number of requests to the database. All pages are assumed to be full.

    The changes of a mutation are not included. The caller must check the cost of the operation
    first, because this function visits the fields of a fragment again each time the fragment is
    used.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    estimator = _Estimator(fragments, operation, variables)
    is_mutation = operation.operation is OperationType.MUTATION
    estimator.visit(operation.selection_set, _Parent("mutation" if is_mutation else "query", 1))
    return estimator.total()


class _Estimator:
    """Collects the reads of one operation, and estimates the number of requests for them."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        operation: OperationDefinitionNode,
        variables: Variables,
    ) -> None:
        self._fragments = fragments
        self._variables = _with_defaults(operation, variables)
        self._size = page_sizes(operation, variables)
        self._single: dict[Hashable, int] = {}
        self._batched: defaultdict[tuple[str, int], dict[Hashable, int]] = defaultdict(dict)

    def total(self) -> int:
        """Return the number of requests for all collected reads."""
        batches = (ceil(sum(counts.values()) / size) for (_, size), counts in self._batched.items())
        return sum(self._single.values()) + sum(batches)

    def visit(self, selections: SelectionSetNode | None, parent: _Parent) -> None:
        """Add the reads for a selection of fields."""
        for node in selections.selections if selections else ():
            if not self._is_included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                self._add_field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments.get(node.name.value)
                if fragment is not None:
                    self._narrow(fragment.type_condition.name.value, fragment, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                self._narrow(condition.name.value if condition else None, node, parent)

    def _narrow(
        self, name: str | None, node: FragmentDefinitionNode | InlineFragmentNode, parent: _Parent
    ) -> None:
        """Add the reads for a fragment on the type `name`, or on any type if `name` is None.

        If the types of the objects are known, only the objects of the type `name` are counted.
        """
        if parent.types is None or name is None or name == "Node":
            self.visit(node.selection_set, parent)
        elif parent.types.get(name):
            self.visit(node.selection_set, _Parent((parent.key, name), parent.types[name]))

    def _add_field(self, node: FieldNode, parent: _Parent) -> None:
        name = node.name.value
        key = parent.key, name, self._arguments(node)
        if name in ("node", "nodes") and self._find_argument(node, "id", "ids"):
            self.visit(node.selection_set, self._add_nodes(node, key))
            return
        if name in PAGED or name in _SINGLE:
            self._single[key] = parent.count * _requests_per_page(node)
        elif name in _BODIES and parent.field not in _READ_WITH_CODE:
            self._batched[_BODIES[name], BOUNDED_ITEMS][parent.key] = parent.count
        elif name in _CARDS and parent.key != "mutation":
            count = 1 if name == "problem" else parent.count
            self._batched[_CARDS[name], BATCH_GET_KEYS][key] = count
        self.visit(node.selection_set, _Parent(key, self._count_children(node, parent), name))

    def _count_children(self, node: FieldNode, parent: _Parent) -> int:
        if node.name.value == "problem":
            return 1
        return parent.count * self._size(node) if node.name.value in PAGED else parent.count

    def _add_nodes(self, node: FieldNode, key: Hashable) -> _Parent:
        argument = self._find_argument(node, "id", "ids")
        types = Counter(filter(None, map(_type_of, set(self._texts(argument)))))
        for name, count in types.items():
            self._batched[name, BATCH_GET_KEYS][key] = count
        return _Parent(key, sum(types.values()), types=types)

    # Values

    @staticmethod
    def _find_argument(node: FieldNode, *names: str) -> ValueNode | None:
        found = (given.value for given in node.arguments or () if given.name.value in names)
        return next(found, None)

    def _texts(self, value: ValueNode | None) -> Iterable[str]:
        """Yield the ids in a value that is an id, a list of ids, or a variable."""
        match value:
            case StringValueNode():
                yield value.value
            case ListValueNode():
                for item in value.values:
                    yield from self._texts(item)
            case VariableNode():
                given = self._variables.get(value.name.value)
                if isinstance(given, ValueNode):
                    yield from self._texts(given)
                else:
                    yield from filter(_is_text, given if isinstance(given, list) else [given])

    def _arguments(self, node: FieldNode) -> Hashable:
        """Return the arguments of a field in a hashable form. Equal arguments have equal forms."""
        return frozenset(
            (argument.name.value, self._show(argument.value)) for argument in node.arguments or ()
        )

    def _show(self, value: ValueNode) -> str:
        if not isinstance(value, VariableNode):
            return print_ast(value)
        name = value.name.value
        given = self._variables.get(name)
        if isinstance(given, ValueNode):
            return print_ast(given)
        # Other values can be long. They are represented by the name of the variable.
        return repr(given) if isinstance(given, int | None) else f"${name}"

    def _is_included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in ("include", "skip") and self._condition(directive) is (name == "skip"):
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool | None:
        for argument in directive.arguments or ():
            value: Any = argument.value
            if isinstance(value, VariableNode):
                value = self._variables.get(value.name.value)
            if isinstance(value, BooleanValueNode):
                value = value.value
            if isinstance(value, bool):
                return value
        return None


def _with_defaults(operation: OperationDefinitionNode, variables: Variables) -> dict[str, Any]:
    """Return the values of all variables, including defaults.

    A default value is a node of the syntax tree. All other values are Python objects.
    """
    defaults = {
        definition.variable.name.value: definition.default_value
        for definition in operation.variable_definitions or ()
    }
    return {**defaults, **variables}


def _requests_per_page(node: FieldNode) -> int:
    is_filtered = any(given.name.value in ("kind", "status") for given in node.arguments or ())
    # Without a filter, the jobs of each status are read from a separate list.
    return len(JobStatus) if node.name.value == "jobs" and not is_filtered else 1


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _type_of(text: str) -> str | None:
    decoded = ids.decode(text)
    return _TYPES.get(decoded[0]) if decoded else None
