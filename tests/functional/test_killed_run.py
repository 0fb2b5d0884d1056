"""A test run that is killed, and the programs that it has started."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.thorough,
    pytest.mark.dynamodb,
    pytest.mark.redis,
    pytest.mark.sandbox,
]
# A run of one test, which starts the API with two processes, and a worker, and waits.
RUN = """
import os, sys, time
from pathlib import Path
import pytest
from tests.support.system import Api, Worker
from tests.support.waiting import wait_until

class Plugin:
    def pytest_collection(self, session):
        folder, env = Path(sys.argv[1]), dict(os.environ)
        options = ("--workers", "2")
        with Api(env, folder, options) as api, Worker(env, folder) as worker:
            api.wait_until_alive()
            wait_until("the worker's start", lambda: "ready for action" in worker.log())
            print(api.pid, worker.pid, file=sys.__stdout__, flush=True)
            time.sleep(600)

pytest.main(["-p", "no:cacheprovider", "--capture=no", sys.argv[1]], plugins=[Plugin()])
"""


def find_processes(sessions: set[int]) -> set[int]:
    """Return the processes of these process sessions."""
    found = set()
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getsid(pid) in sessions:
                found.add(pid)
    return found


def test_the_programs_of_a_killed_test_run_end(
    settings_env: dict[str, str], tmp_path: Path
) -> None:
    env = {**settings_env, "JUDGE_LANGUAGES": "python", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        words = next(line for line in run.stdout if line[:1].isdecimal()).split()
        sessions = {int(word) for word in words}
        # Each program has a parent process and children.
        assert len(find_processes(sessions)) > len(sessions)
        run.kill()
    wait_until(
        "the end of the programs", lambda: not find_processes(sessions), timeout_s=PATIENCE_S
    )
