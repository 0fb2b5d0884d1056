"""A language on this host: the paths of its tools, its commands and the limits of its programs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql_api.data.languages import LanguageInfo
from judge.languages.spec import LanguageSpec
from judge.sandbox.report import RunLimits

# Directories of the host that are visible in a sandbox (see rootfs.py).
REACHABLE = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"), Path("/etc/alternatives"))


@dataclass(frozen=True, slots=True)
class Installed:
    """A language on this host.

    `tools` contains the path of each tool. `toolchain` contains the details that workers announce
    to the API.
    """

    spec: LanguageSpec
    tools: Mapping[str, Path]
    toolchain: LanguageInfo

    def command(self, memory_kb: int) -> tuple[str, ...]:
        """Return the command that runs a compiled program with this memory limit."""
        return fill(self.spec.run, self.tools, memory_kb)

    @property
    def fingerprint(self) -> str:
        """A text that changes when all programs of the language must be compiled again."""
        spec = self.spec
        parts = (spec.id, self.toolchain.version, spec.compile, spec.support)
        return repr((*parts, read_state(self.tools)))


def read_state(tools: Mapping[str, Path]) -> tuple[tuple[str, str, int, int], ...]:
    """Return the name, real path, size and modification time of each tool.

    A new version of a tool is recognised by a change of these values.
    """
    states = []
    for name, path in sorted(tools.items()):
        real = path.resolve()
        status = real.stat()
        states.append((name, str(real), status.st_size, status.st_mtime_ns))
    return tuple(states)


def fill(
    command: tuple[str, ...], tools: Mapping[str, Path], memory_kb: int | None = None
) -> tuple[str, ...]:
    """Replace the placeholders in a command.

    `{name}` becomes the path of the tool `name`. `{memory_mb}` becomes the memory limit in MB,
    unless `memory_kb` is None.
    """
    values = {name: str(path) for name, path in tools.items()}
    if memory_kb is not None:
        values["memory_mb"] = str(max(1, memory_kb // 1024))
    filled = []
    for word in command:
        for name, value in values.items():
            word = word.replace(f"{{{name}}}", value)  # noqa: PLW2901 - the word is filled in step by step
        filled.append(word)
    return tuple(filled)


def run_limits(
    spec: LanguageSpec,
    time_limit_ms: int,
    memory_limit_kb: int,
    time_multiplier: float | None = None,
) -> RunLimits:
    """Return the limits of a run: the limits of the problem, adjusted for the language.

    The time limit is multiplied by `time_multiplier` (None: the multiplier of the language). Then
    the extra time and memory of the language are added. The wall time limit is 3 times the CPU time
    limit plus 1 s. This is enough on a loaded host, and stops idle programs.
    """
    grace = spec.grace
    multiplier = grace.time_multiplier if time_multiplier is None else time_multiplier
    cpu_ms = round(time_limit_ms * multiplier) + grace.time_extra_ms
    memory_kb = memory_limit_kb + grace.memory_extra_kb
    space = grace.address_space_kb
    return RunLimits(
        cpu_ms=cpu_ms,
        wall_ms=3 * cpu_ms + 1000,
        memory_kb=memory_kb,
        processes=grace.processes,
        address_space_kb=None if space is None else memory_kb + space,
    )


def find_tools(spec: LanguageSpec) -> tuple[dict[str, Path], str]:
    """Return the paths of a language's tools, and an empty string.

    If a tool is missing, return no paths, and the reason why the language cannot be used.
    """
    tools: dict[str, Path] = {}
    for tool, candidates in spec.tools.items():
        problem = (
            f"The program {tool} is not installed. Install it: apt-get install -y {spec.packages}"
        )
        for path in _find_existing(candidates):
            real = path.resolve()
            if any(real.is_relative_to(top) for top in REACHABLE):
                tools[tool] = path
                break
            problem = (
                f"The path {path} leads to {real}, but the sandbox's user cannot access {real}."
            )
        else:
            return {}, problem
    return tools, ""


def _find_existing(candidates: tuple[str, ...]) -> Iterator[Path]:
    """Yield the existing paths that match the patterns `candidates`, in this order.

    The paths of one pattern are in descending order, so that newer versions come first.
    """
    for candidate in candidates:
        paths = sorted(Path("/").glob(candidate.lstrip("/")), reverse=True)
        yield from (path for path in paths if path.exists())
