"""Small problems for the labelled programs: their tests, comparers and limits.

The first tests of a problem are its samples, and all other tests are hidden. The sizes of the
hidden inputs grow, so that the growth of time and memory can be measured. The tests are always the
same. Words of hidden tests occur in no visible test, so that a test can search for them.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, combinations
from math import factorial, isqrt
from pathlib import Path

from graphql_api.data.enums import CheckerConvention, Comparer
from graphql_api.data.records import Checker
from judge.models import TestCaseFiles

SAMPLES = 2
MEMORY_LIMIT_KB = 64 * 1024

Case = tuple[str, str]
GROWING = (10, 100, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem. `cases` returns pairs of an input and the expected output, the samples first."""

    statement: str
    cases: Callable[[], list[Case]]
    comparer: Comparer = Comparer.LINES
    time_limit_ms: int = 500
    memory_limit_kb: int = MEMORY_LIMIT_KB
    tolerance: float | None = None
    checker: Checker | None = None


def write_tests(problem: Problem, folder: Path) -> list[TestCaseFiles]:
    """Write the tests of a problem into an existing folder."""
    tests = []
    for number, (given, expected) in enumerate(problem.cases(), 1):
        paths = folder / f"{number}.in", folder / f"{number}.out"
        for path, text in zip(paths, (given, expected), strict=True):
            path.write_text(text)
        tests.append(TestCaseFiles(number, number <= SAMPLES, *paths))
    return tests


def difference() -> list[Case]:
    pairs = [(10, 3), (4, 9), (0, 0), (-7, 4), (654_321, 7), (7, 900_000)]
    pairs += [(1_500_000_000, -1_500_000_000), (-2_000_000_000, 2_000_000_000), (5, 4_000_000_000)]
    return [(f"{a} {b}\n", f"{a - b}\n") for a, b in pairs]


def between() -> list[Case]:
    pairs = [(3, 5), (-2, 2), (7, 7), (1, 1000), (-4000, -1), (0, 123_456), (-70_000, 812_345)]
    return [(f"{a} {b}\n", f"{b - a + 1}\n") for a, b in pairs]


def total() -> list[Case]:
    rng = random.Random(1)
    lists = [[1, 2, 3], [10, -4]]
    lists += [[rng.randint(-50, 50)] for _ in range(2)]
    lists += [[rng.randint(-1000, 2000) for _ in range(size)] for size in GROWING]
    lists += [[rng.randint(900_000_000, 1_000_000_000) for _ in range(size)] for size in (5, 5000)]
    return [(f"{len(row)}\n{_join(row)}\n", f"{sum(row)}\n") for row in lists]


def countdown() -> list[Case]:
    sizes = [3, 5, 1, 2, 12, 60, 130, 400, 1500]
    return [(f"{n}\n", _lines(range(n, 0, -1))) for n in sizes]


def names() -> list[Case]:
    rng = random.Random(2)
    lists = [["Mina", "Joon", "Ada"], ["Tim", "Bo", "Eva", "Jae"]]
    lists += [[_word(rng) for _ in range(size)] for size in (1, 4, *GROWING[:6])]
    return [(f"{len(row)}\n{_lines(row)}", _lines(sorted(row))) for row in lists]


def transpose() -> list[Case]:
    rng = random.Random(3)
    grids = [[[1, 2, 3], [4, 5, 6]], [[7, 8], [9, 10], [11, 12]]]
    shapes = [(1, 1), (1, 6), (5, 1), (3, 4), (12, 7), (30, 45), (80, 60)]
    grids += [[[rng.randint(1000, 9999) for _ in range(w)] for _ in range(h)] for h, w in shapes]
    return [
        (f"{len(grid)} {len(grid[0])}\n{_rows(grid)}", _rows(list(zip(*grid, strict=True))))
        for grid in grids
    ]


