"""Engine processes, tested with short scripts."""

import os
import socket
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from graphql_api.cli.local.process import (
    EngineProcess,
    EngineUnavailable,
    exclusive,
    free_port,
    is_listening,
    run_tool,
)


class Script(EngineProcess):
    """A Python script that is ready when it has written a file."""

    def __init__(self, folder: Path, code: str) -> None:
        super().__init__("the script", folder / "log")
        self.mark = folder / "ready"
        self.code = code

    def command(self) -> list[str]:
        return [sys.executable, "-S", "-c", self.code.replace("MARK", repr(str(self.mark)))]

    def is_ready(self) -> bool:
        return self.mark.exists()


LIVES = "import time; print('up', flush=True); open(MARK, 'w'); time.sleep(60)"
DEAF = f"import signal; signal.signal(15, signal.SIG_IGN); {LIVES}"


def test_start_returns_when_the_engine_is_ready_and_stop_leaves_no_process(tmp_path: Path):
    with Script(tmp_path, LIVES) as engine:
        pid = engine.pid
        assert engine.is_running
        assert engine.mark.exists()
    assert not psutil.pid_exists(pid)
    assert engine.log_path.read_text() == "up\n"


@pytest.mark.slow
def test_an_engine_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path):
    engine = Script(tmp_path, DEAF).start()
    pid = engine.pid
    started = time.monotonic()
    engine.stop(grace_s=0.3)
    assert time.monotonic() - started < 30
    assert not psutil.pid_exists(pid)


def test_an_engine_that_ends_at_its_start_is_reported_with_its_output(tmp_path: Path):
    with pytest.raises(EngineUnavailable, match=r"(?s)the script ended.*no such disk"):
        Script(tmp_path, "raise SystemExit('no such disk')").start()


def test_an_engine_that_never_answers_is_reported_and_ended(tmp_path: Path):
    engine = Script(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(EngineUnavailable, match="did not answer"):
        engine.start(timeout_s=0.1)
    assert not engine.is_running


def test_ctrl_c_of_the_terminal_does_not_reach_an_engine(tmp_path: Path):
    with Script(tmp_path, LIVES) as engine:
        assert os.getpgid(engine.pid) != os.getpgid(0)


def test_a_free_port_has_no_listener():
    port = free_port()
    assert not is_listening(port)
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
        assert is_listening(port)


def test_the_second_process_waits_for_the_lock(tmp_path: Path):
    order: list[str] = []
    held = threading.Event()

    def second() -> None:
        held.wait()
        with exclusive(tmp_path / "guard"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with exclusive(tmp_path / "guard"):
        held.set()
        time.sleep(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_tool_that_times_out_is_ended_and_reported():
    code, last = run_tool([sys.executable, "-S", "-c", "import time; time.sleep(9)"], timeout_s=0.1)
    assert code == 124
    assert "did not end" in last


def test_a_tool_gives_its_exit_code_and_last_lines():
    script = "for i in range(20): print(i)\nraise SystemExit(3)"
    code, last = run_tool([sys.executable, "-S", "-c", script], timeout_s=120)
    assert (code, last) == (3, "\n".join(str(i) for i in range(12, 20)))
