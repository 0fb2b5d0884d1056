"""The supervisor, tested with short scripts."""

import asyncio
import os
import sys
import time

import psutil
import pytest

from graphql_api.cli.supervisor import Program, ProgramFailedError, Supervisor

LIVES = "import time; print('up', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(15, signal.SIG_IGN); {LIVES}"
PARENT = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']); "
    "print(child.pid, flush=True); time.sleep(60)"
)


def program(name: str, code: str, *, grace_s: float = 3.0, is_restarted: bool = True) -> Program:
    command = [sys.executable, "-S", "-c", code]
    return Program(name, command, dict(os.environ), grace_s, is_restarted)


class Log:
    """The lines written by the programs and the supervisor."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    async def until(self, name: str, part: str, count: int = 1) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            matches = [line for who, line in self.lines if who == name and part in line]
            if len(matches) >= count:
                return matches[-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} never wrote {part!r}: {self.lines}")


@pytest.fixture
def log() -> Log:
    return Log()


def pid_of(child) -> int:
    return int(child.pid)


async def test_every_line_is_written_with_its_programs_name(log: Log):
    supervisor = Supervisor(log)

    async def script() -> None:
        await supervisor.run_once(program("first", "print('a'); print('b')"))
        await supervisor.run_once(program("second", "import sys; sys.stderr.write('c')"))
        supervisor.request_stop()

    await supervisor.run(script())
    assert log.lines == [("first", "a"), ("first", "b"), ("second", "c")]


async def test_a_stop_ends_programs_in_reverse_order_and_leaves_none(log: Log):
    supervisor = Supervisor(log)
    pids: list[int] = []
    on_term = (
        "import signal, sys, time\n"
        "def end(*_): print('bye', flush=True); sys.exit(0)\n"
        "signal.signal(15, end); print('up', flush=True); time.sleep(60)"
    )

    async def script() -> None:
        for name in ("engine", "worker"):
            pids.append(pid_of(await supervisor.supervise(program(name, on_term))))
            await log.until(name, "up")
        supervisor.request_stop()

    await supervisor.run(script())
    assert [name for name, line in log.lines if line == "bye"] == ["worker", "engine"]
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.slow
async def test_a_killed_program_is_restarted(log: Log):
    supervisor = Supervisor(log)

    async def script() -> None:
        child = await supervisor.supervise(program("worker", LIVES))
        await log.until("worker", "up")
        child.kill()
        assert "was killed by SIGKILL. The program is restarted in 1 s." in await log.until(
            "dev", "worker"
        )
        await log.until("worker", "up", count=2)
        supervisor.request_stop()

    await supervisor.run(script())


@pytest.mark.slow
async def test_the_pauses_between_restarts_grow(log: Log):
    supervisor = Supervisor(log)

    async def script() -> None:
        await supervisor.supervise(program("worker", "raise SystemExit(3)"))
        await log.until("dev", "exited with code 3. The program is restarted in 1 s.")
        await log.until("dev", "The program is restarted in 2 s.")
        supervisor.request_stop()

    await supervisor.run(script())


async def test_the_end_of_a_required_program_ends_all_with_its_last_lines(log: Log):
    supervisor = Supervisor(log)
    others: list[int] = []

    async def script() -> None:
        others.append(pid_of(await supervisor.supervise(program("worker", LIVES))))
        await supervisor.supervise(
            program("api", "raise SystemExit('no table')", is_restarted=False)
        )
        await asyncio.sleep(60)

    with pytest.raises(ProgramFailedError, match=r"(?s)api exited with code 1.*no table"):
        await supervisor.run(script())
    assert not psutil.pid_exists(others[0])


async def test_a_step_that_fails_ends_all_with_its_last_lines(log: Log):
    supervisor = Supervisor(log)
    step = program("setup", "raise SystemExit('bad package')")
    with pytest.raises(ProgramFailedError, match=r"(?s)setup exited with code 1.*bad package"):
        await supervisor.run(supervisor.run_once(step))


async def test_a_program_that_ignores_sigterm_is_killed_after_its_grace(log: Log):
    supervisor = Supervisor(log)
    started = time.monotonic()

    async def script() -> None:
        await supervisor.supervise(program("deaf", DEAF, grace_s=0.2))
        await log.until("deaf", "up")
        supervisor.request_stop()

    await supervisor.run(script())
    assert time.monotonic() - started < 30


async def test_a_second_stop_kills_without_waiting_for_the_grace(log: Log):
    supervisor = Supervisor(log)
    started = time.monotonic()

    async def script() -> None:
        await supervisor.supervise(program("deaf", DEAF, grace_s=60))
        await log.until("deaf", "up")
        supervisor.request_stop()
        asyncio.get_running_loop().call_later(0.1, supervisor.request_stop)

    await supervisor.run(script())
    assert time.monotonic() - started < 30


async def test_the_children_of_a_program_end_with_it(log: Log):
    supervisor = Supervisor(log)

    async def script() -> None:
        await supervisor.supervise(program("worker", PARENT))
        await log.until("worker", "")
        supervisor.request_stop()

    started = time.monotonic()
    await supervisor.run(script())
    assert time.monotonic() - started < 30, "the grandchild held the pipe, and we waited for it"
    grandchild = int(log.lines[0][1])
    deadline = time.monotonic() + 30
    while psutil.pid_exists(grandchild) and time.monotonic() < deadline:
        if psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE:
            return
        await asyncio.sleep(0.01)
    assert not psutil.pid_exists(grandchild)


async def test_a_line_of_two_megabytes_does_not_stop_the_reading(log: Log):
    supervisor = Supervisor(log)

    async def script() -> None:
        await supervisor.run_once(program("loud", "print('x' * 2_000_000); print('after')"))
        supervisor.request_stop()

    await supervisor.run(script())
    assert ("loud", "after") in log.lines