def average() -> list[Case]:
    rng = random.Random(4)
    lists = [[1, 2], [3, 4, 4]]
    lists += [[rng.randint(1, 2000) for _ in range(size)] for size in (3, 7, 11, 60, 300, 1700)]
    return [(f"{len(row)}\n{_join(row)}\n", f"{sum(row) / len(row):.10f}\n") for row in lists]


def price() -> list[Case]:
    """Counts and prices of cents, so that two decimals are exact."""
    rng = random.Random(5)
    orders = [[(2, 150), (1, 250)], [(3, 199)]]
    orders += [
        [(rng.randint(1, 9), rng.randint(1, 9999)) for _ in range(size)]
        for size in (1, 2, 5, 40, 300, 2500)
    ]
    return [
        (
            f"{len(order)}\n{_lines(f'{count} {_money(cents)}' for count, cents in order)}",
            f"{_money(sum(count * cents for count, cents in order))}\n",
        )
        for order in orders
    ]


def range_maximum() -> list[Case]:
    rng = random.Random(6)
    sizes = [5, 8, 10, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]
    cases = [_range_case(rng, size, 100 if size < 10 else 1_000_000) for size in sizes]
    return [(_range_input(row, queries), _range_output(row, queries)) for row, queries in cases]


def factorials() -> list[Case]:
    return [(f"{n}\n", f"{factorial(n)}\n") for n in (3, 5, 1, 2, 10, 13, 15, 19, 20, 21, 23, 25)]


def primes() -> list[Case]:
    sizes = [10, 20, 2, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000]
    counts = list(accumulate(_sieve(max(sizes))))
    return [(f"{n}\n", f"{counts[n]}\n") for n in sizes]


def depth() -> list[Case]:
    rng = random.Random(7)
    trees = [[1, 1, 2], [1, 2, 2, 4]]
    trees += [[rng.randint(1, node) for node in range(1, size)] for size in (1, 10, 300, 20_000)]
    trees += [list(range(1, size)) for size in (500, 5000, 100_000)]
    return [(f"{len(tree) + 1}\n{_join(tree)}\n", f"{_height(tree)}\n") for tree in trees]


