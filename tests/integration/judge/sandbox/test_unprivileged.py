"""The attacks on the sandbox of a worker that is not root.

Such a worker has no control groups, cannot change its user, and cannot reach files in the homes of
other users. The attacks skip by name the layers that it does not have. Its limits are `rlimits`,
whose layers other tests remove one by one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.sandbox.spawner import NOBODY
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="all tests run as an unprivileged user"),
]
HERE = Path(__file__).parent
# In a new mount namespace, in which the closed directory contains only this one.
BIND = """
hold=$(mktemp -d)
mount --bind {path} $hold
mount -t tmpfs -o mode=755 tmpfs {closed}
mkdir -p {path}
mount --bind $hold {path}
"""
BECOME = f"exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups"


def closed_above(path: Path) -> Path | None:
    """Return the first directory on the way to a path that other users may not enter."""
    ways = [*reversed(path.parents), path]
    return next((way for way in ways if not way.stat().st_mode & 0o001), None)


def opened(paths: list[Path]) -> str:
    """Return a script that makes paths reachable for all users, each in an empty directory."""
    script = "set -e\n"
    for path in paths:
        closed = closed_above(path)
        if closed is not None:
            script += BIND.format(path=path, closed=closed)
    return script


@pytest.fixture
def ensure_private_directory() -> Iterator[Path]:
    """A directory of the unprivileged user."""
    directory = Path(tempfile.mkdtemp(prefix="unprivileged-", dir="/var/tmp"))
    os.chown(directory, NOBODY, NOBODY)
    yield directory
    shutil.rmtree(directory)


# The attacks whose layers differ for such a worker.
OTHER_LAYERS = (
    *("its_program", "next_run", "same_time", "of_another_user", "run_before", "daemons"),
    *("zombie", "process_1", "loopback"),
)


CHOSEN = (
    "(test_it_is_stopped and best)",
    f"(test_it_works_without_them and not exhaust and ({' or '.join(OTHER_LAYERS)}))",
    *("killed_worker", "spawner_that_was_lost", "unix_socket_pairs", "every_call"),
)


@pytest.mark.timeout(900)
def test_the_attacks_as_a_user_that_is_not_root(ensure_private_directory):
    command = [sys.executable, "-m", "pytest", str(HERE), "-q", "-p", "no:cacheprovider"]
    command += ["--basetemp", str(ensure_private_directory / "tests"), "-k", " or ".join(CHOSEN)]
    script = opened([ROOT, Path(sys.base_prefix)]) + f'{BECOME} "$@"'
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", *command],
        cwd=ROOT,
        env={**os.environ, "HOME": str(ensure_private_directory), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in ran.stderr:
        pytest.skip(f"root may make no mount namespace here: {ran.stderr.strip()}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
