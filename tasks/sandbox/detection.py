"""Which languages this host really runs: find the tools, then compile and run a program of each."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from graphql_api.data.languages import LanguageInfo
from tasks.sandbox.compiling import Compiler, CompilerBroken
from tasks.sandbox.languages import LANGUAGES, LanguageSpec
from tasks.sandbox.report import Outcome, Program, RunLimits
from tasks.sandbox.sandbox import Sandbox
from tasks.sandbox.toolchains import Installed, fill, find_tools, run_limits

PROBE_TIME_MS = 5000
PROBE_MEMORY_KB = 256 * 1024
GREETING = b"hello"


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages that run here, by id, and why the others do not."""

    installed: dict[str, Installed]
    missing: dict[str, str]


def detect_languages(sandbox: Sandbox, compiler: Compiler) -> Languages:
    """Find every language of the table by compiling and running a greeting in the sandbox."""
    with ThreadPoolExecutor(max_workers=len(sandbox.slots)) as pool:
        found = list(pool.map(lambda spec: _detect(spec, sandbox, compiler), LANGUAGES))
    installed = {one.spec.id: one for one in found if isinstance(one, Installed)}
    missing = {
        spec.id: one for spec, one in zip(LANGUAGES, found, strict=True) if isinstance(one, str)
    }
    return Languages(installed, missing)


def _detect(spec: LanguageSpec, sandbox: Sandbox, compiler: Compiler) -> Installed | str:
    tools, problem = find_tools(spec)
    if problem:
        return problem
    version = _version(spec, sandbox, tools)
    if version is None:
        return f"{' '.join(fill(spec.version, tools))} does not run in the sandbox"
    installed = Installed(spec, tools, _toolchain(spec, version))
    try:
        compiled = compiler.compile(installed, spec.hello.encode())
    except CompilerBroken as error:
        return str(error)
    if compiled.directory is None:
        return f"the compiler does not work (apt-get install -y {spec.packages}): {compiled.output}"
    limits = run_limits(spec, PROBE_TIME_MS, PROBE_MEMORY_KB)
    command = fill(spec.run, tools, PROBE_MEMORY_KB)
    with sandbox.run(Program(command, compiled.directory), b"", limits) as report:
        if report.outcome is Outcome.OK and report.stdout.read().strip() == GREETING:
            return installed
        said = report.stderr[-300:].decode("utf-8", "replace")
        return f"a first program does not run: {report.outcome} {report.message} {said}".strip()


def _version(spec: LanguageSpec, sandbox: Sandbox, tools: dict[str, Path]) -> str | None:
    limits = RunLimits(
        cpu_ms=PROBE_TIME_MS, wall_ms=4 * PROBE_TIME_MS, memory_kb=spec.compile_memory_kb
    )
    limits = replace(limits, processes=spec.grace.processes)
    with sandbox.run(Program(fill(spec.version, tools)), b"", limits) as report:
        if report.outcome is not Outcome.OK:
            return None
        words = (report.stdout.read(1000) or report.stderr).decode("utf-8", "replace").split()
    return words[-1].removeprefix("v") if words else None


def _toolchain(spec: LanguageSpec, version: str) -> LanguageInfo:
    names = {tool: Path(tool) for tool in spec.tools}
    shown = fill(spec.run, names)
    return LanguageInfo(
        id=spec.id,
        name=spec.name,
        version=version,
        aliases=spec.aliases,
        file_name=spec.file_name,
        compile_command=None if spec.check else " ".join(fill(spec.compile, names)),
        run_command=" ".join(shown),
    )
