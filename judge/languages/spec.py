"""What the judge has to know of a language: plain data that touches no host."""

from dataclasses import dataclass

GIB_KB = 1024 * 1024
MIB_KB = 1024


@dataclass(frozen=True, slots=True)
class Grace:
    """What a language gets on top of a problem's limits, which are written for C++.

    CPU time is `limit * time_multiplier + time_extra_ms`; memory is `limit + memory_extra_kb`.
    `address_space_kb` is added to the memory for RLIMIT_AS where no cgroup limits memory; None
    means that the runtime reserves too much address space for such a limit to make sense.
    """

    time_multiplier: float = 1.0
    time_extra_ms: int = 0
    memory_extra_kb: int = 0
    address_space_kb: int | None = 64 * MIB_KB
    processes: int = 64


@dataclass(frozen=True, slots=True)
class Precompiled:
    """What is made once of a toolchain, in the sandbox, and seen read-only by its compilers.

    `command` leaves files in its directory, or they are those of the host's directory `copy_of`;
    compilers see them in `place`, directly below `/opt`, when the source holds the text `used_by`.
    Where they could not be made, compilers run without them; with `used_by` also where somebody
    else is making them. `size_kb` bounds the files, and what they are made with.
    """

    place: str
    command: tuple[str, ...] = ()
    copy_of: str = ""
    used_by: bytes = b""
    cpu_ms: int = 60_000
    memory_kb: int = GIB_KB
    size_kb: int = 256 * MIB_KB


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """One language: how its tools are called and what it may use.

    `tools` maps a name to the places where that tool may be, best first, with `*` as in a shell;
    `{name}` in a command stands for the place found. `{memory_mb}` stands for the memory limit of
    the run. Commands run in the program's directory, `/box`. `version` prints the version among
    other words. `check` says that the compile step only checks the source, which itself is what
    runs; else it makes the file `product`, and `no_product` says what to change where it does not.
    `support` are files (name, text) beside the source while it is compiled. `hints` are pairs: a
    text that a compiler may say, and what helps then. `memory_errors` are the texts by which a
    runtime says on standard error that it ran out of memory. `shown_compile` is the command as
    people would type it, where `compile` reads worse. `extensions` are the
    further endings of source files (`.cc`); the ending of `file_name` is always known.
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


def places(*names: str) -> tuple[str, ...]:
    """Return where Debian, and who installs by hand, put a tool of one of these names."""
    return tuple(f"{directory}/{name}" for name in names for directory in ("/usr/bin", LOCAL_BIN))


LOCAL_BIN = "/usr/local/bin"
