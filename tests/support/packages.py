"""Helpers that write problem packages into a temporary directory."""

from pathlib import Path


def write(root: Path, files: dict[str, str]) -> Path:
    """Write text files, by their path below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def more(root: Path, yaml: str) -> Path:
    """Add lines to a package's problem.yaml."""
    path = root / "problem.yaml"
    path.write_text(path.read_text() + yaml)
    return root
