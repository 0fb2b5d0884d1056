"""Reader of a package's untrusted files.

The sizes of files are limited. Links to files outside the package are rejected.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from graphql_api.data.limits import KB

MOST_ENTRIES = 20_000
LONGEST_YAML_BYTES = 64 * KB
BYTE_ORDER_MARK = "\ufeff"


class PackageError(Exception):
    """A package cannot be read. `path` is the invalid file. `message` describes the error."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def check_entries(root: Path) -> None:
    """Check that a package has no devices, no links to outside files and not too many entries.

    Raises:
        PackageError: An entry is not allowed, or the package has more than 20,000 entries.
    """
    home = root.resolve()
    for count, path in enumerate(_entries(root)):
        if count >= MOST_ENTRIES:
            raise PackageError(
                root,
                f"The package has more than {MOST_ENTRIES} files and directories. Remove some "
                "files or directories.",
            )
        if path.is_symlink():
            _check_link(path, home)
        elif not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISDIR(mode)):
            raise PackageError(
                path, "The entry is not a file, a directory or a link. Remove the entry."
            )


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, onerror=_unreadable):
        yield from (Path(folder, name) for name in sorted(folders + files))


def _unreadable(error: OSError) -> None:
    raise PackageError(
        Path(error.filename),
        f"Reading failed: {error.strerror}. Check the permissions of this file or directory.",
    ) from error


def _check_link(path: Path, home: Path) -> None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise PackageError(
            path, "The target of the link does not exist. Remove the link."
        ) from error
    if not target.is_relative_to(home):
        raise PackageError(
            path, "The link leads to a file outside the package. Copy this file into the package."
        )
    if target.is_dir():
        raise PackageError(
            path,
            "The link leads to a directory, which is not supported. Copy the files of this "
            "directory.",
        )


def read_bytes(path: Path, limit: int) -> bytes:
    """Return the content of a file.

    Raises:
        PackageError: The file cannot be read, or is larger than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise PackageError(
            path,
            f"Reading failed: {error.strerror}. Check the permissions of this file or directory.",
        ) from error
    if len(content) > limit:
        raise PackageError(
            path, f"The file is larger than {limit // KB} KB. Make the file smaller."
        )
    return content


def read_text(path: Path, limit: int) -> str:
    """Return the text of a UTF-8 file.

    Line ends are converted to LF, and a byte-order mark is removed.

    Raises:
        PackageError: The file cannot be read, is not UTF-8, or is larger than `limit` bytes.
    """
    content = read_bytes(path, limit)
    return decode(path, content).removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def decode(path: Path, content: bytes) -> str:
    """Return a file's content, decoded as UTF-8.

    Raises:
        PackageError: The content is not UTF-8. The message contains the position of the first
            invalid byte.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PackageError(
            path,
            f"The file is not encoded in UTF-8: byte {error.start} is invalid. Save the file in "
            "UTF-8.",
        ) from error


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file, or None if the file is empty.

    Tags that create Python objects are rejected.

    Raises:
        PackageError: The file cannot be read, is larger than 64 KB, or is not valid YAML.
    """
    text = read_text(path, LONGEST_YAML_BYTES)
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PackageError(
            path,
            f"The file is not valid YAML{place}. Correct this error: "
            f"{error.problem or error.context}.",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackageError(
            path, f"The file is not valid YAML. Correct this error: {error}"
        ) from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file. An empty file is an empty mapping.

    Raises:
        PackageError: The file cannot be read, or does not contain a mapping.
    """
    mapping = read_yaml(path)
    if mapping is None:
        return {}
    if not isinstance(mapping, dict) or not all(isinstance(key, str) for key in mapping):
        raise PackageError(
            path,
            "The file must contain a mapping, which is written as lines of the form `key: value`.",
        )
    return mapping
