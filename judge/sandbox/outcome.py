"""Builds the report of a run from the runner's report and the counters of the control group."""

import errno
import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox.cgroups import GroupUsage, LimitBackend
from judge.sandbox.pump import Captured, Pump
from judge.sandbox.report import Facts, Outcome, Report, RunLimits, signal_name

HOST_OUT_OF_MEMORY = (
    "The run was stopped, because this host ran out of memory. The program did not exceed its own "
    "limit."
)
# After any other outcome, the collected files are incomplete or missing.
_COLLECTING = (Outcome.OK, Outcome.NONZERO_EXIT)


@dataclass(slots=True)
class Run:
    """The state of one run, from its start to its report.

    `product` is the compiled file that the run starts. It is None if the run starts a program of
    the host's system, such as an interpreter.
    """

    limits: RunLimits
    limit_backend: LimitBackend
    pump: Pump
    stdout: Captured
    stderr: Captured
    product: Path | None = None
    collected: Captured | None = None

    def close(self) -> None:
        """Close the captured output of a run that gets no report."""
        for captured in (self.stdout, self.stderr, self.collected):
            if captured is not None:
                captured.file.close()


def internal_error(limit_backend: LimitBackend, message: str) -> Report:
    """Return the report of a run in which the sandbox itself failed."""
    return Report(Outcome.INTERNAL, io.BytesIO(), b"", limit_backend, message=message)


def build_report(run: Run, usage: GroupUsage) -> Report:
    """Return the report of a run that has ended.

    The outcome depends on the report of the runner, on the counters of the kernel and on the size
    of the output. The outcome does not depend on the content of the output.
    """
    facts = Facts.parse(run.pump.facts)
    run.stdout.file.seek(0)
    run.stderr.file.seek(0)
    with run.stderr.file as file:
        stderr = file.read()
    collected = b""
    if run.collected is not None:
        with run.collected.file as file:
            file.seek(0)
            collected = file.read()
    report = Report(Outcome.INTERNAL, run.stdout.file, stderr, run.limit_backend)
    if facts is None:
        report.outcome, report.message = _without_facts(run, usage, stderr)
        return report
    report.cpu_ms = facts.cpu_us // 1000
    report.wall_ms = facts.wall_us // 1000
    report.waited_ms = facts.waited_us // 1000
    # The resident size includes mapped files, as in the result of `getrusage` in the program.
    # Mapped files do not count against the memory limit, so the resident size is capped at the
    # limit.
    memory_kb = facts.peak_memory_kb(usage)
    report.peak_kb = max(memory_kb, min(facts.rss_kb, run.limits.memory_kb))
    report.signal = signal_name(facts.signal)
    report.exit_code = facts.exit_code
    report.outcome, report.message = _with_facts(run, usage, facts, memory_kb)
    if report.outcome in _COLLECTING:
        report.collected = unpack(collected)
    return report


def _without_facts(run: Run, usage: GroupUsage, stderr: bytes) -> tuple[Outcome, str]:
    if usage.is_out_of_memory:
        return Outcome.MEMORY, "The sandbox ran out of memory."
    if usage.killed_by_host_oom:
        return Outcome.INTERNAL, HOST_OUT_OF_MEMORY
    if run.pump.was_cancelled:
        return Outcome.CANCELLED, ""
    reason = (run.pump.facts or stderr[-500:]).decode("utf-8", "replace").strip()
    late = (
        "The runner was stopped, because it did not send its report in time. "
        if run.pump.was_killed
        else ""
    )
    return (
        Outcome.INTERNAL,
        f"{late}The sandbox did not send a report: {reason or 'nothing was received'}.",
    )


def _with_facts(run: Run, usage: GroupUsage, facts: Facts, memory_kb: int) -> tuple[Outcome, str]:
    if facts.reason == "start":
        return _not_started(facts.start_errno, run.product)
    limits = run.limits
    memory_message = f"The limit of {limits.memory_kb} KB of memory was exceeded."
    over_output = run.stdout.overflowed or run.stderr.overflowed
    over_cpu = facts.cpu_us > limits.cpu_ms * 1000
    is_thrashing = usage.is_thrashing and (over_cpu or facts.reason == "wall")
    over_memory = usage.is_out_of_memory or memory_kb > limits.memory_kb or is_thrashing
    checks = (
        (over_memory or facts.reason == "memory", Outcome.MEMORY, memory_message),
        (
            over_output,
            Outcome.OUTPUT,
            f"The limit of {limits.output_kb} KB of output was exceeded.",
        ),
        (run.pump.was_cancelled and facts.reason == "stop", Outcome.CANCELLED, ""),
        (over_cpu, Outcome.CPU_LIMIT, f"The limit of {limits.cpu_ms} ms of CPU time was exceeded."),
        (
            facts.reason == "wall",
            Outcome.WALL_LIMIT,
            f"The limit of {limits.wall_ms} ms of wall time was exceeded.",
        ),
        (not facts.ended, Outcome.INTERNAL, f"The runner stopped the program: {facts.reason}."),
        (usage.killed_by_host_oom and facts.status, Outcome.INTERNAL, HOST_OUT_OF_MEMORY),
        (
            facts.signal,
            Outcome.SIGNALLED,
            f"The program was ended by the signal {signal_name(facts.signal)}.",
        ),
        (facts.exit_code, Outcome.NONZERO_EXIT, f"The program exited with code {facts.exit_code}."),
    )
    failures = ((outcome, message) for failed, outcome, message in checks if failed)
    return next(failures, (Outcome.OK, ""))


def _not_started(number: int, product: Path | None) -> tuple[Outcome, str]:
    message = f"The program cannot be started: {os.strerror(number)}."
    if number == errno.ENOMEM:
        return Outcome.MEMORY, message
    # A compiled program may require a loader that does not exist. This is an error of the program.
    if number == errno.ENOEXEC or (product is not None and product.exists()):
        return Outcome.NONZERO_EXIT, message
    return Outcome.INTERNAL, message


def unpack(packed: bytes) -> dict[str, bytes] | None:
    """Return the collected files by name, or None if the data is incomplete.

    The format is described in runner.c.
    """
    files: dict[str, bytes] = {}
    at = 0
    while at + 4 <= len(packed):
        (length,) = struct.unpack_from("=I", packed, at)
        at += 4
        if length == 0:
            return files if at == len(packed) else None
        name = packed[at : at + length].decode("utf-8", "replace")
        at += length
        if at + 8 > len(packed) or "/" in name or name.startswith("."):
            return None
        (size,) = struct.unpack_from("=Q", packed, at)
        at += 8
        files[name] = packed[at : at + size]
        at += size
    return None
