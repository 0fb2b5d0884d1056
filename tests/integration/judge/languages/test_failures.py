"""The exception and the line at which a program failed, as the judge reads them from real runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphql_api.data.enums import Verdict
from graphql_api.data.records import TestResult
from judge.judge import Judge
from judge.models import JudgeRequest, TestCaseFiles
from tests.support.judging import open_judge

pytestmark = [pytest.mark.thorough, pytest.mark.sandbox, pytest.mark.slow]

# For each language: a program, the class of its exception, and the line at which it fails.
PROGRAMS: dict[str, tuple[str, str | None, int | None]] = {
    "python": ("def f():\n    return [][3]\n\nf()\n", "IndexError", 2),
    "pypy": ("def f():\n    return 1 // 0\n\nf()\n", "ZeroDivisionError", 2),
    "cpp": (
        "#include <vector>\nint main() { std::vector<int> v; return v.at(5); }\n",
        "std::out_of_range",
        None,
    ),
    "java": (
        "class Main {\n public static void main(String[] a) {\n  int n = 1 / a.length;\n }\n}\n",
        "java.lang.ArithmeticException",
        3,
    ),
    "javascript": ("const x = null;\n\nconsole.log(x.size);\n", "TypeError", 3),
    "ruby": ("def f\n  1 / 0\nend\nputs f\n", "ZeroDivisionError", 2),
    "php": ("<?php\n\necho intdiv(1, 0);\n", "DivisionByZeroError", 3),
    "go": (
        "package main\n\nfunc main() {\n\tvar a []int\n\tprintln(a[len(a)])\n}\n",
        None,
        5,
    ),
    "rust": ('fn main() {\n    let v: Vec<i32> = vec![];\n    println!("{}", v[9]);\n}\n', None, 3),
    "perl": ("my $x = 0;\nprint 1 / $x;\n", None, 2),
    "lua": ("local t = nil\n\nprint(t.x)\n", None, 3),
    "nim": ("var s: seq[int]\necho s[s.len + 3]\n", "IndexDefect", None),
    "csharp": (
        "class P { static void Main(string[] a) { System.Console.WriteLine(a[3]); } }\n",
        "System.IndexOutOfRangeException",
        None,
    ),
}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("failures"), languages=tuple(PROGRAMS))
    yield judge
    judge.close()


def run(judge: Judge, folder: Path, language: str, code: str) -> TestResult:
    if language not in judge.languages:
        pytest.skip(judge.missing_languages[language])
    for name in ("in", "out"):
        (folder / name).write_text("1\n")
    test = TestCaseFiles(
        number=1, is_sample=False, input_path=folder / "in", expected_path=folder / "out"
    )
    request = JudgeRequest(
        language=language, code=code, tests=[test], time_limit_ms=10_000, memory_limit_kb=262_144
    )
    (result,) = judge.judge(request).results
    return result


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_class_and_the_line_of_a_failure_are_found(
    judge: Judge, tmp_path: Path, language: str
) -> None:
    code, exception, line = PROGRAMS[language]
    result = run(judge, tmp_path, language, code)
    assert result.verdict is Verdict.RE, result
    assert (result.exception, result.code_line) == (exception, line), result.error
