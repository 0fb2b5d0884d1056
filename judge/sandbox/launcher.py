"""Starts one sandbox in two steps and waits until it ends.

`prepare_sandbox` starts the sandbox, but not the program. `start_program` then sends the input, and
the sandbox starts the program.
"""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from judge.sandbox.cgroups import GroupHandles, LimitBackend
from judge.sandbox.descriptors import Descriptors, seal
from judge.sandbox.outcome import Run, build_report
from judge.sandbox.pump import Pump, empty_stream
from judge.sandbox.report import Program, Report, RunLimits
from judge.sandbox.rootfs import BOX, ENVIRONMENT, FEEDBACK, SHARED, run_rootfs_options
from judge.sandbox.spawner import Spawner, SpawnerLost

STACK_KB_WITHOUT_GROUPS = 64 * 1024
MOST_STACK_KB = 1024 * 1024
# Memory that a program can use in addition to its stack. With less memory, the program would reach
# the memory limit before its stack overflows.
NON_STACK_KB = 4 * 1024
COLLECT_OVERHEAD_BYTES = 1024 * 1024
START = b"start"


@dataclass(frozen=True, slots=True)
class Host:
    """The resources that all runs of one `Sandbox` share.

    `scratch` is the directory for outputs that are too large for memory. `shared` is the directory
    of the host that is mounted at `SHARED` in the base rootfs (the root directory of the spawners).
    `null` is a descriptor of `/dev/null`.
    """

    scratch: Path
    shared: Path
    limit_backend: LimitBackend
    seccomp: bytes
    null: int


@dataclass(slots=True)
class PreparedSandbox:
    """A sandbox that waits for the input of its program. The program has not started.

    Exactly one of the methods `finish` and `discard` must be called.
    """

    spawner: Spawner
    program: Program
    limits: RunLimits
    run: Run
    descriptors: Descriptors
    is_spawner_lost: bool = False
    sealed_for: bytes | Path | None = None
    sealed: list[int] = field(default_factory=list)

    def fits(self, program: Program, limits: RunLimits) -> bool:
        """Return whether the sandbox was prepared for this program and these limits."""
        return self.program is program and self.limits == limits

    def seal(self, stdin: bytes | Path) -> None:
        """Copy `stdin` and the program's input files into memory.

        A later call of `start_program(stdin)` is then faster.

        Raises:
            OSError: an input file is missing.
        """
        self.sealed_for = None
        self.sealed = [
            self.descriptors.own(seal(source)) for source in (stdin, *self.program.inputs)
        ]
        self.sealed_for = stdin

    def start_program(self, stdin: bytes | Path) -> None:
        """Start the program with `stdin` as its standard input.

        Raises:
            OSError: an input file is missing, or the sandbox has ended.
        """
        if stdin != self.sealed_for:
            self.seal(stdin)
        socket.send_fds(self.run.pump.report, [START], self.sealed)

    def start_program_on_pipe(self, pipe: int) -> None:
        """Start the program with a pipe as its standard input.

        Raises:
            OSError: an input file is missing, or the sandbox has ended.
        """
        inputs = [self.descriptors.own(seal(source)) for source in self.program.inputs]
        socket.send_fds(self.run.pump.report, [START], [pipe, *inputs])

    def finish(self, cancelled: Callable[[], bool] | None) -> Report:
        """Wait until the program has ended, and return its report.

        `cancelled()` is called regularly. When it returns True, the program is stopped. If the
        spawner was killed together with the program, the spawner cannot be used again. In this
        case, the attribute `is_spawner_lost` of this object becomes True.

        Raises:
            SpawnerLost: the spawner ended, so it is unknown how the program ended.
            OSError: the report could not be read.
        """
        lost: SpawnerLost | None = None
        with self.descriptors:
            try:
                self.run.pump.run(self.limits.longest_wall_ms / 1000, cancelled)
                if self.spawner.group.limit_backend is LimitBackend.CGROUP2:
                    # The control group of the run must be empty before it is removed.
                    self.spawner.wait_until_idle()
            except SpawnerLost as error:
                lost = error
            finally:
                usage = self.spawner.group.end()
            # If the group is full, the kernel kills the largest process, which may be the spawner.
            if lost is not None and not usage.is_out_of_memory:
                raise lost
            self.is_spawner_lost = lost is not None
            report = build_report(self.run, usage)
            report.is_input_unread = self._is_input_unread()
            return report

    def _is_input_unread(self) -> bool:
        """Return True if the standard input is not empty and the program has read nothing of it.

        The program reads from the worker's open file. So the read position of this file is the
        read position of the program.
        """
        if not self.sealed:
            return False
        stdin = self.sealed[0]
        return os.lseek(stdin, 0, os.SEEK_CUR) == 0 < os.fstat(stdin).st_size

    def discard(self) -> None:
        """Kill the sandbox without creating a report."""
        with self.descriptors:
            try:
                self.spawner.kill()
                self.spawner.wait()
            finally:
                self.spawner.group.end()
                self.run.close()


