"""Slot sessions: prepared sandboxes, and pairs of connected programs."""

import contextlib
import os
import signal
import threading
import time
from dataclasses import replace

import pytest

from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.slots import WaitCancelled
from tests.support.sandbox.sandboxes import descendants, processes_named
from tests.support.waiting import wait_until

pytestmark = pytest.mark.sandbox
LIMITS = RunLimits(cpu_ms=10_000, wall_ms=30_000, memory_kb=64 * 1024)
READS = Program(("/bin/sh", "-c", "read -r line; echo $line $$; ls /tmp; touch /tmp/left"))


def text(report) -> str:
    with report:
        assert report.outcome is Outcome.OK, report
        return str(report.stdout.read().decode())


def echo(session, word: str) -> str:
    """Run a program that prints a word, and return its output."""
    return text(session.run(Program(("/bin/echo", word)), b"", LIMITS)).strip()


def sandboxes(sandbox) -> set[int]:
    """Return the processes below all spawners: waiting or running sandboxes."""
    return set(descendants(sandbox.spawners))


def test_each_run_of_a_turn_has_a_sandbox_of_its_own(sandbox):
    with sandbox.inner.open_session() as session:
        inputs = [f"{n}\n".encode() for n in range(5)]
        said = [
            text(session.run(READS, stdin, LIMITS, then=then))
            for stdin, then in zip(inputs, [*inputs[1:], None], strict=True)
        ]
    assert said == [f"{n} 2\n" for n in range(5)]


def test_the_next_sandbox_waits_and_what_waits_in_vain_is_ended(sandbox):
    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=b"2\n"))
        wait_until("the prepared sandbox", lambda: sandboxes(sandbox))
    assert sandboxes(sandbox) == set()


def test_a_sandbox_that_waits_is_not_used_for_another_program_or_other_limits(sandbox):
    other = Program(("/bin/echo", "other"))
    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=b"2\n"))
        assert text(session.run(other, b"", LIMITS, then=b"2\n")) == "other\n"
        limits = replace(LIMITS, cpu_ms=100)
        with session.run(other, b"", limits) as report:
            assert report.outcome is Outcome.OK


def test_each_run_reads_its_own_input_whatever_was_expected_of_it(sandbox, tmp_path):
    (tmp_path / "expected").write_bytes(b"expected\n")
    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=tmp_path / "expected"))
        assert text(session.run(READS, b"2\n", LIMITS, then=b"2\n")) == "2 2\n"
        assert text(session.run(READS, tmp_path / "expected", LIMITS)) == "expected 2\n"


def test_a_missing_input_is_reported_by_the_run_that_reads_it(sandbox, tmp_path):
    with sandbox.inner.open_session() as session:
        assert text(session.run(READS, b"1\n", LIMITS, then=tmp_path / "missing")) == "1 2\n"
        with session.run(READS, tmp_path / "missing", LIMITS) as report:
            assert report.outcome is Outcome.INTERNAL
            assert "missing" in report.message
        assert text(session.run(READS, b"2\n", LIMITS)) == "2 2\n"


def test_a_pair_does_without_the_sandbox_that_waits(sandbox):
    speaker = Program(("/bin/sh", "-c", "echo hello"))
    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=b"2\n"))
        for report in session.run_pair((speaker, READS), (LIMITS, LIMITS)):
            with report:
                assert report.outcome in (Outcome.OK, Outcome.SIGNALLED), report
        text(session.run(READS, b"2\n", LIMITS))


def test_a_sandbox_that_was_ended_while_it_waited_is_replaced(sandbox):
    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=b"2\n"))
        for pid in sandboxes(sandbox):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while sandboxes(sandbox):
            pass
        assert text(session.run(READS, b"2\n", LIMITS)) == "2 2\n"


@pytest.mark.slow
def test_waiting_costs_the_program_neither_time_nor_memory(sandbox):
    with sandbox.inner.open_session() as session:
        session.run(Program(("/bin/true",)), b"", LIMITS, then=b"2\n").close()
        session.run(Program(("/bin/sleep", "0.2")), b"", LIMITS).close()
        program = Program(("/bin/sleep", "0.1"))
        session.run(program, b"", LIMITS, then=b"2\n").close()
        time.sleep(1)
        began = time.monotonic()
        with session.run(program, b"", LIMITS) as report:
            assert report.outcome is Outcome.OK
            assert 100 <= report.wall_ms <= (time.monotonic() - began) * 1000 + 1
            assert report.peak_kb < 8 * 1024


def test_a_run_that_is_cancelled_ends_the_turn_cleanly(sandbox):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with sandbox.inner.open_session(stop.is_set) as session:
        report = session.run(Program(("/bin/sleep", "20")), b"", LIMITS, then=b"2\n")
        report.close()
    assert report.outcome is Outcome.CANCELLED
    assert sandboxes(sandbox) == set()


