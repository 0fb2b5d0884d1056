"""The languages that the judge knows: one table, and how each is found on a host.

`LANGUAGES` is plain data and touches no host. What a host can really run is the outcome of
`tasks.sandbox.detection.detect_languages`, which compiles and runs a program of each.
"""

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
class LanguageSpec:
    """One language: how its tools are called and what it may use.

    `tools` maps a name to the places where that tool may be, best first; `{name}` in a command
    stands for the place found. `{memory_mb}` stands for the memory limit of the run. Commands run
    in the program's directory, `/box`. `check` says that the compile step only checks the source,
    which itself is what runs. `memory_errors` are the texts by which a runtime says on standard
    error that it ran out of memory. `host_paths` are needed besides the system's own directories.
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
    grace: Grace = Grace()
    compile_cpu_ms: int = 10_000
    compile_memory_kb: int = 512 * MIB_KB
    memory_errors: tuple[bytes, ...] = ()


C_FLAGS = ("-O2", "-pipe", "-DONLINE_JUDGE", "-static")

# Says what `python3 main.py` would say of a source that is no Python, without this line's frames.
PYTHON_CHECK = """
import sys
try:
    compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec", dont_inherit=True)
except Exception as error:
    sys.excepthook(type(error), error.with_traceback(None), None)
    sys.exit(1)
"""

LANGUAGES: tuple[LanguageSpec, ...] = (
    LanguageSpec(
        id="python",
        name="Python",
        aliases=("python3", "py", "py3", "cpython"),
        file_name="main.py",
        tools={"python3": ("/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3")},
        version=("{python3}", "--version"),
        compile=(
            "{python3}",
            "-I",
            "-S",
            "-c",
            PYTHON_CHECK,
            "main.py",
        ),
        run=("{python3}", "main.py"),
        hello="print('hello')\n",
        packages="python3",
        check=True,
        grace=Grace(time_multiplier=3.0, memory_extra_kb=16 * MIB_KB),
        memory_errors=(b"MemoryError",),
    ),
    LanguageSpec(
        id="c",
        name="C",
        aliases=("gcc", "c11", "c17"),
        file_name="main.c",
        tools={"gcc": ("/usr/bin/gcc", "/usr/local/bin/gcc")},
        version=("{gcc}", "-dumpfullversion"),
        compile=("{gcc}", "-std=gnu17", *C_FLAGS, "-o", "main", "main.c", "-lm"),
        run=("./main",),
        hello='#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
        packages="gcc libc6-dev",
    ),
    LanguageSpec(
        id="cpp",
        name="C++",
        aliases=("c++", "cxx", "g++", "cpp17", "cpp20", "c++17", "c++20"),
        file_name="main.cpp",
        tools={"g++": ("/usr/bin/g++", "/usr/local/bin/g++")},
        version=("{g++}", "-dumpfullversion"),
        compile=("{g++}", "-std=gnu++20", *C_FLAGS, "-o", "main", "main.cpp"),
        run=("./main",),
        hello='#include <cstdio>\nint main() { std::puts("hello"); }\n',
        packages="g++ libc6-dev",
        memory_errors=(b"std::bad_alloc",),
    ),
    LanguageSpec(
        id="javascript",
        name="JavaScript",
        aliases=("js", "node", "nodejs"),
        file_name="main.js",
        tools={"node": ("/usr/bin/node", "/usr/local/bin/node", "/usr/bin/nodejs")},
        version=("{node}", "--version"),
        compile=("{node}", "--check", "main.js"),
        run=("{node}", "--max-old-space-size={memory_mb}", "--stack-size=32000", "main.js"),
        hello="console.log('hello');\n",
        packages="nodejs",
        check=True,
        grace=Grace(
            time_multiplier=2.0, memory_extra_kb=128 * MIB_KB, address_space_kb=None, processes=64
        ),
        memory_errors=(b"heap out of memory", b"Array buffer allocation failed"),
    ),
    LanguageSpec(
        id="java",
        name="Java",
        aliases=("java17", "openjdk", "jdk"),
        file_name="Main.java",
        tools={
            "java": ("/usr/bin/java", "/usr/local/bin/java"),
            "javac": ("/usr/bin/javac", "/usr/local/bin/javac"),
        },
        version=("{javac}", "-version"),
        compile=("{javac}", "-J-Xmx384m", "-J-XX:+UseSerialGC", "-encoding", "UTF-8", "Main.java"),
        run=("{java}", "-Xmx{memory_mb}m", "-Xss64m", "-XX:+UseSerialGC", "Main"),
        hello="public class Main { public static void main(String[] a) "
        '{ System.out.println("hello"); } }\n',
        packages="openjdk-17-jdk-headless",
        grace=Grace(
            time_multiplier=2.0,
            time_extra_ms=500,
            memory_extra_kb=256 * MIB_KB,
            address_space_kb=None,
            processes=128,
        ),
        compile_cpu_ms=20_000,
        compile_memory_kb=GIB_KB,
        memory_errors=(b"java.lang.OutOfMemoryError",),
    ),
)

_BY_NAME = {
    word.casefold(): spec for spec in LANGUAGES for word in (spec.id, spec.name, *spec.aliases)
}


def find_language(name_or_alias: str) -> LanguageSpec | None:
    """Return the language of that id, name or alias, in any case; None when there is none."""
    return _BY_NAME.get(name_or_alias.strip().casefold())
