"""Verdicts on a host whose CPU belongs to other programs most of the time."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from graphql_api.cli.local.process import kill_on_parent_death
from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.sandbox.cgroups import LimitBackend
from tests.support.judging import ask, open_judge, write_cases

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
NEIGHBOURS = 24
# 0.3 s of CPU time and 1.9 s of wall time. Among 24 neighbours a program gets 76 ms in 1.9 s.
TIME_LIMIT_MS = 300
SPINS = "int main(void) { for (volatile int i = 0; ; i++) ; }"
SPINS_IN_A_THREAD = """
#include <pthread.h>
void *spin(void *nothing) { for (volatile int i = 0; ; i++) ; return nothing; }
int main(void) { pthread_t id; pthread_create(&id, 0, spin, 0); pthread_join(id, 0); }
"""
# About 150 ms of CPU time: 3.7 s of wall time among the neighbours.
WORKS = """
#include <stdio.h>
#include <time.h>
int main(void) {
    struct timespec used;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used); while (used.tv_nsec < 150000000);
    puts("1");
}
"""
SLEEPS = "#include <unistd.h>\nint main(void) { for (;;) pause(); }"


@pytest.fixture(scope="module")
def one_cpu() -> Iterator[int]:
    """Keep this thread and everything that it starts on one CPU."""
    before = os.sched_getaffinity(0)
    cpu = min(before)
    os.sched_setaffinity(0, {cpu})
    yield cpu
    os.sched_setaffinity(0, before)


@pytest.fixture(scope="module", params=[None, LimitBackend.RLIMITS], ids=["best", "rlimits"])
def judge(request, one_cpu, tmp_path_factory) -> Iterator[Judge]:
    assert one_cpu is not None
    config = {"slots": 1, "languages": ("c",)}
    with open_judge(tmp_path_factory.mktemp("judge"), request.param, **config) as judge:
        yield judge


@pytest.fixture(autouse=True)
def neighbours(one_cpu) -> Iterator[None]:
    """Keep that CPU busy, in sessions of their own: the kernel shares a CPU between sessions."""
    assert one_cpu is not None
    spin = kill_on_parent_death([sys.executable, "-S", "-c", "while True: pass"])
    processes = [subprocess.Popen(spin, start_new_session=True) for _ in range(NEIGHBOURS)]
    yield
    for process in processes:
        process.send_signal(signal.SIGKILL)
    for process in processes:
        process.wait()


def verdict(judge: Judge, tmp_path, code: str) -> Verdict:
    tests = write_cases(tmp_path, ("", "1"))
    return ask(judge, "c", code, tests, time_limit_ms=TIME_LIMIT_MS).verdict


@pytest.mark.parametrize("code", [SPINS, SPINS_IN_A_THREAD], ids=["spins", "spins in a thread"])
def test_an_endless_program_is_slow_and_not_idle(judge, tmp_path, code):
    assert verdict(judge, tmp_path, code) is Verdict.TLE


def test_a_program_within_its_cpu_time_is_accepted(judge, tmp_path):
    assert verdict(judge, tmp_path, WORKS) is Verdict.AC


def test_a_program_that_sleeps_is_idle(judge, tmp_path):
    assert verdict(judge, tmp_path, SLEEPS) is Verdict.ILE