def ledger() -> list[Case]:
    rng = random.Random(8)
    logs = [
        [("add", "kim", 5), ("add", "lee", 7), ("show", "kim", 0)],
        [("add", "kim", 5), ("add", "kim", 6), ("show", "kim", 0), ("show", "lee", 0)],
    ]
    for size in (3, 10, 100, 1000, 8000):
        owners = [_word(rng) for _ in range(size // 3 + 1)]
        logs.append([_entry(rng, owners) for _ in range(size)])
    return [(f"{len(log)}\n{_lines(map(_command, log))}", _lines(_shown(log))) for log in logs]


def pairs_with_sum() -> list[Case]:
    rng = random.Random(9)
    rows = [([1, 2, 3, 4], 5), ([2, 4, 6, 8], 10)]
    for size in (2, 6, 30, 120, 400):
        row = rng.sample(range(1000, 1000 + 3 * size), size)
        rows.append((row, row[0] + row[1]))
    cases = []
    for row, wanted in rows:
        found = [pair for pair in combinations(sorted(row), 2) if sum(pair) == wanted]
        cases.append((f"{len(row)} {wanted}\n{_join(row)}\n", _lines(map(_join, found))))
    return cases


def leap_year() -> list[Case]:
    years = [2024, 2023, 2000, 1900, 1600, 1800, 2100, 1996, 1999, 400, 2400, 4]
    return [(f"{year}\n", f"{'Yes' if _is_leap(year) else 'No'}\n") for year in years]


def runs() -> list[Case]:
    rng = random.Random(10)
    texts = ["aaabb", "abbbbc", "z", "qqqqqqqqqqqqqqq", "xyxyx"]
    texts += [
        "".join(rng.choice("pqrs") * rng.randint(1, 20) for _ in range(count))
        for count in (6, 20, 100, 1000)
    ]
    return [(f"{text}\n", _lines(_runs(text))) for text in texts]


def powers() -> list[Case]:
    """Powers with large exponents, so that each one costs a loop over the exponent much time."""
    rng = random.Random(11)
    lists = [[(2, 10, 1000), (3, 4, 7)], [(5, 3, 13)]]
    lists += [
        [(rng.randint(2, 10**9), rng.randint(90_000, 100_000), 10**9 + 7) for _ in range(size)]
        for size in (1, 10, 100, 250, 500, 1000, 2000, 4000)
    ]
    return [(f"{len(rows)}\n{_rows(rows)}", _lines(pow(*row) for row in rows)) for rows in lists]


def guess() -> list[Case]:
    return [(f"{secret}\n", "10\n") for secret in (500, 17, 1, 1000, 731, 250)]


def split_sum() -> list[Case]:
    return [(f"{n}\n", "any\n") for n in (5, 8, 2, 3, 100, 4096, 99_999)]


# The interactor allows 10 guesses of a number from 1 to 1000.
GUESS_INTERACTOR = r"""
#include <signal.h>
#include <stdio.h>
int main(int count, char **words) {
    int secret, guess;
    signal(SIGPIPE, SIG_IGN);
    FILE *input = fopen(words[1], "r");
    if (count < 3 || !input || fscanf(input, "%d", &secret) != 1) return 1;
    for (int turn = 1; turn <= 10; turn++) {
        if (scanf("%d", &guess) != 1) return 43;
        puts(guess < secret ? "higher" : guess > secret ? "lower" : "right");
        fflush(stdout);
        if (guess == secret) return 42;
    }
    return 43;
}
"""
# Two positive numbers with the sum of the input are accepted.
SPLIT_CHECKER = r"""
#include <stdio.h>
int main(int count, char **words) {
    int sum, left, right;
    FILE *input = fopen(words[1], "r");
    if (count < 3 || !input || fscanf(input, "%d", &sum) != 1) return 1;
    if (scanf("%d %d", &left, &right) != 2) return 43;
    return left > 0 && right > 0 && left + right == sum ? 42 : 43;
}
"""
ICPC = CheckerConvention.ICPC

PROBLEMS = {
    "difference": Problem(
        statement="Read a and b. Print a - b. Both have at most 10 digits.", cases=difference
    ),
    "between": Problem(
        statement="Read a <= b. Print the number of integers from a to b, both included.",
        cases=between,
    ),
    "total": Problem(
        statement="Read n, and n numbers in one line. Print their sum.",
        cases=total,
        comparer=Comparer.TOKENS,
    ),
    "countdown": Problem(
        statement="Read n. Print the numbers from n down to 1, each in a line.", cases=countdown
    ),
    "names": Problem(
        statement="Read n, and n names in n lines. Print them sorted, each in a line.",
        cases=names,
    ),
    "transpose": Problem(
        statement="Read h and w, and h rows of w numbers. Print the transposed grid in w rows.",
        cases=transpose,
        comparer=Comparer.TOKENS,
    ),
    "average": Problem(
        statement="Read n, and n numbers in one line. Print their average, exact to 1e-7.",
        cases=average,
        comparer=Comparer.FLOAT,
        tolerance=1e-7,
    ),
    "price": Problem(
        statement="Read n, and n lines with a count and a price with two decimals. Print the sum "
        "of count times price, with exactly two decimals.",
        cases=price,
    ),
    "range_maximum": Problem(
        statement="Read n and q, a line with n numbers, and q lines with l and r. Print for each "
        "the largest of the numbers l to r, counted from 1.",
        cases=range_maximum,
        comparer=Comparer.TOKENS,
    ),
    "factorials": Problem(statement="Read n, 1 to 25. Print n!.", cases=factorials),
    "primes": Problem(
        statement="Read n, 2 to 3,000,000. Print the number of primes up to n.", cases=primes
    ),
    "depth": Problem(
        statement="Read n, and the parents of the nodes 2 to n in one line. Node 1 is the root. "
        "Print the number of nodes on the longest way from the root.",
        cases=depth,
    ),
    "ledger": Problem(
        statement="Read n, and n commands: `add NAME NUMBER` adds to the balance of a name, and "
        "`show NAME` prints it, or `none` if the name is unknown.",
        cases=ledger,
        time_limit_ms=300,
    ),
    "pairs_with_sum": Problem(
        statement="Read n and s, and n different numbers. Print all pairs a < b of them with the "
        "sum s, each in a line, in any order.",
        cases=pairs_with_sum,
        comparer=Comparer.UNORDERED_LINES,
    ),
    "leap_year": Problem(
        statement="Read a year. Print Yes if it is a leap year, otherwise No.", cases=leap_year
    ),
    "runs": Problem(
        statement="Read a word. Print each run of equal letters in a line: the letter and the "
        "length.",
        cases=runs,
    ),
    "powers": Problem(
        statement="Read n, and n lines with b, e and m. Print for each the rest of b^e divided by "
        "m. All numbers are at most 1,000,000,007.",
        cases=powers,
    ),
    "guess": Problem(
        statement="Guess a number from 1 to 1000 with at most 10 guesses. The judge answers each "
        "guess with `higher`, `lower` or `right`.",
        cases=guess,
        time_limit_ms=200,
        comparer=Comparer.INTERACTIVE,
        checker=Checker(language="c", code=GUESS_INTERACTOR, convention=ICPC),
    ),
    "split_sum": Problem(
        statement="Read n, at least 2. Print two positive numbers with the sum n.",
        cases=split_sum,
        comparer=Comparer.CHECKER,
        checker=Checker(language="c", code=SPLIT_CHECKER, convention=ICPC),
    ),
}


def _join(values: Iterable[object]) -> str:
    return " ".join(map(str, values))


def _lines(values: Iterable[object]) -> str:
    return "".join(f"{value}\n" for value in values)


def _rows(grid: Iterable[Iterable[object]]) -> str:
    return _lines(map(_join, grid))


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=6)).title()


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _range_case(
    rng: random.Random, size: int, largest: int
) -> tuple[list[int], list[tuple[int, int]]]:
    row = [rng.randint(-largest, largest) for _ in range(size)]
    middle = (size + 1) // 2
    return row, [(rng.randint(1, middle), rng.randint(middle, size)) for _ in range(size)]


