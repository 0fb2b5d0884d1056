"""Paths of the files that are downloaded, built or stored in a checkout, all under `.data/`.

Only the owner may read `.data/`: it contains a database, a secret and logs.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graphql_api.private_folders import make_private_folder

OTHERS = stat.S_IRWXG | stat.S_IRWXO
# The users of sandboxes read these files, which are mounted in each sandbox.
READ_BY_SANDBOXES = Path("work", "sandbox", "shared")


def project_root() -> Path:
    """Return the root folder of the checkout: the nearest parent folder with AlgoItny's sources.

    Outside a checkout, return the current folder, so that nothing is written into an installation.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "graphql_api").is_dir():
            return folder
    return here


def data_dir(*parts: str) -> Path:
    """Return the path that consists of the checkout's `.data/` and `parts`. Do not create it."""
    return project_root().joinpath(".data", *parts)


def open_private(path: str, flags: int) -> int:
    """Open a file. Use this function as the argument `opener` of `open`.

    If the file is new, only its owner may read and write it (mode 0600).
    """
    return os.open(path, flags, 0o600)


def restrict_data_dir() -> None:
    """Create `.data/` if it is missing. Only its owner may access the folder and its content.

    The permissions of the files that are mounted in sandboxes do not change, because sandboxed
    programs run as other users and must read these files. Outside a sandbox, other users cannot
    reach these files, because they cannot enter `.data/`.
    """
    root = data_dir()
    make_private_folder(root)
    for path in (root, *_entries(root)):
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & OTHERS:
                path.chmod(stat.S_IMODE(mode) & ~OTHERS)


def _entries(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name != root / READ_BY_SANDBOXES]
        yield from (here / name for name in (*folders, *files))