def test_a_program_whose_spawner_is_lost_runs_once_more(sandbox):
    def lose():
        wait_until("the program's start", lambda: processes_named("sleep 1; echo again"))
        for one in list(sandbox.inner._spawners.values()):
            os.kill(one.pid, signal.SIGKILL)

    with sandbox.inner.open_session() as session:
        text(session.run(READS, b"1\n", LIMITS, then=b"2\n"))
        loser = threading.Thread(target=lose)
        loser.start()
        slow = Program(("/bin/sh", "-c", "sleep 1; echo again"))
        with session.run(slow, b"", LIMITS, then=b"2\n") as report:
            assert report.outcome is Outcome.OK
        loser.join()
        assert text(session.run(READS, b"2\n", LIMITS)) == "2 2\n"


def test_a_session_shows_that_another_user_waits_for_its_slot(sandbox):
    slots, stop = sandbox.inner.slots, threading.Event()

    def wait():
        with contextlib.suppress(WaitCancelled), slots.take(stop.is_set, "bob"):
            pass

    with contextlib.ExitStack() as held:
        session = held.enter_context(sandbox.inner.open_session(owner="ada"))
        for _ in range(len(slots) - 1):
            held.enter_context(slots.take(owner="ada"))
        assert not session.is_wanted
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until("the other user's wait", lambda: session.is_wanted)
    waiting.join()


def test_a_session_that_gives_way_runs_its_next_program_after_the_other_user(sandbox):
    slots, order = sandbox.inner.slots, []

    def come():
        with sandbox.inner.open_session(owner="bob") as session:
            order.append(echo(session, "bob"))

    with contextlib.ExitStack() as held:
        session = held.enter_context(sandbox.inner.open_session(owner="ada"))
        for _ in range(len(slots) - 1):
            held.enter_context(slots.take(owner="ada"))
        order.append(echo(session, "ada"))
        waiting = threading.Thread(target=come)
        waiting.start()
        wait_until("the other user's wait", lambda: session.is_wanted)
        slots._held[session._slot].is_first_turn = False  # as if Ada had run other programs before
        session.give_way()
        order.append(echo(session, "ada again"))
    waiting.join()
    assert order == ["ada", "bob", "ada again"]


def test_a_session_that_is_cancelled_after_it_gave_way_leaves_the_slot_alone(sandbox):
    slots, stop = sandbox.inner.slots, threading.Event()
    reports = []

    def come():
        with sandbox.inner.open_session(owner="bob") as session:
            stop.set()
            program = Program(("/bin/sh", "-c", "sleep 0.5; echo bob"))
            reports.append(text(session.run(program, b"", LIMITS)))

    with contextlib.ExitStack() as held:
        for _ in range(len(slots) - 1):
            held.enter_context(slots.take(owner="ada"))
        with contextlib.suppress(WaitCancelled):
            session = held.enter_context(sandbox.inner.open_session(stop.is_set, "ada"))
            echo(session, "ada")
            waiting = threading.Thread(target=come)
            waiting.start()
            wait_until("the other user's wait", lambda: session.is_wanted)
            slots._held[session._slot].is_first_turn = False  # as above
            session.give_way()
            pytest.fail("The wait was not cancelled.")
        waiting.join()
    assert reports == ["bob\n"]


def test_a_word_with_a_nul_starts_nothing(sandbox):
    ran = sandbox.program(Program(("/bin/echo", "x\0bind=/opt=/proc")))
    assert (ran.outcome, "NUL" in ran.report.message) == (Outcome.INTERNAL, True)
    assert sandbox.command("/bin/true").outcome is Outcome.OK


class TestInputs:
    def test_a_program_opens_each_of_its_inputs_as_often_as_it_likes(self, sandbox, tmp_path):
        (tmp_path / "answer").write_bytes(b"42\n")
        script = "cat /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/3; cat"
        program = Program(("/bin/sh", "-c", script), inputs=(b"in\n", tmp_path / "answer"))
        assert sandbox.program(program, b"out\n").out == "in\n42\nin\nout\n"

    def test_a_program_cannot_change_an_input(self, sandbox):
        script = "(echo x > /proc/self/fd/3) 2>&1; (echo x >&3) 2>&1; cat /proc/self/fd/3"
        ran = sandbox.program(Program(("/bin/sh", "-c", script), inputs=(b"kept\n",)))
        assert ran.out.endswith("kept\n")
        assert "denied" in ran.out

    def test_nothing_else_is_open(self, sandbox):
        program = Program(("/bin/ls", "/proc/self/fd"), inputs=(b"", b""))
        assert sandbox.program(program).out.split() == ["0", "1", "2", "3", "4", "5"]

    def test_an_input_that_is_not_there_is_an_internal_error(self, sandbox, tmp_path):
        ran = sandbox.program(Program(("/bin/true",), inputs=(tmp_path / "missing",)))
        assert ran.outcome is Outcome.INTERNAL
        assert sandbox.command("/bin/true").outcome is Outcome.OK


