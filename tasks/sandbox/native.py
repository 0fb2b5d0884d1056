"""The two static C programs of the sandbox, built once and kept by the hash of their source.

`runner` is pid 1 inside every sandbox; `spawner` starts the sandboxes of one slot.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tasks.sandbox.errors import SandboxUnavailable

SOURCES = Path(__file__).parent
FLAGS = ("-O2", "-static", "-Wall", "-Werror=implicit-function-declaration")
REMEDY = "apt-get install -y bubblewrap gcc libc6-dev g++"


@dataclass(frozen=True, slots=True)
class NativePrograms:
    """Where the built programs lie; readable and executable by every user."""

    runner: Path
    spawner: Path


def build_programs(directory: Path) -> NativePrograms:
    """Return the programs, building into `directory` those that are not there yet.

    Raises SandboxUnavailable without a compiler or without a static C library.
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    return NativePrograms(_build("runner", directory), _build("spawner", directory))


def _build(name: str, directory: Path) -> Path:
    source = SOURCES / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes() + repr(FLAGS).encode()).hexdigest()[:16]
    target = directory / f"{name}-{digest}"
    if not target.exists():
        _compile(source, target)
    return target


def _compile(source: Path, target: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SandboxUnavailable(f"There is no C compiler for the sandbox's runner: {REMEDY}")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        built = Path(scratch) / target.name
        command = [compiler, *FLAGS, "-o", str(built), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - own source
        if done.returncode != 0:
            raise SandboxUnavailable(
                f"The sandbox's {source.name} does not build (no static C library?): {REMEDY}\n"
                f"{done.stderr.strip()[-2000:]}"
            )
        built.chmod(0o555)
        os.replace(built, target)  # noqa: PTH105 - atomic also where two workers build at once
