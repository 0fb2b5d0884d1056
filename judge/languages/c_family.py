"""C and C++. Each standard of C++ is a separate language."""

from judge.languages import failures
from judge.languages.spec import LanguageSpec, Precompiled, tool_paths

COMPILE_FLAGS = ("-O2", "-pipe", "-DONLINE_JUDGE")
# A statically linked program starts faster.
LINK_FLAGS = ("-static",)
# The message that `perror` prints after a failed allocation.
REFUSED = b"Cannot allocate memory"
HEADERS = "/opt"
# A shell script that precompiles the header `bits/stdc++.h`, which includes all other headers. The
# script gets the path of this header from the compiler.
PRECOMPILE = """
echo '#include <bits/stdc++.h>' > /tmp/all.cpp &&
header=$("$@" -M -MT all /tmp/all.cpp | tr ' ' '\\n' | grep -m 1 '/bits/stdc++[.]h$') &&
exec "$@" -x c++-header -o stdc++.h.gch "$header"
"""


def _cpp(standard: str, *aliases: str, language: str | None = None) -> LanguageSpec:
    compiler = ("{g++}", f"-std=gnu++{standard}", *COMPILE_FLAGS)
    linker = (*LINK_FLAGS, "-o", "main", "main.cpp")
    return LanguageSpec(
        id=language or f"cpp{standard}",
        name=f"C++{standard}",
        aliases=(f"gnu++{standard}", f"g++{standard}", *aliases),
        file_name="main.cpp",
        extensions=(".c++", ".cc", ".cxx"),
        tools={"g++": tool_paths("g++")},
        version=("{g++}", "-dumpfullversion"),
        compile=(*compiler, "-I", HEADERS, *linker),
        run=("./main",),
        hello='#include <cstdio>\nint main() { std::puts("hello"); }\n',
        packages="g++ libc6-dev",
        memory_errors=(b"std::bad_alloc", b"std::bad_array_new_length", REFUSED),
        precompiled=Precompiled(
            command=("/bin/sh", "-c", PRECOMPILE, "sh", *compiler),
            path=f"{HEADERS}/bits",
            used_by=b"bits/stdc++.h",
        ),
        shown_compile=" ".join(("g++", *compiler[1:], *linker)),
        failures=failures.CPP,
    )


LANGUAGES = (
    LanguageSpec(
        id="c",
        name="C",
        aliases=("gcc", "c11", "c17", "gnu17"),
        file_name="main.c",
        tools={"gcc": tool_paths("gcc")},
        version=("{gcc}", "-dumpfullversion"),
        compile=(
            *("{gcc}", "-std=gnu17", *COMPILE_FLAGS, *LINK_FLAGS),
            *("-o", "main", "main.c", "-lm"),
        ),
        run=("./main",),
        hello='#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
        packages="gcc libc6-dev",
        memory_errors=(REFUSED,),
    ),
    # C++20 is the default standard, because almost every C++17 program of a contest is also valid
    # in C++20.
    _cpp("20", "c++", "cxx", "g++", "cpp20", language="cpp"),
    _cpp("14", "c++11", "cpp11"),
    _cpp("17"),
    _cpp("23"),
)
