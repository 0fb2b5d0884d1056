"""Conditions and updates, and their conversion to DynamoDB's expressions with placeholders.

Every attribute name gets a placeholder, because DynamoDB rejects reserved words in expressions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql_api.data.dynamo.values import Wire, dump


class Placeholders:
    """The placeholders in the expressions of one request, with their attribute names and values."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Wire] = {}

    def name(self, attribute: str) -> str:
        """Return the placeholder of an attribute name. Define the placeholder if necessary."""
        alias = "#" + "".join(c if c.isalnum() else "_" for c in attribute)
        while self.names.setdefault(alias, attribute) != attribute:
            alias += "_"
        return alias

    def value(self, value: object) -> str:
        """Define a new placeholder for a value and return the placeholder."""
        alias = f":{len(self.values)}"
        self.values[alias] = dump(value)
        return alias

    def parameters(self) -> dict[str, Any]:
        """Return the request parameters that define the placeholders."""
        parameters: dict[str, Any] = {}
        if self.names:
            parameters["ExpressionAttributeNames"] = self.names
        if self.values:
            parameters["ExpressionAttributeValues"] = self.values
        return parameters


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the attributes of one item, such as `equals("st", "PENDING")`.

    Combine conditions with `&` and `|`. A condition has one or more parts, joined by `joiner`. Each
    part is a template, an attribute name and values. In a template, `{0}` represents the attribute
    name, and `{1}`, `{2}` and so on represent the values.
    """

    parts: tuple[tuple[str, str, tuple[object, ...]], ...]
    joiner: str = " AND "

    def render(self, places: Placeholders) -> str:
        """Return the condition as a DynamoDB expression. Add its placeholders to `places`."""
        return self.joiner.join(
            template.format(places.name(name), *map(places.value, values))
            if name
            else f"({values[0].render(places)})"  # type: ignore[attr-defined]
            for template, name, values in self.parts
        )

    def __and__(self, other: "Condition") -> "Condition":
        return _join(" AND ", self, other)

    def __or__(self, other: "Condition") -> "Condition":
        return _join(" OR ", self, other)


def _join(joiner: str, *conditions: Condition) -> Condition:
    parts: list[tuple[str, str, tuple[object, ...]]] = []
    for condition in conditions:
        if condition.joiner == joiner or len(condition.parts) == 1:
            parts.extend(condition.parts)
        else:
            parts.append(("", "", (condition,)))
    return Condition(tuple(parts), joiner)


def _one(template: str, name: str, *values: object) -> Condition:
    return Condition(((template, name, values),))


def equals(name: str, value: object) -> Condition:
    """Require that an attribute has this value. A value of None requires an absent attribute."""
    return absent(name) if value is None else _one("{0} = {1}", name, value)


def differs(name: str, value: object) -> Condition:
    """Require that an attribute has a different value or is absent."""
    return _one("{0} <> {1}", name, value)


def below(name: str, value: object) -> Condition:
    """Require that an attribute is less than a value."""
    return _one("{0} < {1}", name, value)


def above(name: str, value: object) -> Condition:
    """Require that an attribute is greater than a value."""
    return _one("{0} > {1}", name, value)


def at_least(name: str, value: object) -> Condition:
    """Require that an attribute is greater than or equal to a value."""
    return _one("{0} >= {1}", name, value)


def at_most(name: str, value: object) -> Condition:
    """Require that an attribute is less than or equal to a value."""
    return _one("{0} <= {1}", name, value)


def between(name: str, low: object, high: object) -> Condition:
    """Require that an attribute is between two values (inclusive)."""
    return _one("{0} BETWEEN {1} AND {2}", name, low, high)


def begins_with(name: str, prefix: str) -> Condition:
    """Require that an attribute is a string that begins with a prefix."""
    return _one("begins_with({0}, {1})", name, prefix)


def one_of(name: str, values: Sequence[object]) -> Condition:
    """Require that an attribute has one of these values."""
    places = ", ".join(f"{{{index}}}" for index in range(1, len(values) + 1))
    return _one(f"{{0}} IN ({places})", name, *values)


def absent(name: str = "PK") -> Condition:
    """Require that an attribute is absent.

    The default `name` is a key attribute, so `absent()` requires that the item does not exist.
    """
    return _one("attribute_not_exists({0})", name)


def exists(name: str = "PK") -> Condition:
    """Require that an attribute is present.

    The default `name` is a key attribute, so `exists()` requires that the item exists.
    """
    return _one("attribute_exists({0})", name)


@dataclass(frozen=True, slots=True)
class Change:
    """An update of the attributes of one item.

    `put` contains attributes and their new values. A value of None removes the attribute. `add`
    contains attributes and the numbers to add. `drop` contains the names of attributes to remove.
    """

    put: Mapping[str, Any] = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)
    drop: Sequence[str] = ()

    def render(self, places: Placeholders) -> str:
        """Return the update as a DynamoDB expression. Add its placeholders to `places`."""
        sets = [
            f"{places.name(name)} = {places.value(value)}"
            for name, value in self.put.items()
            if value is not None
        ]
        adds = [f"{places.name(name)} {places.value(value)}" for name, value in self.add.items()]
        removes = [places.name(name) for name, value in self.put.items() if value is None]
        removes += [places.name(name) for name in self.drop]
        clauses = (("SET", sets), ("ADD", adds), ("REMOVE", removes))
        return " ".join(f"{verb} {', '.join(terms)}" for verb, terms in clauses if terms)
