"""Paths of the files that are downloaded, built or stored in a checkout, all under `.data/`."""

from pathlib import Path


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
