"""Measures the judge's comparers on outputs of ten megabytes, and a simple split for comparison.

    python -m benchmarks.comparers [--runs 7] [--megabytes 10]

The comparers are interleaved. The outputs have four shapes. In the shape `same`, both outputs are
equal byte by byte. In the shape `spaced`, their white space differs from the first byte on, so that
all of it is split into tokens or lines. In the shapes `flood` (one letter per line) and `blanks`
(empty lines), the expected output has only two lines. Memory is the peak of Python objects.
"""

import argparse
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from graphql_api.data.enums import Comparer
from judge.comparison.comparers import SUPPORTED, compare

FLOODS = {"flood": b"a\n", "blanks": b"\n"}

Way = Callable[[IO[bytes], IO[bytes]], bool]


def split(expected: IO[bytes], actual: IO[bytes]) -> bool:
    """Compare two outputs by splitting each into words, which needs both outputs in memory."""
    expected.seek(0)
    actual.seek(0)
    return expected.read().split() == actual.read().split()


def by(comparer: Comparer) -> Way:
    """Return the function that compares with this comparer of the judge."""
    return lambda expected, actual: compare(comparer, expected, actual).equal


def ways(shape: str) -> Iterator[tuple[str, Way]]:
    """Yield the ways of comparing that are correct for outputs of this shape."""
    if shape not in FLOODS:
        yield "plain split", split
    byte_wise = {Comparer.EXACT} if shape == "spaced" else set()
    for comparer in sorted(SUPPORTED - byte_wise):
        yield comparer, by(comparer)


def outputs(shape: str, megabytes: int, held: ExitStack) -> tuple[IO[bytes], IO[bytes]]:
    """Write lines of eight numbers each to two files.

    For the shapes `flood` and `blanks`, the expected output has only two lines.
    """
    folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
    files = [held.enter_context((folder / name).open("w+b")) for name in ("expected", "actual")]
    if shape in FLOODS:
        files[0].write(b"x\ny\n")
        for _ in range(megabytes):
            files[1].write(FLOODS[shape] * (2**20 // len(FLOODS[shape])))
        return files[0], files[1]
    line = b" ".join(b"%d" % (1_000_003 * n % 10_000_000) for n in range(8))
    count = megabytes * 2**20 // (len(line) + 1)
    for file, end in zip(files, (b"\n", b" \n" if shape == "spaced" else b"\n"), strict=True):
        for _ in range(count):
            file.write(line + end)
    return files[0], files[1]


def timed(way: Way, shape: str, expected: IO[bytes], actual: IO[bytes]) -> float:
    """Return the time of one comparison in milliseconds."""
    began = time.perf_counter()
    assert way(expected, actual) == (shape not in FLOODS)
    return (time.perf_counter() - began) * 1000


def peak_mb(way: Way, expected: IO[bytes], actual: IO[bytes]) -> float:
    """Return the peak memory of Python objects in megabytes."""
    tracemalloc.start()
    way(expected, actual)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    """Print one line for each comparer and shape of output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=10)
    options = parser.parse_args()
    print(f"{'shape':8}{'way':20}{'p50 ms':>10}{'most ms':>10}{'MB held':>10}")
    for shape in ("same", "spaced", *FLOODS):
        with ExitStack() as held:
            files = outputs(shape, options.megabytes, held)
            times_ms: dict[str, list[float]] = {name: [] for name, _ in ways(shape)}
            for _ in range(options.runs):
                for name, way in ways(shape):
                    times_ms[name].append(timed(way, shape, *files))
            for name, way in ways(shape):
                times = times_ms[name]
                memory = peak_mb(way, *files)
                p50 = statistics.median(times)
                print(f"{shape:8}{name:20}{p50:10.1f}{max(times):10.1f}{memory:10.1f}")


if __name__ == "__main__":
    main()
