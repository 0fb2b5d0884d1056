"""Measures the time of compiling a short program in each language, and of finding it in the cache.

    python -m benchmarks.compiling [--runs 5] [language …]

The programs are compiled in the sandbox. The languages are interleaved, and each run compiles a new
source. The last lines are for a C++ program that includes all headers: with precompiled headers,
without them, and for the precompilation itself.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from judge.sandbox.sandbox import open_sandbox
from judge.toolchains.compiler import Compiler
from judge.toolchains.detection import detect_languages
from judge.toolchains.installed import Installed

ALL_HEADERS = """#include <bits/stdc++.h>
int main() { int a, b; std::cin >> a >> b; std::cout << a + b << "\\n"; }
"""
_lengths = itertools.count(1)


def fresh(code: str) -> bytes:
    """Return the source with additional white space at its end, so that it is not in the cache."""
    return f"{code}{next(_lengths) * chr(10)}".encode()


def compile_ms(compiler: Compiler, installed: Installed, code: bytes) -> float:
    """Return the time of compiling a source, in milliseconds."""
    began = time.perf_counter()
    compiled = compiler.compile(installed, code)
    assert compiled.directory is not None, compiled.output
    return (time.perf_counter() - began) * 1000


def ways(compiler: Compiler, installed: dict[str, Installed]) -> dict[str, Callable[[], float]]:
    """Return the functions to time, by name."""

    def compile_new(language: Installed) -> Callable[[], float]:
        return lambda: compile_ms(compiler, language, fresh(language.spec.hello))

    timed = {name: compile_new(language) for name, language in installed.items()}
    if "c" in installed:
        known = fresh(installed["c"].spec.hello)
        compile_ms(compiler, installed["c"], known)
        timed["c, compiled before"] = lambda: compile_ms(compiler, installed["c"], known)
    if "cpp" in installed:
        cpp = installed["cpp"]
        plain = replace(cpp, spec=replace(cpp.spec, precompiled=None))
        timed["all headers, precompiled"] = lambda: compile_ms(compiler, cpp, fresh(ALL_HEADERS))
        timed["all headers, plain"] = lambda: compile_ms(compiler, plain, fresh(ALL_HEADERS))
    return timed


def main() -> None:
    """Print one line for each function of `ways`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("languages", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        sandbox = open_sandbox(Path(root))
        compiler = Compiler(sandbox)
        began = time.perf_counter()
        installed = detect_languages(sandbox, compiler, options.languages).installed
        again = time.perf_counter()
        detect_languages(sandbox, compiler, options.languages)
        print(f"{len(installed)} languages found: {again - began:.1f} s at a host's first start,")
        print(f"{(time.perf_counter() - again) * 1000:.0f} ms at the next")
        if "cpp" in installed:
            made_ms = compile_ms(compiler, installed["cpp"], fresh(ALL_HEADERS))
            print(f"headers precompiled, with the first program that has them: {made_ms:.0f} ms")
        timed = ways(compiler, installed)
        times: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(options.runs):
            for name, way in timed.items():
                times[name].append(way())
        sandbox.close()
    print(f"{'compile':28}{'p50 ms':>10}{'least ms':>10}")
    for name, values in times.items():
        print(f"{name:28}{statistics.median(values):10.1f}{min(values):10.1f}")


if __name__ == "__main__":
    main()
