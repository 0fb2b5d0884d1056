"""The playground: the GraphiQL page, built from `playground/` into `.data/playground`."""

import hashlib
import shutil
from pathlib import Path

from graphql_api.cli.local.node import Node, prepare_node
from graphql_api.cli.local.paths import data_dir, project_root
from graphql_api.cli.local.process import EngineUnavailable, exclusive, run_tool

BUILD_TIMEOUT_S = 600
STAMP = ".inputs"


def source_dir() -> Path:
    """Return the folder with the sources of the page and its package-lock.json."""
    return project_root() / "playground"


def output_dir() -> Path:
    """Return the folder with the built page. The API serves this folder."""
    return data_dir("playground")


def inputs_hash(source: Path) -> str:
    """Return a SHA-256 of all files on which the built page depends."""
    digest = hashlib.sha256()
    names = (".npmrc", "package.json", "package-lock.json", "build.mjs")
    for path in (*(source / name for name in names), *sorted((source / "src").iterdir())):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def is_built() -> bool:
    """Return whether the page was built from the current sources."""
    return _stamp(output_dir()) == inputs_hash(source_dir())


def prepare_playground() -> bool:
    """Build the page if its sources have changed. Return False if it is already up to date.

    Several processes may call this function at the same time.

    Raises:
        EngineUnavailable: Node is missing, the packages cannot be downloaded, or the build failed.
    """
    if is_built():
        return False
    with exclusive(data_dir("engines", "playground.lock")):
        if is_built():
            return False
        _build(prepare_node(), source_dir(), output_dir())
    return True


def _build(node: Node, source: Path, output: Path) -> None:
    current_hash = inputs_hash(source)
    installed = source / "node_modules" / STAMP
    locked = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()
    if _stamp(installed.parent) != locked:
        _run(node, [str(node.npm), "ci", "--ignore-scripts"], source)
        installed.write_text(locked)
    incoming = output.with_name("playground.incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    _run(node, [str(node.node), "build.mjs", str(incoming)], source)
    (incoming / STAMP).write_text(current_hash)
    shutil.rmtree(output, ignore_errors=True)
    incoming.rename(output)


def _stamp(folder: Path) -> str | None:
    try:
        return (folder / STAMP).read_text()
    except FileNotFoundError:
        return None


def _run(node: Node, command: list[str], folder: Path) -> None:
    code, last = run_tool(command, timeout_s=BUILD_TIMEOUT_S, cwd=folder, env=node.environment())
    if code != 0:
        raise EngineUnavailable(
            "The playground could not be built. The API works without the playground. Try again: "
            f"make setup\nThe last lines of the output of {Path(command[0]).name}:\n{last}"
        )
