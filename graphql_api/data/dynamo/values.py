"""Conversion between DynamoDB's typed attribute values and Python values.

The table contains only strings, integers, booleans, bytes, lists and maps, so the type tag alone
selects the conversion. Binary values are base64 text in responses of the fast parser, and bytes in
responses of botocore's parser.
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
    """Return the Python value of a typed attribute value such as `{"N": "5"}`."""
    ((tag, inner),) = value.items()
    return _LOADERS[tag](inner)


def load_item(item: Mapping[str, Wire]) -> dict[str, Any]:
    """Return an item with typed values as a dict of Python values."""
    return {name: load(value) for name, value in item.items()}


def dump(value: object) -> Wire:  # noqa: PLR0911 - one return statement per type
    """Return the typed attribute value of a Python value.

    Raises:
        TypeError: the table does not store values of this type.
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
    raise TypeError(f"A value of type {type(value).__name__} cannot be stored.")


def dump_item(item: Mapping[str, Any]) -> dict[str, Wire]:
    """Return a dict of Python values as an item with typed values."""
    return {name: dump(value) for name, value in item.items()}


def size_of(value: object) -> int:
    """Return the number of bytes that a value adds to the size of an item, as DynamoDB counts it.

    This follows "DynamoDB item sizes" in Amazon's developer guide. The size of a number is an upper
    bound.
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
    raise TypeError(f"A value of type {type(value).__name__} cannot be stored.")


def _names(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) for name in item)


def item_size(item: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes, including its attribute names."""
    return _names(item) + sum(map(size_of, item.values()))
