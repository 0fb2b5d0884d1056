"""The fields of one entry of the language table."""

from dataclasses import dataclass

GIB_KB = 1024 * 1024
MIB_KB = 1024


@dataclass(frozen=True, slots=True)
class Grace:
    """The amounts that a language adds to a problem's limits, which are meant for C++.

    CPU time is `limit * time_multiplier + time_extra_ms`; memory is `limit + memory_extra_kb`.
    On hosts without control groups, RLIMIT_AS is the memory plus `address_space_kb`; None: no such
    limit, because the runtime reserves too much address space.
    """

    time_multiplier: float = 1.0
    time_extra_ms: int = 0
    memory_extra_kb: int = 0
    address_space_kb: int | None = 64 * MIB_KB
    processes: int = 64


@dataclass(frozen=True, slots=True)
class Precompiled:
    """Files that are built once for a toolchain and mounted read-only for its compilers.

    `command` runs in the sandbox and writes the files into its directory; without it they are
    copied from the host's directory `copy_of`. Compilers see them in `path`, directly below `/opt`,
    if the source contains the text `used_by`. If the build fails, compilers run without the files;
    if `used_by` is set, also while another worker is building them. `size_kb` limits the size of
    the files and the scratch space of the build.
    """

    path: str
    command: tuple[str, ...] = ()
    copy_of: str = ""
    used_by: bytes = b""
    cpu_ms: int = 60_000
    memory_kb: int = GIB_KB
    size_kb: int = 256 * MIB_KB


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """One language: its tools, its commands and its limits.

    `tools` maps a name to the possible paths of that tool, best first, with `*` as in a shell. In
    commands, `{name}` is replaced by the path and `{memory_mb}` by the memory limit of the run.
    Commands run in the program's directory, `/box`. The output of `version` contains the version.

    With `check`, the compile step only checks the source, and the source itself is run. Otherwise
    the compile step produces the file `product`; `no_product` is the message if it does not.
    `support` are files (name, text) beside the source while it is compiled. `hints` are pairs: a
    text in a compiler's message, and advice to add then. `memory_errors` are the texts by which a
    runtime reports on standard error that it is out of memory. `shown_compile` is the compile
    command as users would type it, if `compile` is hard to read.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    file_name: str
    tools: dict[str, tuple[str, ...]]
    version: tuple[str, ...]
    compile: tuple[str, ...]
    run: tuple[str, ...]
    hello: str
    packages: str
    check: bool = False
    product: str = "main"
    no_product: str = "The compiler produced no program."
    support: tuple[tuple[str, str], ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    grace: Grace = Grace()
    compile_cpu_ms: int = 10_000
    compile_memory_kb: int = 512 * MIB_KB
    memory_errors: tuple[bytes, ...] = ()
    precompiled: Precompiled | None = None
    shown_compile: str | None = None
    extensions: tuple[str, ...] = ()


def tool_paths(*names: str) -> tuple[str, ...]:
    """Return the paths at which Debian or a manual installation puts a tool with these names."""
    return tuple(f"{directory}/{name}" for name in names for directory in ("/usr/bin", LOCAL_BIN))


LOCAL_BIN = "/usr/local/bin"