def _range_input(row: list[int], queries: list[tuple[int, int]]) -> str:
    return f"{len(row)} {len(queries)}\n{_join(row)}\n{_rows(queries)}"


def _range_output(row: list[int], queries: list[tuple[int, int]]) -> str:
    """Return the maxima. All queries contain the middle, so two running maxima suffice."""
    middle = (len(row) + 1) // 2
    left = list(accumulate(reversed(row[:middle]), max))
    right = list(accumulate(row[middle - 1 :], max))
    return _lines(max(left[middle - low], right[high - middle]) for low, high in queries)


def _sieve(most: int) -> bytearray:
    flags = bytearray([0, 0]) + bytearray([1]) * (most - 1)
    for number in range(2, isqrt(most) + 1):
        if flags[number]:
            flags[number * number :: number] = bytes(len(range(number * number, most + 1, number)))
    return flags


def _height(parents: list[int]) -> int:
    levels = [0, 1]
    for parent in parents:
        levels.append(levels[parent] + 1)
    return max(levels)


def _entry(rng: random.Random, owners: list[str]) -> tuple[str, str, int]:
    return rng.choice(["add", "add", "show"]), rng.choice(owners), rng.randint(100_000, 999_999)


def _command(entry: tuple[str, str, int]) -> str:
    command, owner, amount = entry
    return f"add {owner} {amount}" if command == "add" else f"show {owner}"


def _shown(log: list[tuple[str, str, int]]) -> Iterator[str]:
    balances: dict[str, int] = {}
    for command, owner, amount in log:
        if command == "add":
            balances[owner] = balances.get(owner, 0) + amount
        else:
            yield str(balances.get(owner, "none"))


def _runs(text: str) -> Iterator[str]:
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or text[at] != text[start]:
            yield f"{text[start]} {at - start}"
            start = at


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
