"""Runs untrusted programs: `Sandbox.run(program, stdin, limits)`.

The methods block and may be called from many threads. A slot of the host executes one run or one
pair of runs at a time. Each slot has two buffers. A buffer is a spawner process that starts one
sandbox at a time.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from judge.sandbox import selftest
from judge.sandbox.cgroups import LimitBackend, choose_limits
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.launcher import Host, PreparedSandbox, prepare_sandbox
from judge.sandbox.native.build import build_program
from judge.sandbox.outcome import internal_error
from judge.sandbox.report import Program, Report, RunLimits
from judge.sandbox.rootfs import base_rootfs_arguments
from judge.sandbox.seccomp import build_filter
from judge.sandbox.slots import NO_OWNER, SlotPool
from judge.sandbox.spawner import Spawner, SpawnerLost, buffer_identity, find_bwrap

Cancelled = Callable[[], bool]
# While a program runs in one buffer, the sandbox for the next program is prepared in the other
# buffer. In a pair of runs, the second program runs in the other buffer.
BUFFERS = 2


def ensure_private_directory(directory: Path) -> None:
    """Create a directory in which only this user can create and change files.

    Raises:
        SandboxUnavailable: the directory cannot be created, or another user can change its content.
    """
    try:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        status = directory.stat()
        is_private = status.st_uid == os.geteuid() and not status.st_mode & 0o022
    except OSError:
        is_private = False
    if not is_private:
        raise SandboxUnavailable(
            f"{directory} must belong to the worker's user, and must not be writable for other "
            "users. Set WORK_DIR to a directory that meets both conditions."
        )


def open_sandbox(root: Path, slots: int = 0, forced: LimitBackend | None = None) -> "Sandbox":
    """Return a sandbox that has passed its self-test.

    Raises:
        SandboxUnavailable: the host does not meet a requirement. The message contains the remedy.
    """
    sandbox = Sandbox(root, slots, forced)
    try:
        sandbox.check()
    except BaseException:
        sandbox.close()
        raise
    return sandbox


class Sandbox:
    """The sandbox of one worker process.

    `slots` is the number of programs that run at the same time (0: the number of CPU cores). `root`
    is the directory for the C program, the compiled programs and the lock files of the slots.
    Processes with the same `root` share the slots. `forced` selects the back end that enforces
    memory limits (default: the best back end of the host). Call `check` before the first run, to
    test that all parts work together.

    Raises:
        SandboxUnavailable: the host does not meet a requirement.
    """

    def __init__(self, root: Path, slots: int = 0, forced: LimitBackend | None = None) -> None:
        self._bwrap = find_bwrap()
        self.root = root.resolve()
        self.shared = self.root / "shared"
        ensure_private_directory(self.shared)
        runner = build_program(self.shared / "bin")
        self.identity = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        self.limit_backend, self._make_group = choose_limits(self.identity, forced)
        without_groups = self.limit_backend is LimitBackend.RLIMITS
        self._base_rootfs = base_rootfs_arguments(
            shared=self.shared, runner=runner, without_groups=without_groups
        )
        seccomp = build_filter(without_groups=without_groups)
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._host = Host(self.root, self.shared, self.limit_backend, seccomp, self._null)
        self.slots = SlotPool(self.root / "slots", slots or os.cpu_count() or 1)
        self._spawners: dict[int, Spawner] = {}

    def check(self) -> None:
        """Run the self-test.

        Raises:
            SandboxUnavailable: the self-test failed. The message contains the reason and the
                remedy.
        """
        with self.run(selftest.PROGRAM, b"", selftest.LIMITS) as report:
            selftest.check_report(report)

    def run(
        self,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        cancelled: Cancelled | None = None,
        *,
        owner: str = NO_OWNER,
    ) -> Report:
        """Wait for a slot, run the program, and return its report. The caller closes the report.

        `owner` is the user whose share of the slots is used. If the sandbox itself fails, the
        outcome is INTERNAL. If `cancelled()` returns True during the run, the outcome is CANCELLED.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        with self.open_session(cancelled, owner) as session:
            return session.run(program, stdin, limits)

    def run_pair(
        self,
        programs: tuple[Program, Program],
        limits: tuple[RunLimits, RunLimits],
        cancelled: Cancelled | None = None,
    ) -> tuple[Report, Report]:
        """Wait for a slot and run two programs at the same time, connected by two pipes.

        The output of each program is the input of the other program. After one program has ended,
        the other program reads end-of-file from its input, and its writes fail with SIGPIPE. The
        reports contain no standard output. The report of the program that ended first has
        `is_first=True`. If a run is cancelled or the sandbox fails, the outcomes are the same as in
        `run`.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        with self.open_session(cancelled) as session:
            return session.run_pair(programs, limits)

    @contextmanager
    def open_session(
        self, cancelled: Cancelled | None = None, owner: str = NO_OWNER
    ) -> Iterator["SlotSession"]:
        """Wait for a slot and hold it during the block, for several runs.

        `owner` is the user whose share of the slots is used.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        began = time.monotonic()
        with self.slots.take(cancelled, owner) as slot:
            session = SlotSession(self, slot, began, cancelled)
            try:
                yield session
            finally:
                session.close()

    def close(self) -> None:
        """End the spawners and remove the control groups.

        Call this only when no program is running.
        """
        for buffer in list(self._spawners):
            self._close_spawner(buffer)
        self.slots.close()
        os.close(self._null)

    def prepare(
        self, buffer: int, program: Program, limits: RunLimits, stdout: int | None = None
    ) -> PreparedSandbox:
        """Prepare a sandbox without starting the program.

        Each slot has two spawner processes, which prepare sandboxes in turn. They are called
        buffers, and `buffer` is the number of one of them. The caller must hold the slot, and no
        other sandbox may run in this buffer.
        """
        return prepare_sandbox(self._host, self._get_spawner(buffer), program, limits, stdout)

    def wait_until_idle(self, slot: int) -> None:
        """Wait until all processes of the slot's last runs have ended."""
        for buffer in _buffers(slot):
            spawner = self._spawners.get(buffer)
            try:
                if spawner is not None:
                    spawner.wait_until_idle()
            except SpawnerLost:
                self._close_spawner(buffer)

    def drop_spawner(self, spawner: Spawner) -> None:
        """End a spawner, even if it no longer answers. The next run starts a new spawner."""
        for buffer, candidate in list(self._spawners.items()):
            if candidate is spawner:
                self._close_spawner(buffer)

    def fail_slot(self, slot: int, error: Exception) -> Report:
        """End both spawners of a slot, and return the report of a run that failed with `error`."""
        for buffer in _buffers(slot):
            self._close_spawner(buffer)
        return internal_error(self.limit_backend, f"{type(error).__name__}: {error}")

    def _get_spawner(self, buffer: int) -> Spawner:
        spawner = self._spawners.get(buffer)
        if spawner is None:
            spawner = self._spawners[buffer] = Spawner(
                bwrap=self._bwrap,
                base_rootfs=self._base_rootfs,
                identity=buffer_identity(buffer),
                group=self._make_group(buffer),
                lock=self.slots.lock_of(buffer // BUFFERS),
            )
        return spawner

    def _close_spawner(self, buffer: int) -> None:
        spawner = self._spawners.pop(buffer, None)
        if spawner is not None:
            spawner.close()


class SlotSession:
    """A slot that one thread holds, to run programs one after the other or in pairs.

    Only the thread that opened the session may use it. `queue_ms` is the total time in milliseconds
    that this thread has waited for slots. `turn_began` is the time at which the thread got its
    current slot (a value of `time.monotonic()`).
    """

    def __init__(
        self, sandbox: Sandbox, slot: int, wait_began: float, cancelled: Cancelled | None
    ) -> None:
        self._sandbox, self._cancelled = sandbox, cancelled
        self.queue_ms = 0
        self._has_run = False
        self._next: PreparedSandbox | None = None
        self._begin_turn(slot, wait_began)

    def _begin_turn(self, slot: int, wait_began: float) -> None:
        self._slot, self._buffer = slot, BUFFERS * slot
        self.turn_began = time.monotonic()
        self.queue_ms += round((self.turn_began - wait_began) * 1000)

    @property
    def is_wanted(self) -> bool:
        """True if the session should end, because another submission should now get the slot."""
        return self._sandbox.slots.is_wanted(self._slot)

    def give_way(self) -> None:
        """Release the slot between two programs if another submission should get it.

        The session then waits for a slot again, and may continue in a different slot.

        The session keeps its slot until it has run a program in the slot. A user who held no slot
        while waiting also keeps the slot, unless the user has taken another slot since then.

        Raises:
            WaitCancelled: `cancelled()` returned True before a slot was free.
        """
        slots = self._sandbox.slots
        if not self._has_run or not slots.should_give_way(self._slot):
            return
        self.close()
        wait_began = time.monotonic()
        self._begin_turn(slots.retake(self._slot), wait_began)

    def run(
        self,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        *,
        then: bytes | Path | None = None,
    ) -> Report:
        """Run a program and return its report. The caller closes the report.

        `then` is the probable input of the next run of the same program. A sandbox for the next run
        is prepared during this run. None means that no sandbox is prepared.

        If a spawner ends unexpectedly, the program is run a second time with a new spawner. After
        any other failure of the sandbox, the outcome is INTERNAL.
        """
        self._has_run = True
        report, is_lost = self._run(program, stdin, limits, then)
        return self._run(program, stdin, limits, then)[0] if is_lost else report

    def _run(
        self, program: Program, stdin: bytes | Path, limits: RunLimits, then: bytes | Path | None
    ) -> tuple[Report, bool]:
        """Run a program once. Return its report, and whether a spawner ended unexpectedly."""
        running: list[PreparedSandbox] = []
        try:
            running.append(self._start_program(program, stdin, limits))
            if then is not None:
                self._next = self._prepare(program, limits)
                with suppress(OSError):  # `start_program` raises the same error
                    self._next.seal(then)
            return self._finish(running[0]), False
        except (SpawnerLost, OSError) as error:
            return self._fail(running, error), isinstance(error, SpawnerLost)

    def run_pair(
        self, programs: tuple[Program, Program], limits: tuple[RunLimits, RunLimits]
    ) -> tuple[Report, Report]:
        """Run two programs at the same time (see `Sandbox.run_pair`).

        If a spawner ends unexpectedly, both programs are run a second time with new spawners.
        """
        self._has_run = True
        reports, is_lost = self._run_pair(programs, limits)
        return self._run_pair(programs, limits)[0] if is_lost else reports

    def _run_pair(
        self, programs: tuple[Program, Program], limits: tuple[RunLimits, RunLimits]
    ) -> tuple[tuple[Report, Report], bool]:
        self._discard_next()  # a pair needs both buffers
        pair: list[PreparedSandbox] = []
        try:
            with ExitStack() as first, ExitStack() as second:
                self._connect(pair, (first, second), programs, limits)
                ended: list[PreparedSandbox] = []
                with ThreadPoolExecutor(1) as thread:
                    partner = thread.submit(self._finish_one, pair[1], second, ended)
                    reports = self._finish_one(pair[0], first, ended), partner.result()
        except (SpawnerLost, OSError) as error:
            report = self._fail(pair, error)
            return (report, report), isinstance(error, SpawnerLost)
        for sandbox, report in zip(pair, reports, strict=True):
            report.is_first = ended[0] is sandbox
        return reports, False

    def _finish_one(
        self, running: PreparedSandbox, pipe_ends: ExitStack, ended: list[PreparedSandbox]
    ) -> Report:
        """Wait until one program of a pair has ended, and return its report.

        Then close the pipe ends of this program, so that the other program reads end-of-file from
        its input.
        """
        try:
            return self._finish(running)
        finally:
            ended.append(running)
            pipe_ends.close()

    def _finish(self, running: PreparedSandbox) -> Report:
        report = running.finish(self._cancelled)
        if running.is_spawner_lost:
            self._sandbox.drop_spawner(running.spawner)
        return report

    def _connect(
        self,
        pair: list[PreparedSandbox],
        pipe_ends: tuple[ExitStack, ExitStack],
        programs: tuple[Program, Program],
        limits: tuple[RunLimits, RunLimits],
    ) -> None:
        """Start the two programs of a pair, connected by two pipes.

        The worker also keeps the pipe ends of each program open, in `pipe_ends`. `_finish_one`
        first records that a program has ended, and then closes its pipe ends. Only then can the
        other program read end-of-file. So the program that ended first is also recorded first.
        """
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in programs]
        for (reading, writing), writer, reader in zip(
            pipes, pipe_ends, reversed(pipe_ends), strict=True
        ):
            os.fchmod(writing, 0o666)  # programs may open the pipes as /dev/stdin and /dev/stdout
            writer.callback(os.close, writing)
            reader.callback(os.close, reading)
        for (_, writing), program, limit in zip(pipes, programs, limits, strict=True):
            pair.append(self._prepare(program, limit, writing))
        for sandbox, (reading, _) in zip(pair, reversed(pipes), strict=True):
            sandbox.start_program_on_pipe(reading)

    def _fail(self, running: list[PreparedSandbox], error: Exception) -> Report:
        """End all sandboxes and spawners of the slot, and return the report of a failed run."""
        self._discard_next()
        for sandbox in running:
            _discard(sandbox)
        return self._sandbox.fail_slot(self._slot, error)

    def _discard_next(self) -> None:
        prepared, self._next = self._next, None
        if prepared is not None:
            _discard(prepared)

    def _start_program(
        self, program: Program, stdin: bytes | Path, limits: RunLimits
    ) -> PreparedSandbox:
        """Start a program and return its sandbox.

        Use the sandbox that is already prepared if it is suitable, otherwise a new sandbox.
        """
        prepared, self._next = self._next, None
        if prepared is not None:
            if prepared.fits(program, limits):
                with suppress(OSError):  # the sandbox was killed while it waited
                    prepared.start_program(stdin)
                    return prepared
            prepared.discard()
        sandbox = self._prepare(program, limits)
        try:
            sandbox.start_program(stdin)
        except OSError:
            sandbox.discard()
            raise
        return sandbox

    def _prepare(
        self, program: Program, limits: RunLimits, stdout: int | None = None
    ) -> PreparedSandbox:
        """Prepare a sandbox. The two spawners of the slot are used alternately."""
        self._buffer ^= 1
        return self._sandbox.prepare(self._buffer, program, limits, stdout)

    def close(self) -> None:
        """End a prepared sandbox that was not used, and wait until no run of the slot is active."""
        self._discard_next()
        if self._has_run:
            self._sandbox.wait_until_idle(self._slot)
        self._has_run = False


def _buffers(slot: int) -> range:
    return range(BUFFERS * slot, BUFFERS * (slot + 1))


def _discard(sandbox: PreparedSandbox) -> None:
    with suppress(SpawnerLost, OSError):
        sandbox.discard()
