"""The fields of an entry in the language table."""

from dataclasses import dataclass, field

from judge.languages.failures import NO_FAILURES, FailureFormat

GIB_KB = 1024 * 1024
MIB_KB = 1024


@dataclass(frozen=True, slots=True)
class Grace:
    """The adjustments that a language needs, because the limits of a problem are chosen for C++.

    - CPU time limit: `limit * time_multiplier + time_extra_ms`.
    - Memory limit: `limit + memory_extra_kb`.
    - RLIMIT_AS, only on hosts without control groups: the memory limit plus `address_space_kb`.
      None means that RLIMIT_AS is not set, because the runtime reserves too much address space.
    - `processes` is the maximum number of processes and threads.
    """

    time_multiplier: float = 1.0
    time_extra_ms: int = 0
    memory_extra_kb: int = 0
    address_space_kb: int | None = 64 * MIB_KB
    processes: int = 64


@dataclass(frozen=True, slots=True)
class Precompiled:
    """Files that are built once for each toolchain, and mounted when a source is compiled.

    - `path` is the directory of the files in the sandbox of the compiler, directly below `/opt`.
    - `command` runs in a sandbox and writes the files into its working directory. If `command` is
      empty, the files are copied from `copy_of`, which is a directory of the host.
    - `used_by` is a text. The files are mounted only for sources that contain this text (empty: for
      all sources).
    - `size_kb` limits the size of the files, and of the temporary files of the build.

    If the build fails, sources are compiled without the files. If `used_by` is set, sources are
    also compiled without the files while another worker is building the files.
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

    - `tools` maps the name of each tool to its possible paths, the preferred path first. A path may
      contain the wildcard `*`, as in a shell.
    - Commands run in `/box`, the directory of the program. In a command, `{name}` is replaced by
      the path of the tool `name`, and `{memory_mb}` by the memory limit of the run in MB.
    - `version` is a command whose output contains the version of the language.
    - `check` is True if the compile step only checks the source, and the source itself is run.
      Otherwise the compile step produces the file `product`. If this file is missing after the
      step, the user gets the message `no_product`.
    - `hello` is a short program for a test of the language.
    - `support` contains further files (name, text) that are present while a source is compiled.
    - `hints` contains pairs of texts. If the compiler's output contains the first text, the second
      text is added as advice.
    - `memory_errors` contains the texts that the runtime writes to standard error when it is out of
      memory. `failures` describes the messages that the runtime writes when a program fails.
    - `shown_compile` is the compile command for display (None: `compile` itself).
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
    no_product: str = "The compiler reported no error but did not write a program."
    support: tuple[tuple[str, str], ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    grace: Grace = Grace()
    compile_cpu_ms: int = 10_000
    compile_memory_kb: int = 512 * MIB_KB
    memory_errors: tuple[bytes, ...] = ()
    precompiled: Precompiled | None = None
    shown_compile: str | None = None
    extensions: tuple[str, ...] = ()
    # Not part of `repr`, which is part of the cache key of detected languages.
    failures: FailureFormat = field(default=NO_FAILURES, repr=False)


def tool_paths(*names: str) -> tuple[str, ...]:
    """Return the paths at which Debian or a manual installation puts the tools with these names."""
    return tuple(f"{directory}/{name}" for name in names for directory in ("/usr/bin", LOCAL_BIN))


LOCAL_BIN = "/usr/local/bin"
