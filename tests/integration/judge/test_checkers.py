"""Submissions judged by a checker, in the real sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest

from graphql_api.data.enums import CheckerConvention, Comparer, Verdict
from graphql_api.data.records import Checker
from judge.checkers import CheckerBroken
from judge.judge import Judge, LanguageUnavailable
from judge.models import JudgeCancelled, Judgement, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from tests.support.judging import ask, open_judge, write_cases
from tests.support.tiers import by_tier

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

TESTLIB, ICPC = CheckerConvention
# Accepts two numbers with a given sum; the answer file contains a first digit that is forbidden.
BY_TESTLIB = """
import sys
total, words = int(open(sys.argv[1]).read()), open(sys.argv[2]).read().split()
barred = open(sys.argv[3]).read().split()
if len(words) != 2:
    print("two numbers are needed", file=sys.stderr)
    sys.exit(2)
if words[0] in barred:
    print(f"{words[0]} is barred", file=sys.stderr)
    sys.exit(1)
sys.exit(0 if sum(map(int, words)) == total else 1)
"""
BY_ICPC = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int say(const char *folder, const char *name, const char *text) {
    char path[200];
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) exit(1);
    fputs(text, file);
    return fclose(file);
}
int main(int count, char **words) {
    long total, barred, one, other;
    char rest;
    FILE *input = fopen(words[1], "r"), *answer = fopen(words[2], "r");
    if (!input || !answer || fscanf(input, "%ld", &total) != 1) return 1;
    if (fscanf(answer, "%ld", &barred) != 1) return 1;
    if (scanf("%ld %ld %c", &one, &other, &rest) != 2) {
        say(words[3], "teammessage.txt", "two numbers are needed\n");
        return 43;
    }
    if (one == barred) {
        say(words[3], "judgemessage.txt", "it begins with the barred number");
        return 43;
    }
    if (count == 5 && !strcmp(words[4], "rising") && one > other) return 43;
    return one + other == total ? 42 : 43;
}
"""
CHECKERS = {
    "testlib": Checker(language="python", code=BY_TESTLIB, convention=TESTLIB),
    "icpc": Checker(language="c", code=BY_ICPC, convention=ICPC),
}


@pytest.fixture(
    scope="module", params=by_tier([None, LimitBackend.RLIMITS], [None]), ids=["best", "rlimits"]
)
def judge(request, tmp_path_factory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("judge"), request.param)
    yield judge
    judge.close()


@pytest.fixture
def tests(tmp_path):
    return write_cases(tmp_path, ("10", "4"), ("7", "4"))


def check(
    judge: Judge, code: str, tests: list[TestCaseFiles], checker: Checker, **more: Any
) -> Judgement:
    return ask(judge, "python", code, tests, comparer=Comparer.CHECKER, checker=checker, **more)


def own(
    code: str,
    language: str = "python",
    convention: CheckerConvention = TESTLIB,
    **more: Any,
) -> Checker:
    return Checker(language=language, code=code, convention=convention, **more)


@pytest.mark.parametrize("name", CHECKERS)
@pytest.mark.parametrize("answer", ["print(3, n - 3)", "print(n + 9, -9, sep='\\n')"])
def test_every_answer_that_the_checker_accepts_is_right(judge, tests, name, answer):
    got = check(judge, f"n = int(input()); {answer}", tests, CHECKERS[name])
    assert (got.verdict, got.passed) == (Verdict.AC, 2)


@pytest.mark.parametrize("name", CHECKERS)
def test_what_it_rejects_is_wrong(judge, tests, name):
    got = check(judge, "n = int(input()); print(1, 9)", tests, CHECKERS[name])
    assert [one.verdict for one in got.results] == [Verdict.AC, Verdict.WA]
    assert got.results[1].message == "The checker rejected the output."
    assert (got.verdict, got.results[1].difference) == (Verdict.WA, None)


