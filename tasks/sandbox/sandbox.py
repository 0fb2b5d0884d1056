"""Running one program with nothing but what it needs: `Sandbox.run(program, stdin, limits)`.

Blocking code, safe to call from many threads; at most one run per slot of the host at a time.
"""

import hashlib
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tasks.sandbox import selftest
from tasks.sandbox.conclusion import Run, conclude, internal
from tasks.sandbox.descriptors import Descriptors, sealed
from tasks.sandbox.errors import SandboxUnavailable
from tasks.sandbox.limits import GroupHandles, LimitsHeld, choose_limits
from tasks.sandbox.native import build_programs
from tasks.sandbox.pump import Pump
from tasks.sandbox.report import Program, Report, RunLimits
from tasks.sandbox.rootfs import ENVIRONMENT, run_arguments, static_arguments, writable_places
from tasks.sandbox.seccomp import build_filter
from tasks.sandbox.slots import SlotPool
from tasks.sandbox.spawner import RUNNER_INSIDE, Spawner, SpawnerLost, find_bwrap, slot_identity

STACK_KB_WITHOUT_GROUPS = 64 * 1024
STACK_KB_AT_MOST = 1024 * 1024
COLLECT_OVERHEAD_BYTES = 1024 * 1024


def own_directory(directory: Path) -> None:
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


def open_sandbox(root: Path, slots: int = 0, forced: LimitsHeld | None = None) -> "Sandbox":
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

    def __init__(self, root: Path, slots: int = 0, forced: LimitsHeld | None = None) -> None:
        self._bwrap = find_bwrap()
        self.root = root.resolve()
        self.shared = self.root / "shared"
        own_directory(self.shared)
        self._programs = build_programs(self.shared / "bin")
        self.identity = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        self.limits_held, self._make_group = choose_limits(self.identity, forced)
        self._filter = build_filter(without_groups=self.limits_held is LimitsHeld.RLIMITS)
        self._static = static_arguments()
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
        cancelled: Callable[[], bool] | None = None,
    ) -> Report:
        """Wait for a slot, run the program, and return what happened. Close the report.

        Raises `tasks.sandbox.slots.WaitCancelled` when `cancelled()` before there was a slot;
        later the report's outcome is CANCELLED. Whatever else goes wrong is INTERNAL.
        """
        asked = time.monotonic()
        with self.slots.take(cancelled) as slot:
            queue_ms = round((time.monotonic() - asked) * 1000)
            try:
                report = self._run_in(self._spawner(slot), program, stdin, limits, cancelled)
            except (SpawnerLost, OSError) as error:
                self._drop(slot)
                report = internal(self.limits_held, f"{type(error).__name__}: {error}")
            report.queue_ms = queue_ms
            return report

    def close(self) -> None:
        """End the helper processes and remove the control groups; nothing may run any more."""
        for slot in list(self._spawners):
            self._drop(slot)
        self.slots.close()

    def _spawner(self, slot: int) -> Spawner:
        spawner = self._spawners.get(slot)
        if spawner is None:
            spawner = self._spawners[slot] = Spawner(
                programs=self._programs,
                bwrap=self._bwrap,
                root=self.shared,
                identity=slot_identity(slot),
                group=self._make_group(slot),
                lock=self.slots.lock_of(slot),
            )
        return spawner

    def _drop(self, slot: int) -> None:
        spawner = self._spawners.pop(slot, None)
        if spawner is not None:
            spawner.close()

    def _run_in(
        self,
        spawner: Spawner,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        cancelled: Callable[[], bool] | None,
    ) -> Report:
        with Descriptors() as descriptors:
            handles = spawner.group.begin(limits.memory_kb, limits.processes)
            try:
                run = self._prepare(
                    spawner=spawner,
                    program=program,
                    stdin=stdin,
                    limits=limits,
                    handles=handles,
                    descriptors=descriptors,
                )
                spawner.launch(descriptors.theirs, handles.group)
                descriptors.close_theirs()
                run.pump.run(limits.wall_ms / 1000, cancelled)
            finally:
                usage = spawner.group.end()
            return conclude(run, usage)

    def _prepare(
        self,
        *,
        spawner: Spawner,
        program: Program,
        stdin: bytes | Path,
        limits: RunLimits,
        handles: GroupHandles,
        descriptors: Descriptors,
    ) -> Run:
        """Make the descriptors 0 to 5 (runner.c and spawner.c name them) and what follows."""
        descriptors.give(sealed(stdin))
        out, err = descriptors.pipe(), descriptors.pipe()
        pump = Pump(spawner, descriptors.socket())
        configuration, arguments = descriptors.reserve(), descriptors.reserve()
        output = limits.output_kb * 1024
        scratch = partial(descriptors.scratch_file, self.root)
        run = Run(
            limits,
            self.limits_held,
            pump,
            pump.add_stream(out, output, output, scratch()),
            pump.add_stream(err, limits.error_kb * 1024, output, scratch()),
        )
        words = self._configuration(program, limits)
        if handles.cpu is not None:
            words.append(f"cpu_fd={descriptors.lend(handles.cpu)}")
        if handles.memory is not None:
            words.append(f"memory_fd={descriptors.lend(handles.memory)}")
        if program.collect_kb:
            room = program.collect_kb * 1024 + COLLECT_OVERHEAD_BYTES
            pipe = descriptors.pipe()
            words += [
                f"collect_fd={len(descriptors.theirs) - 1}",
                f"collect_kb={program.collect_kb}",
            ]
            run.collected = pump.add_stream(pipe, room, room, scratch())
        files = {name: descriptors.give(sealed(data)) for name, data in program.files.items()}
        configured = "".join(f"{word}\0" for word in words).encode() + b"\0" + self._filter
        descriptors.fill(configuration, sealed(configured))
        descriptors.fill(arguments, sealed(self._arguments(spawner, program, limits, files)))
        return run

    def _arguments(
        self, spawner: Spawner, program: Program, limits: RunLimits, files: dict[str, int]
    ) -> bytes:
        def seen(path: Path) -> Path:
            return spawner.root_seen / path.resolve().relative_to(self.shared)

        words = run_arguments(
            runner=seen(self._programs.runner),
            runner_inside=RUNNER_INSIDE,
            directory=None if program.directory is None else seen(program.directory),
            file_descriptors=files,
            mounts={place: seen(path) for place, path in program.mounts.items()},
            tmp_kb=limits.tmp_kb,
        )
        return "".join(f"{word}\0" for word in (*self._static, *words)).encode()

    def _configuration(self, program: Program, limits: RunLimits) -> list[str]:
        alone = self.limits_held is LimitsHeld.RLIMITS
        stack_kb = STACK_KB_WITHOUT_GROUPS if alone else STACK_KB_AT_MOST
        words = [
            f"cpu_us={limits.cpu_ms * 1000}",
            f"wall_us={limits.wall_ms * 1000}",
            f"memory_kb={limits.memory_kb if alone else 0}",
            f"address_kb={(limits.address_space_kb or 0) if alone else 0}",
            f"stack_kb={min(limits.memory_kb, stack_kb)}",
            f"file_kb={limits.output_kb + limits.tmp_kb}",  # a full tmpfs says so first
            f"processes={limits.processes}",
            f"files={limits.files}",
            f"cores={os.cpu_count() or 1}",
        ]
        words += [f"arg={word}" for word in program.command]
        words += [f"env={name}={value}" for name, value in ENVIRONMENT.items()]
        words += [f"tmpfs={place}" for place in writable_places(program.directory)]
        return words
