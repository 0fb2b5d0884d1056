"""Paths of downloaded, built and stored files of a checkout, all under `.data/`."""

from pathlib import Path


def project_root() -> Path:
    """Return the checkout around the current folder: the nearest parent with AlgoItny's sources.

    Outside a checkout, return the current folder, so that nothing is written into an installation.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "graphql_api").is_dir():
            return folder
    return here


def data_dir(*parts: str) -> Path:
    """Return the path of `parts` under the checkout's `.data/`, without creating it."""
    return project_root().joinpath(".data", *parts)
