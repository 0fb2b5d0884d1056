"""Where the checkout keeps what is downloaded, built or stored: everything is under `.data/`."""

from pathlib import Path


def project_root() -> Path:
    """Return the checkout that the command runs in: the nearest folder upwards with our sources.

    Outside a checkout it is the current folder: nothing is ever written into an installation.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "graphql_api").is_dir():
            return folder
    return here


def data_dir(*parts: str) -> Path:
    """Return the path of `parts` under `.data/` of the checkout; nothing is made."""
    return project_root().joinpath(".data", *parts)
