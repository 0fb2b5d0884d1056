"""Conversion between DynamoDB's typed attribute values and Python values.

A typed attribute value is a dict with one type tag, such as `{"N": "5"}`. The tag selects the
conversion. Binary values are base64 text in responses of the fast parser (`parsing.py`), and bytes
in responses of botocore's parser.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

Wire = dict[str, Any]


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _binary(value: str | bytes) -> bytes:
    return b64decode(value) if isinstance(value, str) else bytes(value)


_LOADERS: dict[str, Callable[[Any], Any]] = {
    "S": lambda value: value,
    "N": _number,
    "BOOL": lambda value: value,
    "B": _binary,
    "L": lambda value: [load(entry) for entry in value],
    "M": lambda value: load_item(value),  # noqa: PLW0108 - defined below
    "NULL": lambda _: None,
    "SS": set,
    "NS": lambda value: {_number(entry) for entry in value},
    "BS": lambda value: {_binary(entry) for entry in value},
}


def load(value: Wire) -> Any:
    """Convert a typed attribute value such as `{"N": "5"}` to a Python value."""
    ((tag, inner),) = value.items()
    return _LOADERS[tag](inner)


def load_item(item: Mapping[str, Wire]) -> dict[str, Any]:
    """Convert an item with typed attribute values to a dict of Python values."""
    return {name: load(value) for name, value in item.items()}


def dump(value: object) -> Wire:  # noqa: PLR0911 - one return statement per type
    """Convert a Python value to a typed attribute value such as `{"N": "5"}`.

    Raises:
        TypeError: values of this type cannot be stored.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [dump(entry) for entry in value]}
        case dict():
            return {"M": dump_item(value)}
        case None:
            return {"NULL": True}
    raise TypeError(f"A value of the type {type(value).__name__} cannot be stored in DynamoDB.")


def dump_item(item: Mapping[str, Any]) -> dict[str, Wire]:
    """Convert a dict of Python values to an item with typed attribute values."""
    return {name: dump(value) for name, value in item.items()}


def size_of(value: object) -> int:
    """Return the size of an attribute value in bytes, by DynamoDB's rules for item sizes.

    The rules are in the section "DynamoDB item sizes" of Amazon's developer guide. For a number,
    the result is an upper bound.
    """
    match value:
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int() | float():
            return len(repr(value)) // 2 + 2
        case bytes():
            return len(value)
        case list() | tuple():
            return 3 + sum(1 + size_of(entry) for entry in value)
        case dict():
            return 3 + sum(1 + size_of(entry) for entry in value.values()) + _names(value)
    raise TypeError(f"A value of the type {type(value).__name__} cannot be stored in DynamoDB.")


def _names(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) for name in item)


def item_size(item: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes, by DynamoDB's rules for item sizes.

    The size is the sum of the sizes of all attribute names and values.
    """
    return _names(item) + sum(map(size_of, item.values()))