def prepare_sandbox(
    host: Host, spawner: Spawner, program: Program, limits: RunLimits, stdout: int | None = None
) -> PreparedSandbox:
    """Start a sandbox that waits for the input of its program.

    `stdout` is the descriptor for the program's output (None: the output is part of the report).

    Raises:
        OSError: a file or a control group could not be used.
        SpawnerLost: the spawner has ended.
    """
    descriptors = Descriptors()
    with ExitStack() as undo:
        undo.push(descriptors)
        undo.callback(spawner.group.end)
        spawner.wait_until_idle()
        handles = spawner.group.begin(limits.memory_kb, limits.processes)
        run, message = _build_run(
            host=host,
            spawner=spawner,
            program=program,
            limits=limits,
            handles=handles,
            descriptors=descriptors,
            stdout=stdout,
        )
        spawner.launch(message, descriptors.theirs, handles.group)
        descriptors.close_theirs()
        undo.pop_all()
    return PreparedSandbox(spawner, program, limits, run, descriptors)


def _build_run(
    *,
    host: Host,
    spawner: Spawner,
    program: Program,
    limits: RunLimits,
    handles: GroupHandles,
    descriptors: Descriptors,
    stdout: int | None,
) -> tuple[Run, bytes]:
    """Open the descriptors of the run. Return the run, and the message that starts it.

    The first four descriptors become the runner's descriptors 0 to 3 (see sandbox.h). The message
    contains the configuration and the seccomp program.
    """
    descriptors.lend(host.null)
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
        pump.add_stream(out, output, output, scratch()) if out is not None else empty_stream(),
        pump.add_stream(err, limits.error_kb * 1024, output, scratch()),
        program.product,
    )
    options = _configuration(host, program, limits)
    if handles.cpu is not None:
        options.append(f"cpu_fd={descriptors.lend(handles.cpu)}")
    if handles.memory is not None:
        options.append(f"memory_fd={descriptors.lend(handles.memory)}")
    if program.collect_kb:
        size = program.collect_kb * 1024 + COLLECT_OVERHEAD_BYTES
        run.collected = pump.add_stream(descriptors.pipe(), size, size, scratch())
        options.append(f"collect_fd={len(descriptors.theirs) - 1}")
    files = {name: descriptors.give(seal(data)) for name, data in program.files.items()}
    options += _run_rootfs_options(host, program, limits, files)
    if any("\0" in option for option in options):
        raise OSError(
            errno.EINVAL,
            "A path or an argument of the command contains a NUL character. Remove this character.",
        )
    text = "".join(f"{option}\0" for option in options).encode()
    return run, text + b"\0" + host.seccomp


def _run_rootfs_options(
    host: Host, program: Program, limits: RunLimits, files: dict[str, int]
) -> list[str]:
    def translate(path: Path) -> Path:
        """Return the path in the base rootfs that corresponds to a path on the host."""
        return SHARED / path.relative_to(host.shared)

    return run_rootfs_options(
        directory=None if program.directory is None else translate(program.directory),
        file_descriptors=files,
        mounts={target: translate(path) for target, path in program.mounts.items()},
        tmp_kb=limits.tmp_kb,
        has_feedback=program.collect_from == FEEDBACK,
    )


def _stack_kb(memory_kb: int, *, without_groups: bool) -> int:
    """Return the stack limit in KB, which is most of the memory limit.

    A stack overflow is then reported as the signal SIGSEGV and not as an exceeded memory limit.
    """
    non_stack_kb = min(max(memory_kb // 16, NON_STACK_KB), memory_kb // 2)
    most_kb = STACK_KB_WITHOUT_GROUPS if without_groups else MOST_STACK_KB
    return min(memory_kb - non_stack_kb, most_kb)


def _configuration(host: Host, program: Program, limits: RunLimits) -> list[str]:
    without_groups = host.limit_backend is LimitBackend.RLIMITS
    options = [
        f"cpu_us={limits.cpu_ms * 1000}",
        f"wall_us={limits.wall_ms * 1000}",
        f"hard_wall_us={limits.longest_wall_ms * 1000}",
        f"memory_kb={limits.memory_kb if without_groups else 0}",
        f"address_kb={(limits.address_space_kb or 0) if without_groups else 0}",
        f"stack_kb={_stack_kb(limits.memory_kb, without_groups=without_groups)}",
        f"file_kb={limits.output_kb + limits.tmp_kb}",  # larger than a full /tmp
        f"processes={limits.processes}",
        f"files={limits.files}",
        f"cores={os.cpu_count() or 1}",
        f"collect_kb={program.collect_kb}",
    ]
    if program.collect_from != BOX:
        options.append(f"collect_at={program.collect_from}")
    options += [f"arg={argument}" for argument in program.command]
    options += [f"env={name}={value}" for name, value in ENVIRONMENT.items()]
    return options
