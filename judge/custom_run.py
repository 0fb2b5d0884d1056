"""A program run once on its author's own input: compiled like a submission, compared with nothing.

Blocking code: call it from threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.models import JudgeCancelled
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.compiler import CompileCancelled, Compiled, CompilerBroken
from judge.toolchains.installed import Installed, run_limits
from judge.verdicts import verdict_of

OUTPUT_BYTES = 256 * 1024
ERROR_KB = 256
# However long compiling took.
SHORTEST_WALL_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRun:
    """What a run gave; AC says that the program ended by itself with exit code 0.

    `output` and `error` are the first 256 KB.
    """

    verdict: Verdict
    message: str = ""
    compile_output: str = ""
    output: bytes = b""
    error: bytes = b""
    cpu_ms: int = 0
    wall_ms: int = 0
    peak_kb: int = 0
    exit_code: int | None = None
    signal: str | None = None


def run_custom(
    judge: Judge,
    language: str,
    code: str,
    stdin: bytes,
    *,
    time_limit_ms: int,
    memory_limit_kb: int,
    wall_ms: int,
    cancelled: Callable[[], bool] | None = None,
) -> CustomRun:
    """Compile a program and run it on `stdin`; it takes a slot of the host like a test does.

    As someone waits for it, both together take at most `wall_ms`, and an idle program is stopped
    after twice its CPU time and a second. Raises `LanguageUnavailable`, and `JudgeCancelled` soon
    after `cancelled()` is True.
    """
    sandbox, compiler, installed = judge.parts(language)
    source = code.encode("utf-8", "surrogatepass")
    try:
        compiled = compiler.compile(installed, source, cancelled, wall_ms=wall_ms)
        if compiled.directory is None:
            return CustomRun(verdict=Verdict.CE, compile_output=compiled.output)
        program = Program(installed.command(memory_limit_kb), compiled.directory)
        limits = run_limits(installed.spec, time_limit_ms, memory_limit_kb)
        left_ms = max(SHORTEST_WALL_MS, wall_ms - compiled.wall_ms)
        limits = replace(limits, wall_ms=min(2 * limits.cpu_ms + 1000, left_ms), error_kb=ERROR_KB)
        with sandbox.run(program, stdin, limits, cancelled) as report:
            return _custom_run(report, limits, installed, compiled)
    except CompilerBroken as error:
        return CustomRun(verdict=Verdict.IE, message=str(error))
    except (CompileCancelled, WaitCancelled):
        raise JudgeCancelled from None


def _custom_run(
    report: Report, limits: RunLimits, installed: Installed, compiled: Compiled
) -> CustomRun:
    if report.outcome is Outcome.CANCELLED:
        raise JudgeCancelled
    verdict = verdict_of(report, limits, installed.spec.memory_errors)
    return CustomRun(
        verdict=verdict,
        message=report.message,
        compile_output=compiled.output,
        output=report.stdout.read(OUTPUT_BYTES),
        error=report.stderr,
        cpu_ms=report.cpu_ms,
        wall_ms=report.wall_ms,
        peak_kb=report.peak_kb,
        exit_code=report.exit_code,
        signal=report.signal,
    )
