"""Validation of the values in a YAML mapping. Every error contains the file and the key."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql_api.cli.problem_packages.files import PackageError


class Values:
    """A YAML mapping in a file.

    Error messages print `prefix` before each key. For example, the keys of the nested mapping
    `limits` have the prefix `limits.`.
    """

    def __init__(self, path: Path, values: Mapping[str, Any], prefix: str = "") -> None:
        self._path, self._values, self._prefix = path, values, prefix

    def error(self, key: str, message: str) -> PackageError:
        """Return an error whose message contains the file, the key and `message`."""
        return PackageError(self._path, f"The key `{self._prefix}{key}` {message}")

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Check that the mapping contains only known keys, as the format requires.

        Raises:
            PackageError: A key is unknown. The message lists the known keys.
        """
        for key in self._values:
            if key not in known:
                names = ", ".join(sorted(known))
                raise self.error(key, f"is unknown in this format. Use one of these keys: {names}.")

    def get(self, key: str) -> Any:
        """Return a value without validation, or None if the key is missing."""
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """Return a string, or None if the key is missing or the string is empty."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value.strip() or None if value else None
        hint = (
            "" if isinstance(value, list | dict) else f" Write the value in quotes: {str(value)!r}."
        )
        raise self.error(key, f"must contain a string.{hint}")

    def number(self, key: str) -> float | None:
        """Return a finite number above 0, or None if the key is missing."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, "must contain a number.")
        if not (math.isfinite(value) and value > 0):
            raise self.error(key, "must contain a number greater than 0.")
        return float(value)

    def mapping(self, key: str) -> "Values":
        """Return a nested mapping. It is empty if the key is missing."""
        value = {} if self.get(key) is None else self.get(key)
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            raise self.error(
                key, "must contain a mapping, which is written as lines of the form `key: value`."
            )
        return Values(self._path, value, f"{self._prefix}{key}.")

    def texts(self, key: str) -> dict[str, str]:
        """Return a nested mapping from strings to non-empty strings."""
        inner = self.mapping(key)
        texts = {name: inner.text(name) for name in inner.names()}
        return {name: text for name, text in texts.items() if text}

    def names(self) -> list[str]:
        """Return the keys of the mapping in the order of the file."""
        return list(self._values)

    def string_list(self, key: str) -> tuple[str, ...]:
        """Return a list of strings. It is empty if the key is missing.

        If the file contains a single string instead of a list, the string is split at spaces.
        """
        value = self.get(key)
        if isinstance(value, str):
            return tuple(value.split())
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.error(key, "must contain a list of strings.")
        return tuple(value)
