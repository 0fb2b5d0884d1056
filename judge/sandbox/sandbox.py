"""Running programs with nothing but what they need: `Sandbox.run(program, stdin, limits)`.

Blocking code, safe to call from many threads; at most one run per slot of the host at a time.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from judge.sandbox import selftest
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.launcher import Host, PreparedSandbox, start
from judge.sandbox.cgroups import LimitBackend, choose_limits
from judge.sandbox.native.build import build_program
from judge.sandbox.outcome import internal
from judge.sandbox.report import Program, Report, RunLimits
from judge.sandbox.rootfs import house_arguments
from judge.sandbox.seccomp import build_filter
from judge.sandbox.slots import SlotPool
from judge.sandbox.spawner import Spawner, SpawnerLost, find_bwrap, place_identity

Cancelled = Callable[[], bool]
# A slot's programs run in turn in two places: in one runs a program while in the other the next
# one's sandbox is started, or its partner runs.
PLACES = 2


def ensure_private_directory(directory: Path) -> None:
    """Make the directory. Raises SandboxUnavailable if another user could change what is in it."""
    try:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        about = directory.stat()
        good = about.st_uid == os.geteuid() and not about.st_mode & 0o022
    except OSError:
        good = False
    if not good:
        raise SandboxUnavailable(
            f"{directory} must belong to the worker's user and be writable for nobody else: "
            "give this user a WORK_DIR of its own"
        )


def open_sandbox(root: Path, slots: int = 0, forced: LimitBackend | None = None) -> "Sandbox":
    """Return a sandbox that has passed its self-test. Raises SandboxUnavailable."""
    sandbox = Sandbox(root, slots, forced)
    try:
        sandbox.check()
    except BaseException:
        sandbox.close()
        raise
    return sandbox


class Sandbox:
    """The sandbox of one process. `slots` 0 means as many as the host has cores.

    `root` holds the helpers, the compiled programs and the slots' locks; processes with the same
    root share the slots. `forced` takes that kind of limits instead of the best there is.
    Raises SandboxUnavailable when a part is missing; `check()` tells whether all of it works.
    """

    def __init__(self, root: Path, slots: int = 0, forced: LimitBackend | None = None) -> None:
        self._bwrap = find_bwrap()
        self.root = root.resolve()
        self.shared = self.root / "shared"
        ensure_private_directory(self.shared)
        runner = build_program(self.shared / "bin")
        self.identity = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        self.limit_backend, self._make_group = choose_limits(self.identity, forced)
        alone = self.limit_backend is LimitBackend.RLIMITS
        self._house = house_arguments(shared=self.shared, runner=runner, without_groups=alone)
        seccomp = build_filter(without_groups=alone)
        self._nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._host = Host(self.root, self.shared, self.limit_backend, seccomp, self._nothing)
        self.slots = SlotPool(self.root / "slots", slots or os.cpu_count() or 1)
        self._spawners: dict[int, Spawner] = {}

    def check(self) -> None:
        """Run the self-test. Raises SandboxUnavailable with what is wrong and what helps."""
        with self.run(selftest.PROGRAM, b"", selftest.LIMITS) as report:
            selftest.judge(report)

    def run(
        self,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        cancelled: Cancelled | None = None,
    ) -> Report:
        """Wait for a slot, run the program, and return what happened. Close the report.

        Raises `judge.sandbox.slots.WaitCancelled` when `cancelled()` before there was a slot;
        later the report's outcome is CANCELLED. Whatever else goes wrong is INTERNAL.
        """
        with self.turn(cancelled) as turn:
            return turn.run(program, stdin, limits)

    def run_pair(
        self,
        programs: tuple[Program, Program],
        limits: tuple[RunLimits, RunLimits],
        cancelled: Cancelled | None = None,
    ) -> tuple[Report, Report]:
        """Wait for a slot and run two programs that talk: each reads what the other writes.

        When one has ended the other reads the end of its input, and dies of SIGPIPE if it writes.
        The reports hold no output, and say which of the two was the first to end. Raises and fails
        as `run`.
        """
        with self.turn(cancelled) as turn:
            return turn.run_pair(programs, limits)

    @contextmanager
    def turn(self, cancelled: Cancelled | None = None) -> Iterator["SlotSession"]:
        """Wait for a slot and hold it for some runs. Raises WaitCancelled."""
        asked = time.monotonic()
        with self.slots.take(cancelled) as slot:
            turn = SlotSession(self, slot, round((time.monotonic() - asked) * 1000), cancelled)
            try:
                yield turn
            finally:
                turn.end()

    def close(self) -> None:
        """End the helper processes and remove the control groups; nothing may run any more."""
        for place in list(self._spawners):
            self._drop(place)
        self.slots.close()
        os.close(self._nothing)

    def start(
        self, place: int, program: Program, limits: RunLimits, stdout: int | None = None
    ) -> PreparedSandbox:
        """Start a sandbox in a place of a slot that the caller holds, in which nothing runs."""
        return start(self._host, self._spawner(place), program, limits, stdout)

    def settle(self, slot: int) -> None:
        """Wait until nothing is left of what ran in a slot."""
        for place in _places(slot):
            spawner = self._spawners.get(place)
            try:
                if spawner is not None:
                    spawner.settle()
            except SpawnerLost:
                self._drop(place)

    def give_up(self, spawner: Spawner) -> None:
        """End a helper in whatever state it is; the next run in its place gets a new one."""
        for place, one in list(self._spawners.items()):
            if one is spawner:
                self._drop(place)

    def failed(self, slot: int, error: Exception) -> Report:
        """Give up the slot's helpers, in whatever state they are, and say so."""
        for place in _places(slot):
            self._drop(place)
        return internal(self.limit_backend, f"{type(error).__name__}: {error}")

    def _spawner(self, place: int) -> Spawner:
        spawner = self._spawners.get(place)
        if spawner is None:
            spawner = self._spawners[place] = Spawner(
                bwrap=self._bwrap,
                house=self._house,
                identity=place_identity(place),
                group=self._make_group(place),
                lock=self.slots.lock_of(place // PLACES),
            )
        return spawner

    def _drop(self, place: int) -> None:
        spawner = self._spawners.pop(place, None)
        if spawner is not None:
            spawner.close()


class SlotSession:
    """One hold of a slot; used by the thread that took it. `queue_ms` was spent waiting for it."""

    def __init__(
        self, sandbox: Sandbox, slot: int, queue_ms: int, cancelled: Cancelled | None
    ) -> None:
        self._sandbox, self._slot, self._cancelled = sandbox, slot, cancelled
        self.queue_ms = queue_ms
        self._place = PLACES * slot
        self._ahead: PreparedSandbox | None = None

    def run(
        self,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        *,
        then: bytes | Path | None = None,
    ) -> Report:
        """Run a program.

        `then`: what the same is likely to read when it is run next, for which all is made ready
        during this run; None where it is not run next.

        Where a helper process is lost, the program is run once more with a new one. Whatever else
        goes wrong is INTERNAL.
        """
        report, is_lost = self._run(program, stdin, limits, then)
        if is_lost:
            report, _ = self._run(program, stdin, limits, then)
        report.queue_ms, self.queue_ms = self.queue_ms, 0
        return report

    def _run(
        self, program: Program, stdin: bytes | Path, limits: RunLimits, then: bytes | Path | None
    ) -> tuple[Report, bool]:
        """Return what happened, and whether a helper process was lost."""
        running: list[PreparedSandbox] = []
        try:
            running.append(self._let_go(program, stdin, limits))
            if then is not None:
                self._ahead = self._start(program, limits)
                with suppress(OSError):  # whoever runs it will be told
                    self._ahead.seal(then)
            return self._finish(running[0]), False
        except (SpawnerLost, OSError) as error:
            return self._failed(running, error), isinstance(error, SpawnerLost)

    def run_pair(
        self, programs: tuple[Program, Program], limits: tuple[RunLimits, RunLimits]
    ) -> tuple[Report, Report]:
        """Run two programs at once, each reading what the other writes; see `Sandbox.run_pair`.

        Where a helper process is lost, both are run once more with new ones.
        """
        reports, is_lost = self._run_pair(programs, limits)
        return self._run_pair(programs, limits)[0] if is_lost else reports

    def _run_pair(
        self, programs: tuple[Program, Program], limits: tuple[RunLimits, RunLimits]
    ) -> tuple[tuple[Report, Report], bool]:
        self._forget_ahead()  # a pair takes both places
        pair: list[PreparedSandbox] = []
        try:
            with ExitStack() as first, ExitStack() as second:
                self._connect(pair, (first, second), programs, limits)
                ended: list[PreparedSandbox] = []
                with ThreadPoolExecutor(1) as thread:
                    partner = thread.submit(self._finish_of_pair, pair[1], second, ended)
                    reports = self._finish_of_pair(pair[0], first, ended), partner.result()
        except (SpawnerLost, OSError) as error:
            report = self._failed(pair, error)
            return (report, report), isinstance(error, SpawnerLost)
        for one, report in zip(pair, reports, strict=True):
            report.is_first = ended[0] is one
        return reports, False

    def _finish_of_pair(
        self, started: PreparedSandbox, held: ExitStack, ended: list[PreparedSandbox]
    ) -> Report:
        """Wait for the end of one of a pair; only then may the other learn of it."""
        try:
            return self._finish(started)
        finally:
            ended.append(started)
            held.close()

    def _finish(self, started: PreparedSandbox) -> Report:
        report = started.finish(self._cancelled)
        if started.is_spawner_lost:
            self._sandbox.give_up(started.spawner)
        return report

    def _connect(
        self,
        pair: list[PreparedSandbox],
        held: tuple[ExitStack, ExitStack],
        programs: tuple[Program, Program],
        limits: tuple[RunLimits, RunLimits],
    ) -> None:
        """Start a pair and let it go; `held` keeps both ends of a program's pipes until it ended.

        So nobody learns of an end before it is known here, and it is certain who ended first.
        """
        pipes = [os.pipe2(os.O_CLOEXEC) for _ in programs]
        for (reading, writing), writer, reader in zip(pipes, held, reversed(held), strict=True):
            os.fchmod(writing, 0o666)  # both may be opened by the names `/dev/stdin`, `/dev/stdout`
            writer.callback(os.close, writing)
            reader.callback(os.close, reading)
        for (_, writing), program, limit in zip(pipes, programs, limits, strict=True):
            pair.append(self._start(program, limit, writing))
        for one, (reading, _) in zip(pair, reversed(pipes), strict=True):
            one.go_reading(reading)

    def _failed(self, running: list[PreparedSandbox], error: Exception) -> Report:
        """Give up everything that was started, and the slot's helpers with it."""
        self._forget_ahead()
        for one in running:
            _give_up(one)
        return self._sandbox.failed(self._slot, error)

    def _forget_ahead(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            _give_up(ahead)

    def _let_go(self, program: Program, stdin: bytes | Path, limits: RunLimits) -> PreparedSandbox:
        ready, self._ahead = self._ahead, None
        if ready is not None:
            if ready.fits(program, limits):
                with suppress(OSError):  # it was ended while it waited
                    ready.go(stdin)
                    return ready
            ready.discard()
        started = self._start(program, limits)
        try:
            started.go(stdin)
        except OSError:
            started.discard()
            raise
        return started

    def _start(
        self, program: Program, limits: RunLimits, stdout: int | None = None
    ) -> PreparedSandbox:
        """Start a sandbox in the place that was not used last."""
        self._place ^= 1
        return self._sandbox.start(self._place, program, limits, stdout)

    def end(self) -> None:
        """End a sandbox that was started for nothing, and wait until nothing is left."""
        self._forget_ahead()
        self._sandbox.settle(self._slot)


def _places(slot: int) -> range:
    return range(PLACES * slot, PLACES * (slot + 1))


def _give_up(started: PreparedSandbox) -> None:
    with suppress(SpawnerLost, OSError):
        started.discard()
