"""The two tiers of tests: `make test` runs the first one, `make test-all` runs both."""

from collections.abc import Callable, Collection, Hashable, Iterable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def by_tier(values: Iterable[Any], first: Collection[Any]) -> list[Any]:
    """Return parameters of a test, those outside `first` marked for the second tier."""
    return [
        value if value in first else pytest.param(value, marks=pytest.mark.thorough)
        for value in values
    ]


def first_of_each(values: Iterable[T], key: Callable[[T], Hashable]) -> list[T]:
    """Return the first value with each key, in the order of the values."""
    chosen: dict[Hashable, T] = {}
    for value in values:
        chosen.setdefault(key(value), value)
    return list(chosen.values())
