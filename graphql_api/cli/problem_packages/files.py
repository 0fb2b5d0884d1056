"""Reader of a package's untrusted files: bounded sizes, UTF-8, no links out of the package."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

KB = 1024
MB = 1024 * KB
MOST_ENTRIES = 20_000
LONGEST_YAML_BYTES = 64 * KB
BYTE_ORDER_MARK = "\ufeff"


class PackageError(Exception):
    """A package cannot be read; `path` is the faulty file, `message` its error."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def check_entries(root: Path) -> None:
    """Check that a package has no links that leave it, no devices and not too many entries.

    Raises:
        PackageError: An entry is not allowed, or there are more than 20,000.
    """
    home = root.resolve()
    for count, path in enumerate(_entries(root)):
        if count >= MOST_ENTRIES:
            raise PackageError(root, f"has more than {MOST_ENTRIES} files and directories")
        if path.is_symlink():
            _check_link(path, home)
        elif not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISDIR(mode)):
            raise PackageError(path, "is not a file, directory or link; remove it")


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, onerror=_unreadable):
        yield from (Path(folder, name) for name in sorted(folders + files))


def _unreadable(error: OSError) -> None:
    raise PackageError(Path(error.filename), f"cannot be read: {error.strerror}") from error


def _check_link(path: Path, home: Path) -> None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise PackageError(path, "the link is broken; remove it") from error
    if not target.is_relative_to(home):
        raise PackageError(path, "the link leaves the package; copy the file into it")
    if target.is_dir():
        raise PackageError(path, "links to directories are not followed; copy its files")


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a file.

    Raises:
        PackageError: The file cannot be read, or is larger than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise PackageError(path, f"cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise PackageError(path, f"is larger than {limit // KB} KB")
    return content


def read_text(path: Path, limit: int) -> str:
    """Read a UTF-8 text file; return its text with LF line ends and no byte-order mark.

    Raises:
        PackageError: The file cannot be read, is not UTF-8, or is larger than `limit` bytes.
    """
    content = read_bytes(path, limit)
    return decode(path, content).removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def decode(path: Path, content: bytes) -> str:
    """Decode a file's content as UTF-8.

    Raises:
        PackageError: The content is not UTF-8; the message has the first invalid byte.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PackageError(path, f"is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def read_yaml(path: Path) -> Any:
    """Read a YAML file of plain values; return None if it is empty.

    Raises:
        PackageError: The file cannot be read, or is not YAML.
    """
    text = read_text(path, LONGEST_YAML_BYTES)
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PackageError(
            path, f"is not valid YAML{place}: {error.problem or error.context}"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackageError(path, f"is not valid YAML: {error}") from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that contains a mapping; an empty file is an empty mapping.

    Raises:
        PackageError: The file cannot be read, or does not contain a mapping.
    """
    mapping = read_yaml(path)
    if mapping is None:
        return {}
    if not isinstance(mapping, dict) or not all(isinstance(key, str) for key in mapping):
        raise PackageError(path, "must be a mapping of `key: value` lines")
    return mapping
