"""Reading the files of a package, none of which is trusted: bounded, UTF-8, inside the package."""

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
    """A package cannot be read: `path` is the file at fault, `message` says what to change."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


def check_entries(root: Path) -> None:
    """Refuse what a package must not hold: links that leave it, devices, endless trees.

    Raises:
        PackageError: names the entry.
    """
    home = root.resolve()
    for count, path in enumerate(_entries(root)):
        if count >= MOST_ENTRIES:
            raise PackageError(root, f"a package has at most {MOST_ENTRIES} files and directories")
        if path.is_symlink():
            _check_link(path, home)
        elif not (stat.S_ISREG(mode := path.lstat().st_mode) or stat.S_ISDIR(mode)):
            raise PackageError(path, "only files, directories and links belong into a package")


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root, onerror=_unreadable):
        yield from (Path(folder, name) for name in sorted(folders + files))


def _unreadable(error: OSError) -> None:
    raise PackageError(Path(error.filename), f"cannot be read: {error.strerror}") from error


def _check_link(path: Path, home: Path) -> None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise PackageError(path, "the link leads nowhere") from error
    if not target.is_relative_to(home):
        raise PackageError(path, "the link leaves the package; copy the file into it")
    if target.is_dir():
        raise PackageError(path, "links to directories are not followed; copy its files")


def read_bytes(path: Path, limit: int) -> bytes:
    """Return a file's bytes.

    Raises:
        PackageError: it cannot be read, or has more than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise PackageError(path, f"cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise PackageError(path, f"has more than {limit // KB} KB")
    return content


def read_text(path: Path, limit: int) -> str:
    """Return a UTF-8 file's text, its lines ended by LF, without a byte-order mark.

    Raises:
        PackageError: it cannot be read, is not UTF-8, or has more than `limit` bytes.
    """
    content = read_bytes(path, limit)
    return decode(path, content).removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def decode(path: Path, content: bytes) -> str:
    """Return the text of bytes that are to be UTF-8.

    Raises:
        PackageError: they are not; it names the first wrong byte.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PackageError(path, f"is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def read_yaml(path: Path) -> Any:
    """Return what a YAML file says, made of plain values only; None if it is empty.

    Raises:
        PackageError: it cannot be read, or is no YAML.
    """
    text = read_text(path, LONGEST_YAML_BYTES)
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise PackageError(path, f"is no YAML{place}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PackageError(path, f"is no YAML: {error}") from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; an empty one if the file is empty.

    Raises:
        PackageError: it cannot be read, or holds something else.
    """
    found = read_yaml(path)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise PackageError(path, "must be a mapping of `key: value` lines")
    return found
