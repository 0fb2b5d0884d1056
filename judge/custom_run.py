"""Custom runs: a program runs once on its author's own input, and its output is not compared.

The functions block, so call them from threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from graphql_api.data.enums import Verdict
from judge.judge import Judge
from judge.models import JudgeCancelled
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.slots import NO_OWNER, WaitCancelled
from judge.toolchains.compiler import CompileCancelled, Compiled, CompilerBroken
from judge.toolchains.installed import Installed, run_limits
from judge.verdicts import decide_verdict

OUTPUT_BYTES = 256 * 1024
ERROR_KB = 256
# Minimum wall time limit of the run, even if compiling has used up `wall_ms`.
SHORTEST_WALL_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRun:
    """The result of a custom run. The verdict AC means that the program exited with code 0.

    `output` is the standard output, and `error` is the standard error. Each is truncated to 256 KB.
    `exit_code` is None if the program did not exit by itself. `signal` is None if no signal ended
    the program.
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
    owner: str = NO_OWNER,
    cancelled: Callable[[], bool] | None = None,
) -> CustomRun:
    """Compile a program and run it on the input `stdin`, in a slot of the host.

    A user waits for the answer, so compiling and running together take at most `wall_ms`. But the
    run may take 1 s even if compiling has used up this time. An idle program is stopped after twice
    its CPU time limit plus 1 s. `owner` is the user whose share of the slots is used.

    Raises:
        LanguageUnavailable: this host cannot run the language.
        JudgeCancelled: `cancelled()` returned True.
    """
    sandbox, compiler, installed = judge.tools_for(language)
    source = code.encode("utf-8", "surrogatepass")
    try:
        compilation = compiler.prepare(installed, source, cancelled, wall_ms=wall_ms, owner=owner)
        with sandbox.open_session(cancelled, owner) as session:
            compiled = compiler.run(compilation, session)
            if compiled.directory is None:
                return CustomRun(verdict=Verdict.CE, compile_output=compiled.output)
            session.give_way()
            program = Program(installed.command(memory_limit_kb), compiled.directory)
            limits = run_limits(installed.spec, time_limit_ms, memory_limit_kb)
            limits = _limit_time(limits, wall_ms - compiled.wall_ms)
            with session.run(program, stdin, limits) as report:
                return _build_custom_run(report, limits, installed, compiled)
    except CompilerBroken as error:
        return CustomRun(verdict=Verdict.IE, message=str(error))
    except (CompileCancelled, WaitCancelled):
        raise JudgeCancelled from None


def _limit_time(limits: RunLimits, left_ms: int) -> RunLimits:
    """Return the limits of a custom run that may take `left_ms` milliseconds of wall time."""
    left_ms = max(SHORTEST_WALL_MS, left_ms)
    return replace(
        limits,
        wall_ms=min(2 * limits.cpu_ms + 1000, left_ms),
        hard_wall_ms=left_ms,
        error_kb=ERROR_KB,
    )


def _build_custom_run(
    report: Report, limits: RunLimits, installed: Installed, compiled: Compiled
) -> CustomRun:
    if report.outcome is Outcome.CANCELLED:
        raise JudgeCancelled
    verdict = decide_verdict(report, limits, installed.spec.memory_errors)
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
