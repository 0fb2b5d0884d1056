"""From the runner's report and the group's counters to one outcome."""

import errno
import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox.cgroups import GroupUsage, LimitBackend
from judge.sandbox.pump import Captured, Pump
from judge.sandbox.report import Facts, Outcome, Report, RunLimits, signal_name

GAVE_WAY = "The run was ended because this host, not the program, ran out of memory."
# What comes of others is cut off or not there at all, which `unpack` finds.
_COLLECTING = (Outcome.OK, Outcome.NONZERO_EXIT)


@dataclass(slots=True)
class Run:
    """One run between its start and its report; `product` is a compiler's that it starts."""

    limits: RunLimits
    held: LimitBackend
    pump: Pump
    stdout: Captured
    stderr: Captured
    product: Path | None = None
    collected: Captured | None = None

    def forget(self) -> None:
        """Close what was kept of a run that nobody asks about."""
        for captured in (self.stdout, self.stderr, self.collected):
            if captured is not None:
                captured.file.close()


def internal(held: LimitBackend, message: str) -> Report:
    """A report of a run that says nothing about the program."""
    return Report(Outcome.INTERNAL, io.BytesIO(), b"", held, message=message)


def conclude(run: Run, usage: GroupUsage) -> Report:
    """Decide the outcome. Only the runner's report and the kernel's counters have a say."""
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
    report = Report(Outcome.INTERNAL, run.stdout.file, stderr, run.held)
    if facts is None:
        report.outcome, report.message = _without_facts(run, usage, stderr)
        return report
    report.cpu_ms = facts.cpu_us // 1000
    report.wall_ms = facts.wall_us // 1000
    # As the program itself would tell, files that it maps among it, but for these within the limit.
    held_kb = facts.held_kb(usage)
    report.peak_kb = max(held_kb, min(facts.rss_kb, run.limits.memory_kb))
    report.signal = signal_name(facts.signal)
    report.exit_code = facts.exit_code
    report.outcome, report.message = _with_facts(run, usage, facts, held_kb)
    if report.outcome in _COLLECTING:
        report.collected = unpack(collected)
    return report


def _without_facts(run: Run, usage: GroupUsage, stderr: bytes) -> tuple[Outcome, str]:
    if usage.is_out_of_memory:
        return Outcome.MEMORY, "The sandbox ran out of memory."
    if usage.killed_by_host_oom:
        return Outcome.INTERNAL, GAVE_WAY
    if run.pump.was_cancelled:
        return Outcome.CANCELLED, ""
    said = (run.pump.facts or stderr[-500:]).decode("utf-8", "replace").strip()
    late = "The runner did not report in time and was ended. " if run.pump.was_killed else ""
    return Outcome.INTERNAL, f"{late}The sandbox gave no report: {said or 'it wrote nothing'}."


def _with_facts(run: Run, usage: GroupUsage, facts: Facts, held_kb: int) -> tuple[Outcome, str]:
    if facts.reason == "start":
        return _not_started(facts.start_errno, run.product)
    limits = run.limits
    memory = f"The limit of {limits.memory_kb} KB of memory was exceeded."
    over_output = run.stdout.overflowed or run.stderr.overflowed
    over_cpu = facts.cpu_us > limits.cpu_ms * 1000
    is_thrashing = usage.is_thrashing and (over_cpu or facts.reason == "wall")
    over_memory = usage.is_out_of_memory or held_kb > limits.memory_kb or is_thrashing
    checks = (
        (over_memory or facts.reason == "memory", Outcome.MEMORY, memory),
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
        (usage.killed_by_host_oom and facts.status, Outcome.INTERNAL, GAVE_WAY),
        (facts.signal, Outcome.SIGNALLED, f"The program was ended by {signal_name(facts.signal)}."),
        (facts.exit_code, Outcome.NONZERO_EXIT, f"The program exited with code {facts.exit_code}."),
    )
    found = (check[1:] for check in checks if check[0])
    return next(found, (Outcome.OK, ""))


def _not_started(number: int, product: Path | None) -> tuple[Outcome, str]:
    said = f"The program does not start: {os.strerror(number)}."
    if number == errno.ENOMEM:
        return Outcome.MEMORY, said
    # A program names its own loader, which need not be there.
    if number == errno.ENOEXEC or (product is not None and product.exists()):
        return Outcome.NONZERO_EXIT, said
    return Outcome.INTERNAL, said


def unpack(packed: bytes) -> dict[str, bytes] | None:
    """Return the collected files by name; None unless they arrived whole (see runner.c)."""
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
