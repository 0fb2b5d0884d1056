"""Submissions judged from source to verdict, in the real sandbox."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphql_api.data.enums import Comparer, Verdict
from graphql_api.data.records import TestResult
from judge.comparison.comparers import UnsupportedComparer
from judge.judge import Judge, JudgeConfig, LanguageUnavailable
from judge.models import JudgeCancelled, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.report import Program
from judge.sandbox.sandbox import Sandbox
from tests.support.judging import ask, open_judge, write_cases
from tests.support.tiers import by_tier
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

SUM = {
    "python": "print(sum(map(int, input().split())))",
    "c": '#include <stdio.h>\nint main(void) { int a, b; scanf("%d%d", &a, &b);'
    ' printf("%d\\n", a + b); }',
    "cpp": "#include <iostream>\nint main() { int a, b; std::cin >> a >> b;"
    ' std::cout << a + b << "\\n"; }',
    "javascript": "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);"
    "console.log(a + b);",
    "java": "import java.util.*; public class Main { public static void main(String[] x) {"
    " Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt()); } }",
}
READ = {
    "python": "a, b = map(int, input().split())\n",
    "c": "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
    'int main(void) { int a, b; scanf("%d%d", &a, &b);',
    "cpp": "#include <cstdlib>\n#include <cstring>\n#include <iostream>\n#include <vector>\n"
    "#include <unistd.h>\nint main() { int a, b; std::cin >> a >> b;",
}


@pytest.fixture(
    scope="module", params=by_tier([None, LimitBackend.RLIMITS], [None]), ids=["best", "rlimits"]
)
def judge(request, tmp_path_factory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("judge"), request.param)
    yield judge
    judge.close()


@pytest.fixture(scope="module")
def best_judge(tmp_path_factory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("judge"))
    yield judge
    judge.close()


@pytest.fixture
def cases(tmp_path):
    """Make test cases of (input, expected output) pairs; the first is a sample."""

    def make(*pairs: tuple[str, str]) -> list[TestCaseFiles]:
        return write_cases(tmp_path, *(pairs or [("1 2", "3\n"), ("40 2\n", "42")]))

    return make


@pytest.mark.parametrize("language", SUM)
def test_a_right_program_is_accepted_in_every_language(judge, cases, language):
    if language not in judge.languages:
        pytest.skip(judge.missing_languages[language])
    got = ask(judge, language, SUM[language], cases())
    assert (got.verdict, got.passed, got.failed) == (Verdict.AC, 2, 0)
    assert [one.number for one in got.results] == [1, 2]
    assert [one.output for one in got.results] == ["3\n", "42\n"]
    assert got.results[1].expected == "42"
    assert 0 < got.peak_kb < 128 * 1024
    assert got.limit_backend == judge.limit_backend
    assert got.cpu_ms == max(one.cpu_ms for one in got.results)


C_LIKE = {
    Verdict.WA: "a++; std::cout << a + b; }",
    Verdict.TLE: "for (volatile long i = 0;; i++); }",
    Verdict.ILE: "sleep(60); }",
    Verdict.RE: "abort(); }",
    Verdict.OLE: 'for (;;) std::cout << "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; }',
    Verdict.CE: "return undeclared; }",
}
ENDINGS = {
    "cpp": C_LIKE | {Verdict.MLE: "std::vector<int> v(1 << 28, 1); std::cout << v[a]; }"},
    "c": {
        verdict: text.replace("std::cout << a + b", 'printf("%d", a + b)').replace(
            "std::cout <<", "fputs("
        ).replace('x";', 'x", stdout);')
        for verdict, text in C_LIKE.items()
    },
    "python": {
        Verdict.WA: "print(a - b)",
        Verdict.TLE: "while True: pass",
        Verdict.ILE: "import time; time.sleep(60)",
        Verdict.MLE: "x = bytearray(600 << 20); print(a + b)",
        Verdict.OLE: "while True: print('x' * 100000)",
        Verdict.RE: "raise ValueError(a)",
        Verdict.CE: "else",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "verdict"), [(one, verdict) for one, all_ in ENDINGS.items() for verdict in all_]
)
def test_every_wrong_program_gets_its_verdict(judge, cases, language, verdict):
    code = READ[language] + ENDINGS[language][verdict]
    # A short limit is reached in time on a loaded host: the wall time has a second more.
    time_limit_ms = {Verdict.TLE: 20, Verdict.ILE: 400}.get(verdict, 10_000)
    got = ask(judge, language, code, cases(("1 2", "3")), time_limit_ms=time_limit_ms)
    assert got.verdict is verdict, got
    if verdict is Verdict.CE:
        assert got.compile_output
        assert [one.verdict for one in got.results] == [Verdict.SKIPPED]
        assert (got.passed, got.failed) == (0, 0)
    else:
        assert (got.passed, got.failed) == (0, 1)


def test_unchecked_allocation_is_a_memory_verdict_where_groups_count(best_judge, cases):
    if best_judge.limit_backend == LimitBackend.RLIMITS:
        pytest.skip("no control groups here")
    code = READ["c"] + "for (;;) memset(malloc(1 << 20), 1, 1 << 20); }"
    got = ask(best_judge, "c", code, cases(("1 2", "3")))
    assert got.verdict is Verdict.MLE
    assert got.peak_kb >= 120 * 1024


HUNGRY = {
    "python": "x = [0] * 10 ** 10",
    "cpp": READ["cpp"] + "std::vector<char> v(1ul << 60); }",
    "java": "public class Main { public static void main(String[] a) {"
    " java.util.List<int[]> l = new java.util.ArrayList<>();"
    " for (;;) l.add(new int[1 << 20]); } }",
    "javascript": "const l = []; for (;;) l.push(new Array(1 << 20).fill(1.5));",
}


@pytest.mark.parametrize("language", HUNGRY)
def test_a_runtime_that_says_it_has_no_memory_is_believed(judge, cases, language):
    if language not in judge.languages:
        pytest.skip(judge.missing_languages[language])
    got = ask(judge, language, HUNGRY[language], cases(("1 2", "3")), time_limit_ms=20_000)
    assert got.verdict is Verdict.MLE


def test_runtime_errors_tell_exit_codes_from_signals(judge, cases):
    left = ask(judge, "c", READ["c"] + "return 139; }", cases(("1 2", "3"))).results[0]
    assert (left.exit_code, left.signal) == (139, None)
    died = ask(judge, "c", READ["c"] + "*(volatile int *)0 = 1; }", cases(("1 2", "3"))).results[0]
    assert (died.exit_code, died.signal) == (None, "SIGSEGV")
    said = ask(judge, "python", "1/0", cases(("1 2", "3"))).results[0]
    assert (said.exit_code, (said.error or "").strip().split("\n")[-1]) == (
        1,
        "ZeroDivisionError: division by zero",
    )


def test_the_first_failing_test_gives_the_verdict_and_all_are_run(judge, cases):
    tests = cases(("1", "1"), ("2", "x"), ("0", "0"), ("4", "4"))
    got = ask(judge, "python", "n = int(input()); print(n); 1 // n", tests)
    verdicts = [one.verdict for one in got.results]
    assert verdicts == [Verdict.AC, Verdict.WA, Verdict.RE, Verdict.AC]
    assert (got.verdict, got.passed, got.failed) == (Verdict.WA, 2, 2)


def test_each_result_is_reported_once_and_in_the_calling_thread(best_judge, cases):
    told: list[tuple[int, int]] = []

    def note(outcome: TestResult) -> None:
        told.append((outcome.number, threading.get_ident()))

    tests = cases(*[(f"{n} 1", f"{n + 1}") for n in range(7)])
    got = ask(best_judge, "python", SUM["python"], tests, on_result=note)
    assert got.passed == 7
    assert sorted(number for number, _ in told) == list(range(1, 8))
    assert {thread for _, thread in told} == {threading.get_ident()}


def test_tests_run_in_parallel_up_to_the_slots(best_judge, cases):
    tests = cases(*[("1 2", "3")] * 4)
    began, ended = "import sys, time; a = time.monotonic()", "time.monotonic(), file=sys.stderr"
    code = f"{began}; time.sleep(1); {SUM['python']}; print(a, {ended})"
    got = ask(best_judge, "python", code, tests, time_limit_ms=5000)
    assert got.verdict is Verdict.AC
    spans = [tuple(map(float, (one.error or "").split())) for one in got.results]
    at_once = [sum(start <= began < end for start, end in spans) for began, _ in spans]
    assert max(at_once) == 2


def test_two_submissions_take_turns(best_judge, cases):
    """A short submission does not wait for the end of an earlier long one."""
    slow = "import time; time.sleep(0.3); " + SUM["python"]
    tests = cases(*[("1 2", "3")] * 16)
    long_began, ended = threading.Event(), []

    def run_long():
        def note(outcome: TestResult) -> None:
            ended.append(outcome.number)
            long_began.set()

        assert ask(best_judge, "python", slow, tests, on_result=note).verdict is Verdict.AC

    long = threading.Thread(target=run_long)
    long.start()
    assert long_began.wait(PATIENCE_S)
    assert ask(best_judge, "python", slow, tests[:1]).verdict is Verdict.AC
    ended_before_the_short_one = len(ended)
    long.join()
    assert ended_before_the_short_one < len(ended) == 16


def test_cancelling_ends_the_programs_that_run(best_judge, cases):
    began = time.monotonic()
    tests = cases(*[("1 2", "3")] * 2)
    with pytest.raises(JudgeCancelled):
        ask(
            best_judge,
            "python",
            READ["python"] + "while True: pass",
            tests,
            time_limit_ms=50_000,
            cancelled=lambda: time.monotonic() > began + 0.5,
        )
    assert time.monotonic() - began < 50
    assert ask(best_judge, "python", SUM["python"], cases()).verdict is Verdict.AC


def test_an_exception_in_on_result_ends_the_submission(best_judge, cases):
    def fail(_: TestResult) -> None:
        raise RuntimeError("not listening")

    with pytest.raises(RuntimeError, match="not listening"):
        ask(best_judge, "python", SUM["python"], cases(), on_result=fail)


def test_missing_test_files_are_an_internal_error_and_no_verdict_on_the_program(best_judge, cases):
    tests = cases()
    tests[1].expected_path.unlink()
    got = ask(best_judge, "python", "print('wrong')", tests)
    assert got.verdict is Verdict.IE
    assert "2.out" in got.message
    tests[0].input_path.unlink()
    assert ask(best_judge, "python", SUM["python"], tests[:1]).verdict is Verdict.IE


def test_texts_are_shortened_to_a_kilobyte(best_judge, cases):
    code = "import sys; print('가' * 5000); print('나' * 5000, file=sys.stderr); sys.exit(1)"
    (one,) = ask(best_judge, "python", code, cases(("", "x" * 5000))).results
    for text in (one.output, one.error, one.expected):
        assert text is not None
        assert 1000 < len(text.encode()) <= 1024
        assert text.endswith("…")


def test_a_wrong_answer_says_where_and_does_not_tell_the_answer(best_judge, cases):
    (one,) = ask(best_judge, "python", "print('1 2\\n 4')", cases(("", "1 2 secret"))).results
    assert one.message == "The output differs at line 2, column 2."
    assert one.difference
    assert (one.difference[:2], one.difference[3]) == ((2, 2), "4")
    assert one.difference[2] == "secret"


@pytest.mark.parametrize(
    ("comparer", "pair", "verdict"),
    [
        (Comparer.TOKENS, ("1\n2\n", "1 2"), Verdict.AC),
        (Comparer.TOKENS, ("Yes", "YES"), Verdict.WA),
        (Comparer.TOKENS_IGNORE_CASE, ("Yes", "YES"), Verdict.AC),
        (Comparer.LINES, ("1\n2\n", "1 2"), Verdict.WA),
        (Comparer.LINES, ("1\n2", "1 \\n2\\n\\n"), Verdict.AC),
        (Comparer.UNORDERED_LINES, ("1\n2\n", "2\\n1"), Verdict.AC),
        (Comparer.UNORDERED_LINES, ("1\n2\n", "2\\n2\\n1"), Verdict.WA),
        (Comparer.EXACT, ("1\n", "1"), Verdict.AC),
        (Comparer.EXACT, ("1", "1"), Verdict.WA),
        (Comparer.FLOAT, ("0.333333333", "0.3333330"), Verdict.AC),
        (Comparer.FLOAT, ("0.333333333", "0.33"), Verdict.WA),
    ],
)
def test_the_problem_s_comparer_decides(best_judge, cases, comparer, pair, verdict):
    expected, printed = pair
    got = ask(best_judge, "python", f"print('{printed}')", cases(("", expected)), comparer=comparer)
    assert got.verdict is verdict


def test_the_problem_s_tolerance_decides(best_judge, cases):
    tests = cases(("", "100.0"))
    for tolerance, verdict in ((0.1, Verdict.WA), (1.0, Verdict.AC)):
        got = ask(
            best_judge,
            "python",
            "print(100.5)",
            tests,
            comparer=Comparer.FLOAT,
            abs_tolerance=tolerance,
        )
        assert got.verdict is verdict


@pytest.mark.parametrize("comparer", [Comparer.CHECKER, Comparer.INTERACTIVE])
def test_a_comparer_that_needs_a_program_is_refused_before_anything_runs(
    best_judge, cases, comparer
):
    with pytest.raises(UnsupportedComparer, match="TOKENS"):
        ask(best_judge, "python", SUM["python"], cases(), comparer=comparer)


@pytest.mark.parametrize("alias", ["PYTHON", "py3", "C++", "G++", " cpp20 "])
def test_languages_are_known_by_alias_in_any_case(best_judge, cases, alias):
    code = SUM["python" if "y" in alias.lower() else "cpp"]
    assert ask(best_judge, alias, code, cases()).verdict is Verdict.AC


@pytest.mark.parametrize("name", ["cobol", "", "../python"])
def test_an_unknown_language_is_refused(best_judge, cases, name):
    with pytest.raises(LanguageUnavailable, match="language is unknown"):
        ask(best_judge, name, "x", cases())


def test_a_submission_without_tests_is_compiled_only(best_judge):
    got = ask(best_judge, "python", "print(1)", [])
    assert (got.verdict, got.results) == (Verdict.AC, [])


def test_odd_sources_are_no_trouble(best_judge, cases):
    tests = cases(("1 2", "3"))
    assert ask(best_judge, "python", "", tests).verdict is Verdict.WA
    assert ask(best_judge, "c", "", tests).verdict is Verdict.CE
    assert ask(best_judge, "python", "\udcff", tests).verdict is Verdict.CE
    assert ask(best_judge, "python", "# " + "x" * 250_000, tests).verdict is Verdict.WA


def test_programs_of_two_judges_on_one_host_share_the_slots(tmp_path, cases):
    judges = [open_judge(tmp_path / "shared") for _ in range(2)]
    code = "import time; time.sleep(0.3); " + SUM["python"]
    tests = cases(*[("1 2", "3")] * 2)
    ask(judges[0], "python", code, tests[:1])
    began = time.monotonic()
    threads = [
        threading.Thread(target=ask, args=(judge, "python", code, tests)) for judge in judges
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 0.6
    for judge in judges:
        judge.close()


def test_a_judge_that_never_started_can_be_closed(tmp_path):
    Judge(JudgeConfig(work_dir=tmp_path)).close()


def test_a_closed_judge_leaves_no_process_and_no_group(tmp_path, cases):
    judge = open_judge(tmp_path)
    assert ask(judge, "python", SUM["python"], cases()).verdict is Verdict.AC
    names = [Path(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    judge.close()
    alive = []
    for path in names:
        try:
            alive.append(str(tmp_path).encode() in path.read_bytes())
        except OSError:
            continue
    assert not any(alive)


def test_a_sandbox_that_was_prepared_for_a_test_runs_a_test(
    best_judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[Program] = []
    prepare = Sandbox.prepare

    def count(self: Sandbox, buffer: int, program: Program, *given: Any) -> Any:
        prepared.append(program)
        return prepare(self, buffer, program, *given)

    monkeypatch.setattr(Sandbox, "prepare", count)
    tests = write_cases(tmp_path, *[("1 2", "3")] * 20)
    assert ask(best_judge, "python", SUM["python"], tests).verdict is Verdict.AC
    # The compiler needs one. Each of the two sessions may prepare one test that the other one runs.
    assert len(tests) <= len(prepared) <= len(tests) + 1 + 2
