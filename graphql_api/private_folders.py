"""Folders that only their owner may enter."""

from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents. Only the owner may enter the created folders."""
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