class TestFeedback:
    @pytest.mark.parametrize("code", [0, 42, 43])
    def test_what_is_written_there_comes_back_after_any_exit(self, sandbox, code):
        script = f"printf said > /feedback/judgemessage.txt; ln -s /proc /feedback/x; exit {code}"
        program = Program(("/bin/sh", "-c", script), collect_kb=64, collect_from="/feedback")
        ran = sandbox.program(program)
        assert ran.report.exit_code == code
        assert ran.report.collected == {"judgemessage.txt": b"said"}

    def test_without_it_the_place_can_not_be_written(self, sandbox):
        ran = sandbox.command("/bin/sh", "-c", "echo x > /feedback/x")
        assert ran.report.exit_code != 0


ASKS = """
import sys
for guess in range(1, 11):
    print(guess, flush=True)
    if input() == "yes":
        break
print("done", flush=True)
"""
ANSWERS = """
import sys
while True:
    line = sys.stdin.readline()
    if line.strip() == "done":
        sys.exit(42)
    print("yes" if line.strip() == "7" else "no", flush=True)
"""


class TestPairs:
    @pytest.fixture
    def pair(self, sandbox):
        def run(one: str, other: str, limits=LIMITS, cancelled=None):
            programs = tuple(Program(("/usr/bin/python3", "-c", source)) for source in (one, other))
            first, second = sandbox.inner.run_pair(programs, (limits, LIMITS), cancelled)
            return first, second

        return run

    def test_each_reads_what_the_other_writes(self, pair):
        first, second = pair(ASKS, ANSWERS)
        assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.NONZERO_EXIT)
        assert second.exit_code == 42

    def test_each_may_open_its_input_and_output_by_name(self, pair):
        named = "import os; i, o = open('/dev/stdin'), open('/dev/stdout', 'w')\n"
        asks = f"{named}print('1', file=o, flush=True); assert i.readline() == '2\\n'"
        answers = f"{named}assert i.readline() == '1\\n'; print('2', file=o, flush=True)"
        first, second = pair(asks, answers)
        assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.OK), second.stderr

    def test_when_one_has_ended_the_other_reads_the_end(self, pair):
        first, second = pair("pass", "import sys; sys.exit(3 if sys.stdin.read() == '' else 4)")
        assert (first.outcome, second.exit_code) == (Outcome.OK, 3)

    def test_writing_after_the_partner_has_ended_raises_the_signal(self, pair):
        writes = "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        writes += "while True: print('x' * 4096)"
        first, _ = pair(writes, "pass")
        assert first.signal == "SIGPIPE"

    def test_two_that_wait_for_each_other_end_at_their_wall_limits(self, pair):
        limits = replace(LIMITS, wall_ms=500)
        first, second = pair("input()", "input()", limits)
        assert first.outcome is Outcome.WALL_LIMIT
        assert second.outcome is Outcome.NONZERO_EXIT

    def test_who_ended_because_the_other_had_is_never_the_first(self, pair):
        leads, follows = "import os; os._exit(1)", "import os; os.read(0, 1); os._exit(2)"
        for _ in range(15):
            for sources in ((leads, follows), (follows, leads)):
                reports = pair(*sources)
                assert {one.exit_code: one.is_first for one in reports} == {1: True, 2: False}

    def test_each_has_limits_of_its_own(self, pair):
        limits = replace(LIMITS, cpu_ms=200)
        first, second = pair("while True: pass", "import sys; sys.stdin.read()", limits)
        assert (first.outcome, second.outcome) == (Outcome.CPU_LIMIT, Outcome.OK)

    def test_neither_sees_the_other(self, pair):
        sees = "import os, sys; sys.exit(len([p for p in os.listdir('/proc') if p.isdigit()]))"
        first, second = pair(sees, sees)
        assert (first.exit_code, second.exit_code) == (2, 2)

    def test_a_pair_that_is_cancelled_ends(self, pair, sandbox):
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        first, second = pair("input()", "input()", cancelled=stop.is_set)
        assert Outcome.CANCELLED in (first.outcome, second.outcome)
        assert sandboxes(sandbox) == set()

    def test_a_pair_takes_one_slot(self, sandbox):
        programs = (Program(("/bin/true",)), Program(("/bin/true",)))
        with contextlib.ExitStack() as held:
            for _ in range(len(sandbox.inner.slots) - 1):
                held.enter_context(sandbox.inner.slots.take())
            reports = sandbox.inner.run_pair(programs, (LIMITS, LIMITS))
        assert {report.outcome for report in reports} == {Outcome.OK}
