"""The fields of an entry in the language table."""

from dataclasses import dataclass, field

from judge.languages.failures import NO_FAILURES, FailureFormat

GIB_KB = 1024 * 1024
MIB_KB = 1024


@dataclass(frozen=True, slots=True)
class Grace:
    """The amounts that a language adds to the limits of a problem, which are chosen for C++.

    The CPU time limit is `limit * time_multiplier + time_extra_ms`. The memory limit is `limit +
    memory_extra_kb`. On hosts without control groups, RLIMIT_AS is the memory limit plus
    `address_space_kb`. If this is None, RLIMIT_AS is not set, because the runtime reserves too much
    address space.
    """

    time_multiplier: float = 1.0
    time_extra_ms: int = 0
    memory_extra_kb: int = 0
    address_space_kb: int | None = 64 * MIB_KB
    processes: int = 64


@dataclass(frozen=True, slots=True)
class Precompiled:
    """Files that are built once for each toolchain and mounted read-only for its compilers.

    `command` runs in the sandbox and writes the files into its directory. Without `command`, the
    files are copied from the host's directory `copy_of`. The compiler of a source sees the files at
    `path`, which is directly below `/opt`, if the source contains the text `used_by` (empty:
    always).

    If the build fails, compilers run without the files. If `used_by` is set, compilers also run
    without the files while another worker is building them. `size_kb` limits the size of the files
    and of the scratch space of the build.
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

    `tools` maps the name of a tool to its possible paths, best first, which may contain `*` as in a
    shell. In commands, `{name}` is replaced by the path of the tool, and `{memory_mb}` by the
    memory limit of the run. Commands run in the directory of the program, `/box`. The output of the
    command `version` contains the version.

    If `check` is True, the compile step only checks the source, and the source itself is run.
    Otherwise the compile step produces the file `product`. If this file is missing afterwards, the
    user gets the message `no_product`. `support` contains further files (name, text) that are
    present while the source is compiled. `hints` contains pairs: if the compiler's output contains
    the first text, the second text is added as advice. `memory_errors` contains the texts that a
    runtime writes to standard error when it is out of memory. `failures` describes the messages
    that it writes when a program fails. `shown_compile` is the compile
    command for display, if `compile` is hard to read.
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
    # Not in the representation, which identifies cached probes.
    failures: FailureFormat = field(default=NO_FAILURES, repr=False)


def tool_paths(*names: str) -> tuple[str, ...]:
    """Return the paths at which Debian or a manual installation puts the tools with these names."""
    return tuple(f"{directory}/{name}" for name in names for directory in ("/usr/bin", LOCAL_BIN))


LOCAL_BIN = "/usr/local/bin"
