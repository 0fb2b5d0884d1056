"""A language's tools on this host, and its commands and limits filled in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql_api.data.languages import LanguageInfo
from judge.languages import LanguageSpec
from judge.sandbox.report import RunLimits

# What the inside of a sandbox holds of the host (see rootfs.py).
REACHABLE = (Path("/usr"), Path("/bin"), Path("/lib"), Path("/lib64"), Path("/etc/alternatives"))


@dataclass(frozen=True, slots=True)
class Installed:
    """A language on this host: its tools' places, and what workers announce of it."""

    spec: LanguageSpec
    tools: Mapping[str, Path]
    toolchain: LanguageInfo

    def command(self, memory_kb: int) -> tuple[str, ...]:
        """Return how a compiled program is run under a memory limit."""
        return fill(self.spec.run, self.tools, memory_kb)

    @property
    def fingerprint(self) -> str:
        """Changes when a compiled program may not be used any more."""
        spec = self.spec
        made_of = (spec.id, self.toolchain.version, spec.compile, spec.support)
        return repr((*made_of, state_of(self.tools)))


def state_of(tools: Mapping[str, Path]) -> tuple[tuple[str, str, int, int], ...]:
    """Return what changes when one of the tools is replaced: real places, sizes, times."""
    found = []
    for name, path in sorted(tools.items()):
        real = path.resolve()
        about = real.stat()
        found.append((name, str(real), about.st_size, about.st_mtime_ns))
    return tuple(found)


def fill(
    command: tuple[str, ...], tools: Mapping[str, Path], memory_kb: int | None = None
) -> tuple[str, ...]:
    """Return the command with the tools' places and, if given, the memory limit put in."""
    values = {name: str(path) for name, path in tools.items()}
    if memory_kb is not None:
        values["memory_mb"] = str(max(1, memory_kb // 1024))
    filled = []
    for word in command:
        for name, value in values.items():
            word = word.replace(f"{{{name}}}", value)  # noqa: PLW2901 - one word, filled stepwise
        filled.append(word)
    return tuple(filled)


def run_limits(
    spec: LanguageSpec,
    time_limit_ms: int,
    memory_limit_kb: int,
    time_multiplier: float | None = None,
) -> RunLimits:
    """Return a problem's limits with the language's grace.

    `time_multiplier` is the problem's own, in place of the language's. Wall time is three times the
    CPU time and a second: enough for a loaded host, and an idle program ends in bounded time.
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
    """Return the tools' places, and why the language cannot be offered (empty: it can)."""
    tools: dict[str, Path] = {}
    for tool, candidates in spec.tools.items():
        problem = f"{tool} is not installed: apt-get install -y {spec.packages}"
        for place in _existing(candidates):
            real = place.resolve()
            if any(real.is_relative_to(top) for top in REACHABLE):
                tools[tool] = place
                break
            problem = f"{place} leads to {real}, which the sandbox's user cannot reach"
        else:
            return {}, problem
    return tools, ""


def _existing(candidates: tuple[str, ...]) -> Iterator[Path]:
    """Yield the places there are; of those of one pattern the last in order first."""
    for candidate in candidates:
        found = sorted(Path("/").glob(candidate.lstrip("/")), reverse=True)
        yield from (place for place in found if place.exists())