def test_a_form_that_it_cannot_read_is_wrong_too(judge, tests):
    (one, _) = check(judge, "print(1)", tests, CHECKERS["testlib"]).results
    assert one.verdict is Verdict.WA
    assert "cannot read the output" in (one.message or "")
    (one, _) = check(judge, "print(1)", tests, CHECKERS["icpc"]).results
    assert (one.verdict, one.message) == (Verdict.WA, "two numbers are needed")


@pytest.mark.parametrize(
    ("name", "note"),
    [("testlib", "4 is barred"), ("icpc", "it begins with the barred number")],
)
def test_what_it_says_to_the_problem_s_authors_is_not_in_the_message(judge, tests, name, note):
    (one, _) = check(judge, "print(4, 6)", tests, CHECKERS[name]).results
    assert (one.verdict, one.note) == (Verdict.WA, note)
    assert "barred" not in f"{one.message}{one.expected}".replace("4", "")


def test_it_gets_the_problem_s_arguments(judge, tests):
    code = "n = int(input()); print(n, 0)"
    assert check(judge, code, tests, CHECKERS["icpc"]).verdict is Verdict.AC
    rising = own(BY_ICPC, "c", ICPC, arguments=("rising",))
    assert check(judge, code, tests, rising).verdict is Verdict.WA


def test_a_submission_that_fails_by_itself_is_not_checked(judge, tests):
    broken = own("raise SystemExit(77)")
    assert check(judge, "1 / 0", tests, broken).verdict is Verdict.RE
    assert check(judge, "else", tests, broken).verdict is Verdict.CE


FAILING = {
    "raises": ("1 / 0", "exited with code 1", ICPC),
    "says that the answer is wrong": ("raise SystemExit(3)", "exited with code 3", TESTLIB),
    "gives points": ("raise SystemExit(7)", "exited with code 7", TESTLIB),
    "ends like a plain program": ("", "exited with code 0", ICPC),
    "is killed": ("import os; os.kill(os.getpid(), 11)", "ended by the signal SIGSEGV", TESTLIB),
    "takes too long": ("while True: pass", "time was exceeded", TESTLIB),
    "sleeps": ("import time; time.sleep(60)", "ms of wall time", TESTLIB),
    "takes too much": ("x = bytearray(1 << 30)", "", ICPC),
    "writes too much": ("while True: print('x' * 9999)", "KB of output", TESTLIB),
    "does not compile": ("else", "does not compile", TESTLIB),
}


@pytest.mark.parametrize("way", FAILING)
def test_a_checker_that_fails_says_nothing_of_the_submission(judge, tests, way):
    code, said, convention = FAILING[way]
    time_limit_ms = 500 if way in {"takes too long", "sleeps"} else 10_000
    broken = own(code, convention=convention, time_limit_ms=time_limit_ms, memory_limit_kb=65_536)
    with pytest.raises(CheckerBroken) as caught:
        check(judge, "print(1, 9)", tests, broken)
    assert said in caught.value.message
    assert caught.value.test_number in ({None} if "compile" in way else {1, 2})


ECHOES = """import sys
output = sys.stdin.read()
open(sys.argv[3] + "judgemessage.txt", "w").write(output)
open(sys.argv[3] + "teammessage.txt", "w").write(output)
print(output, file=sys.stderr)
int(output)
"""


def test_a_fault_names_the_exception_and_the_line_but_no_output_of_the_submission(judge, tests):
    with pytest.raises(CheckerBroken) as caught:
        check(judge, "print('marked')", tests, own(ECHOES, convention=ICPC))
    assert caught.value.message == (
        "The checker exited with code 1. The checker raised the exception ValueError. The checker "
        "failed in line 6 of its code."
    )


def test_after_a_failing_checker_the_judge_goes_on(judge, tests):
    with pytest.raises(CheckerBroken):
        check(judge, "print(1, 9)", tests, own("1 / 0", convention=ICPC))
    assert check(judge, "print(1, 9)", tests[:1], CHECKERS["testlib"]).verdict is Verdict.AC


