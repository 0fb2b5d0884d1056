"""Builds the static C program of the sandbox, once for each hash of its sources.

The program runs as the spawner of a slot (`spawner.c`) and as pid 1 of each sandbox. As pid 1 it
reads its configuration (`config.c`), builds the run rootfs (`rootfs.c`) and runs the program
(`runner.c`).
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from judge.sandbox.errors import SandboxUnavailable

SOURCES = Path(__file__).parent
FLAGS = ("-O2", "-static", "-Wall", "-Werror=implicit-function-declaration")
REMEDY = "apt-get install -y bubblewrap gcc libc6-dev g++"


def build_program(directory: Path) -> Path:
    """Return the path of the C program in `directory`. Build the program if it does not exist.

    Every user of the host may execute the program.

    Raises:
        SandboxUnavailable: a C compiler or the static C library is missing.
    """
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    sources = sorted((*SOURCES.glob("*.c"), *SOURCES.glob("*.h")))
    digest = hashlib.sha256(repr(FLAGS).encode())
    for source in sources:
        digest.update(source.read_bytes())
    target = directory / f"runner-{digest.hexdigest()[:16]}"
    if not target.exists():
        _compile([source for source in sources if source.suffix == ".c"], target)
    return target


def _compile(sources: Sequence[Path], target: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SandboxUnavailable(
            "The sandbox's runner cannot be compiled, because no C compiler is installed. Install "
            f"a C compiler: {REMEDY}"
        )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        built = Path(scratch) / target.name
        command = [compiler, *FLAGS, "-o", str(built), *map(str, sources)]
        result = subprocess.run(  # noqa: S603 - sources of this package
            command, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise SandboxUnavailable(
                "The sandbox's runner cannot be compiled. The static C library may be missing. "
                f"Install it: {REMEDY}\n{result.stderr.strip()[-2000:]}"
            )
        built.chmod(0o555)
        os.replace(built, target)  # noqa: PTH105 - atomic if two workers build at the same time
