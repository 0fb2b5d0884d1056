"""A sandbox on its way: started with everything but its input, told to go, concluded."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from judge.sandbox.descriptors import Descriptors, sealed
from judge.sandbox.cgroups import GroupHandles, LimitBackend
from judge.sandbox.outcome import Run, conclude
from judge.sandbox.pump import Pump, nothing
from judge.sandbox.report import Program, Report, RunLimits
from judge.sandbox.rootfs import (
    BOX,
    ENVIRONMENT,
    FEEDBACK,
    SHARED,
    room_words,
)
from judge.sandbox.spawner import Spawner, SpawnerLost

STACK_KB_WITHOUT_GROUPS = 64 * 1024
STACK_KB_AT_MOST = 1024 * 1024
# What a program has besides its stack: with less, a stack that overflows would be out of memory.
BESIDES_STACK_KB = 4 * 1024
COLLECT_OVERHEAD_BYTES = 1024 * 1024
GO = b"go"


@dataclass(frozen=True, slots=True)
class Host:
    """What all runs of one sandbox share.

    `scratch` is where outputs that are too large for memory lie, `shared` what houses see of the
    host as `SHARED`, `nothing` a descriptor that reads as an empty file.
    """

    scratch: Path
    shared: Path
    limit_backend: LimitBackend
    seccomp: bytes
    nothing: int


@dataclass(slots=True)
class PreparedSandbox:
    """A sandbox whose runner waits for its input; exactly one of `finish` and `discard` follows."""

    spawner: Spawner
    program: Program
    limits: RunLimits
    run: Run
    descriptors: Descriptors
    is_spawner_lost: bool = False
    sealed_for: bytes | Path | None = None
    sealed: list[int] = field(default_factory=list)

    def fits(self, program: Program, limits: RunLimits) -> bool:
        """Tell whether it was started for this."""
        return self.program is program and self.limits == limits

    def seal(self, stdin: bytes | Path) -> None:
        """Have ready what `go(stdin)` will need. Raises OSError when an input is missing."""
        self.sealed_for = None
        self.sealed = [
            self.descriptors.own(sealed(source)) for source in (stdin, *self.program.inputs)
        ]
        self.sealed_for = stdin

    def go(self, stdin: bytes | Path) -> None:
        """Let the program begin. Raises OSError when an input is missing or the sandbox is gone."""
        if stdin != self.sealed_for:
            self.seal(stdin)
        socket.send_fds(self.run.pump.report, [GO], self.sealed)

    def go_reading(self, pipe: int) -> None:
        """Let the program begin; its input comes from a pipe. Raises OSError as `go`."""
        inputs = [self.descriptors.own(sealed(source)) for source in self.program.inputs]
        socket.send_fds(self.run.pump.report, [GO], [pipe, *inputs])

    def finish(self, cancelled: Callable[[], bool] | None) -> Report:
        """Wait for the end of a program that was let go.

        Raises SpawnerLost and OSError; where the end is known nevertheless, `is_spawner_lost` says
        that this spawner is of no use any more.
        """
        lost: SpawnerLost | None = None
        with self.descriptors:
            try:
                self.run.pump.run(self.limits.wall_ms / 1000, cancelled)
                if self.spawner.group.held is LimitBackend.CGROUP2:
                    self.spawner.settle()  # a run's own group ends empty
            except SpawnerLost as error:
                lost = error
            finally:
                usage = self.spawner.group.end()
            # Where the group was full, its largest process was ended, which may be the spawner.
            if lost is not None and not usage.is_out_of_memory:
                raise lost
            self.is_spawner_lost = lost is not None
            return conclude(self.run, usage)

    def discard(self) -> None:
        """End it as it is."""
        with self.descriptors:
            try:
                self.spawner.kill()
                self.spawner.wait()
            finally:
                self.spawner.group.end()
                self.run.forget()


def start(
    host: Host, spawner: Spawner, program: Program, limits: RunLimits, stdout: int | None = None
) -> PreparedSandbox:
    """Start a sandbox; what it writes goes to the descriptor `stdout`, or is kept.

    Raises OSError and SpawnerLost.
    """
    descriptors = Descriptors()
    with ExitStack() as undo:
        undo.push(descriptors)
        undo.callback(spawner.group.end)
        spawner.settle()
        handles = spawner.group.begin(limits.memory_kb, limits.processes)
        run, words = _prepare(
            host=host,
            spawner=spawner,
            program=program,
            limits=limits,
            handles=handles,
            descriptors=descriptors,
            stdout=stdout,
        )
        spawner.launch(words, descriptors.theirs, handles.group)
        descriptors.close_theirs()
        undo.pop_all()
    return PreparedSandbox(spawner, program, limits, run, descriptors)


def _prepare(
    *,
    host: Host,
    spawner: Spawner,
    program: Program,
    limits: RunLimits,
    handles: GroupHandles,
    descriptors: Descriptors,
    stdout: int | None,
) -> tuple[Run, bytes]:
    """Make the descriptors 0 to 3 (see sandbox.h), what follows, and the configuration."""
    descriptors.lend(host.nothing)
    output = limits.output_kb * 1024
    scratch = partial(descriptors.scratch_file, host.scratch)
    out = descriptors.pipe() if stdout is None else None
    if stdout is not None:
        descriptors.lend(stdout)
    err = descriptors.pipe()
    pump = Pump(spawner, descriptors.socket())
    run = Run(
        limits,
        host.limit_backend,
        pump,
        pump.add_stream(out, output, output, scratch()) if out is not None else nothing(),
        pump.add_stream(err, limits.error_kb * 1024, output, scratch()),
        program.product,
    )
    words = _configuration(host, program, limits)
    if handles.cpu is not None:
        words.append(f"cpu_fd={descriptors.lend(handles.cpu)}")
    if handles.memory is not None:
        words.append(f"memory_fd={descriptors.lend(handles.memory)}")
    if program.collect_kb:
        room = program.collect_kb * 1024 + COLLECT_OVERHEAD_BYTES
        run.collected = pump.add_stream(descriptors.pipe(), room, room, scratch())
        words.append(f"collect_fd={len(descriptors.theirs) - 1}")
    files = {name: descriptors.give(sealed(data)) for name, data in program.files.items()}
    words += _room(host, program, limits, files)
    if any("\0" in word for word in words):
        raise OSError(errno.EINVAL, "a word of the command or a path holds a NUL")
    text = "".join(f"{word}\0" for word in words).encode()
    return run, text + b"\0" + host.seccomp


def _room(host: Host, program: Program, limits: RunLimits, files: dict[str, int]) -> list[str]:
    def seen(path: Path) -> Path:
        return SHARED / path.relative_to(host.shared)

    return room_words(
        directory=None if program.directory is None else seen(program.directory),
        file_descriptors=files,
        mounts={place: seen(path) for place, path in program.mounts.items()},
        tmp_kb=limits.tmp_kb,
        has_feedback=program.collect_from == FEEDBACK,
    )


def _stack_kb(memory_kb: int, *, alone: bool) -> int:
    """Nearly all of the memory: what overflows the stack ends by SIGSEGV, not for its memory."""
    besides = min(max(memory_kb // 16, BESIDES_STACK_KB), memory_kb // 2)
    return min(memory_kb - besides, STACK_KB_WITHOUT_GROUPS if alone else STACK_KB_AT_MOST)


def _configuration(host: Host, program: Program, limits: RunLimits) -> list[str]:
    alone = host.limit_backend is LimitBackend.RLIMITS
    words = [
        f"cpu_us={limits.cpu_ms * 1000}",
        f"wall_us={limits.wall_ms * 1000}",
        f"memory_kb={limits.memory_kb if alone else 0}",
        f"address_kb={(limits.address_space_kb or 0) if alone else 0}",
        f"stack_kb={_stack_kb(limits.memory_kb, alone=alone)}",
        f"file_kb={limits.output_kb + limits.tmp_kb}",  # a full tmpfs says so first
        f"processes={limits.processes}",
        f"files={limits.files}",
        f"cores={os.cpu_count() or 1}",
        f"collect_kb={program.collect_kb}",
    ]
    if program.collect_from != BOX:
        words.append(f"collect_at={program.collect_from}")
    words += [f"arg={word}" for word in program.command]
    words += [f"env={name}={value}" for name, value in ENVIRONMENT.items()]
    return words