def test_a_checker_in_a_language_that_is_not_there_is_named(judge, tests):
    with pytest.raises(LanguageUnavailable, match="cobol") as caught:
        check(judge, "print(1, 9)", tests, own("x", "cobol"))
    assert caught.value.required == {"python", "cobol"}


def test_large_outputs_reach_the_checker_whole(judge, tests):
    """The output is larger than the part kept in memory, and is read twice."""
    counts = own(
        "import sys; sizes = [len(open(sys.argv[2]).read()) for _ in 'ab'];"
        "sys.exit(sizes != [4_000_000] * 2)"
    )
    got = check(judge, "print('x' * 3_999_999)", tests, counts)
    assert got.verdict is Verdict.AC
    counts = own("import sys; sys.exit(42 + (len(sys.stdin.read()) != 4_000_000))", convention=ICPC)
    assert check(judge, "print('x' * 3_999_999)", tests, counts).verdict is Verdict.AC


SPY = """
import os, socket, sys
def writes(path):
    try:
        open(path, "a").close()
        return True
    except OSError:
        return False
assert not any(map(writes, sys.argv[1:4])), "the test's files"
assert sorted(os.listdir("/proc/self/fd"))[:6] == ["0", "1", "2", "3", "4", "5"], "descriptors"
assert len(os.listdir("/proc/self/fd")) == 7, "more descriptors"
assert os.listdir("/box") == ["main.py"], "the submission's files"
assert not os.listdir("/tmp"), "what the submission left"
assert len([pid for pid in os.listdir("/proc") if pid.isdigit()]) == 2, "processes"
try:
    socket.create_connection(("127.0.0.1", 6379), 1)
except OSError:
    sys.exit(0)
assert False, "the network"
"""


def test_it_sees_the_test_s_files_and_nothing_else(judge, tests):
    left = "open('/tmp/left', 'w').write('for the checker'); print(1)"
    assert check(judge, left, tests, own(SPY)).verdict is Verdict.AC


def test_one_test_s_checker_leaves_nothing_to_the_next(judge, tests):
    leaves = own(
        "import os, sys; found = os.listdir('/feedback') + os.listdir('/tmp');"
        "open('/feedback/teammessage.txt', 'w').write('x'); open('/tmp/x', 'w').write('x');"
        "sys.exit(43 if found else 42)",
        convention=ICPC,
    )
    assert check(judge, "print(1)", tests, leaves).verdict is Verdict.AC


def test_judging_can_be_cancelled_while_a_checker_runs(judge, tests):
    with pytest.raises(JudgeCancelled):
        check(
            judge,
            "print(1)",
            tests,
            own("while True: pass"),
            cancelled=iter([0] * 8 + [1] * 99).__next__,
        )


PICKY = own("import sys; sys.exit(int(open(sys.argv[3]).read()))")
# Writes at once, or after the time in its input.
PAUSES = "import time; time.sleep(float(input())); print(1)"


def test_with_an_early_stop_a_broken_checker_after_the_failure_does_not_matter(judge, tmp_path):
    """The checker fails while the failing test is still running."""
    given = write_cases(tmp_path, ("0", "0"), ("1", "1"), ("0", "3"), ("0", "3"))
    got = check(judge, PAUSES, given, PICKY, stop_on_first_failure=True)
    skipped = [Verdict.SKIPPED] * 2
    assert [one.verdict for one in got.results] == [Verdict.AC, Verdict.WA, *skipped]


def test_with_an_early_stop_a_checker_that_breaks_first_is_broken(judge, tmp_path):
    given = write_cases(tmp_path, ("0.5", "0"), ("0", "3"), ("0", "1"))
    with pytest.raises(CheckerBroken) as caught:
        check(judge, PAUSES, given, PICKY, stop_on_first_failure=True)
    assert caught.value.test_number == 2
