"""Submissions judged by an interactor, in the real sandbox."""

import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from graphql_api.data.enums import CheckerConvention, Comparer, Verdict
from graphql_api.data.records import Checker
from judge.checkers import CheckerBroken
from judge.interactors import ENDED_EARLY
from judge.judge import Judge
from judge.models import JudgeCancelled, Judgement, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from tests.support.judging import ask, open_judge, write_cases
from tests.support.tiers import by_tier

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

TESTLIB, ICPC = CheckerConvention
# The submission guesses the number in the input; the answer file contains the allowed guesses.
BY_ICPC = r"""
#include <signal.h>
#include <stdio.h>
int say(const char *folder, const char *name, int turn) {
    char path[200];
    snprintf(path, sizeof path, "%s%s", folder, name);
    FILE *file = fopen(path, "w");
    fprintf(file, "guess %d", turn);
    return fclose(file);
}
int main(int count, char **words) {
    int secret, most, guess;
    signal(SIGPIPE, SIG_IGN);
    FILE *input = fopen(words[1], "r"), *answer = fopen(words[2], "r");
    if (count != 4 || fscanf(input, "%d", &secret) + fscanf(answer, "%d", &most) != 2) return 1;
    for (int turn = 1; turn <= most; turn++) {
        if (scanf("%d", &guess) != 1) return 43;
        puts(guess < secret ? "higher" : guess > secret ? "lower" : "right");
        fflush(stdout);
        say(words[3], "judgemessage.txt", turn);
        if (guess == secret) return 42;
    }
    return 43;
}
"""
BY_TESTLIB = r"""
#include <stdio.h>
int main(int count, char **words) {
    int secret, most, guess;
    FILE *input = fopen(words[1], "r"), *log = fopen(words[2], "w"), *answer = fopen(words[3], "r");
    if (count != 4 || !log || fscanf(input, "%d", &secret) + fscanf(answer, "%d", &most) != 2)
        return 3;
    for (int turn = 1; turn <= most; turn++) {
        if (scanf("%d", &guess) != 1) return 2;
        fprintf(log, "%d\n", guess);
        puts(guess < secret ? "higher" : guess > secret ? "lower" : "right");
        fflush(stdout);
        if (guess == secret) return 0;
    }
    return 1;
}
"""
INTERACTORS = {
    "icpc": Checker(language="c", code=BY_ICPC, convention=ICPC),
    "testlib": Checker(language="c", code=BY_TESTLIB, convention=TESTLIB),
}
HALVES = """
low, high = 1, 1000
while True:
    guess = (low + high) // 2
    print(guess, flush=True)
    said = input()
    if said == "right":
        break
    low, high = (guess + 1, high) if said == "higher" else (low, guess - 1)
"""
HALVES_IN_C = r"""
#include <stdio.h>
int main(void) {
    int low = 1, high = 1000;
    char said[10];
    do {
        printf("%d\n", (low + high) / 2);
        fflush(stdout);
        if (scanf("%9s", said) != 1) return 1;
        if (*said == 'h') low = (low + high) / 2 + 1;
        else high = (low + high) / 2 - 1;
    } while (*said != 'r');
    return 0;
}
"""
COUNTS = "for n in range(1, 1001):\n    print(n, flush=True)\n    if input() == 'right': break\n"


@pytest.fixture(
    scope="module", params=by_tier([None, LimitBackend.RLIMITS], [None]), ids=["best", "rlimits"]
)
def judge(request, tmp_path_factory) -> Iterator[Judge]:
    judge = open_judge(tmp_path_factory.mktemp("judge"), request.param)
    yield judge
    judge.close()


@pytest.fixture
def tests(tmp_path):
    return write_cases(tmp_path, ("500", "10"), ("777", "10"), ("1", "10"))


def talk(
    judge: Judge,
    code: str,
    tests: list[TestCaseFiles],
    interactor: Checker = INTERACTORS["icpc"],
    language: str = "python",
    **more: Any,
) -> Judgement:
    given = {"comparer": Comparer.INTERACTIVE, "checker": interactor, **more}
    return ask(judge, language, code, tests, **given)


def partner(code: str, **more: Any) -> Checker:
    return Checker(language="python", code=textwrap.dedent(code), convention=ICPC, **more)


@pytest.mark.parametrize("name", INTERACTORS)
@pytest.mark.parametrize(("language", "code"), [("python", HALVES), ("c", HALVES_IN_C)])
def test_a_program_that_finds_out_is_accepted(judge, tests, name, language, code):
    got = talk(judge, code, tests, INTERACTORS[name], language)
    assert (got.verdict, got.passed) == (Verdict.AC, 3)


@pytest.mark.parametrize("name", INTERACTORS)
def test_a_program_that_asks_too_often_is_wrong(judge, tests, name):
    """The submission fails at the end of its input, which the interactor has caused."""
    got = talk(judge, COUNTS, tests, INTERACTORS[name])
    assert [one.verdict for one in got.results] == [Verdict.WA, Verdict.WA, Verdict.AC]


def test_what_the_interactor_says_to_the_problem_s_authors_is_kept_for_them(judge, tests):
    (one, *_) = talk(judge, COUNTS, tests).results
    assert (one.note, one.message) == ("guess 10", "The checker rejected the output.")


WRONG_ENDS = {
    "ends before it is right": ("print(1)", Verdict.WA),
    "says nothing": ("", Verdict.WA),
    "fails at once": ("1 / 0", Verdict.RE),
    "fails in the middle": ("print(1, flush=True); input(); 1 / 0", Verdict.RE),
    "computes for ever": ("while True: pass", Verdict.TLE),
    "never flushes": ("import sys; print(1); sys.stdin.readline()", Verdict.ILE),
    "waits for more": ("input()", Verdict.ILE),
    "takes too much": ("x = bytearray(400 << 20)", Verdict.MLE),
    "goes on after it was rejected": ("while True:\n    print(0, flush=True)", Verdict.WA),
    "computes on after it was rejected": (
        "for _ in range(10): print(0, flush=True)\nwhile True: pass",
        Verdict.WA,
    ),
    "says too much": ("while True: print('x' * 10000)", Verdict.WA),
}


@pytest.mark.parametrize("way", WRONG_ENDS)
def test_who_fails_first_decides(judge, tests, way):
    code, verdict = WRONG_ENDS[way]
    time_limit_ms = 20 if verdict is Verdict.TLE else 200
    got = talk(judge, code, tests[1:2], time_limit_ms=time_limit_ms)
    assert got.verdict is verdict, got


def test_a_program_that_fails_after_it_was_accepted_has_failed(judge, tests):
    code = "print(500, flush=True); input(); 1 / 0"
    assert talk(judge, code, tests[:1]).verdict is Verdict.RE


WRITES_IN_C = r"""
#include <stdio.h>
int main(void) { for (;;) { puts("go on"); fflush(stdout); } }
"""
READS_IN_JAVA = """
import java.io.*;
public class Main {
    public static void main(String[] words) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (;;) Integer.parseInt(lines.readLine().trim());
    }
}
"""
WRITES_IN_NODE = "setInterval(() => process.stdout.write('go on\\n'));"
READS_IN_NODE = "require('readline').createInterface(process.stdin).on('line', () => {});"
# Interactors that fail when the submission ends, and a part of their messages.
LEFT_ALONE = {
    "C, writing": ("c", WRITES_IN_C, ICPC, ""),
    "Python, writing": ("python", "while True: print('go on', flush=True)", ICPC, "BrokenPipe"),
    "Python, reading": ("python", "while True: input()", ICPC, "EOFError"),
    "Python, ending": ("python", "import os; os.read(0, 1); print(); exit(42)", ICPC, "BrokenPipe"),
    "Java, reading": ("java", READS_IN_JAVA, ICPC, "NullPointerException"),
    "Node.js, writing": ("javascript", WRITES_IN_NODE, ICPC, "EPIPE"),
    "Node.js, reading": ("javascript", READS_IN_NODE, ICPC, ""),
    "testlib's, writing": ("c", WRITES_IN_C, TESTLIB, ""),
    "testlib's, failing": ("python", "import os; os.read(0, 1); os._exit(9)", TESTLIB, ""),
}


@pytest.mark.parametrize("way", LEFT_ALONE)
def test_one_that_leaves_an_interactor_alone_is_wrong(judge, tests, way):
    language, code, convention, said = LEFT_ALONE[way]
    if language not in judge.languages:
        pytest.skip(judge.missing_languages[language])
    left = Checker(language=language, code=code, convention=convention)
    (one, *_) = talk(judge, "", tests[:1], left).results
    assert (one.verdict, one.message) == (Verdict.WA, ENDED_EARLY)
    assert said in (one.note or "")


# Ends that mean a fault of the problem, even after the submission has ended.
STILL_BROKEN = {
    "testlib's _fail": ("os._exit(3)", TESTLIB, "exited with code 3"),
    "testlib's points": ("os._exit(7)", TESTLIB, "exited with code 7"),
    "an assertion's signal": ("os.abort()", ICPC, "SIGABRT"),
    "a crash": ("os.kill(os.getpid(), 11)", ICPC, "SIGSEGV"),
    "too much time": ("while True: pass", ICPC, "time was exceeded"),
}


@pytest.mark.parametrize("way", STILL_BROKEN)
def test_an_interactor_can_fail_after_the_program_s_end(judge, tests, way):
    code, convention, said = STILL_BROKEN[way]
    code = f"import os\nos.read(0, 1)\n{code}"
    broken = Checker(language="python", code=code, convention=convention, time_limit_ms=300)
    with pytest.raises(CheckerBroken, match=said):
        talk(judge, "", tests, broken)


BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError"),
    "ends with another code": ("raise SystemExit(0)", "exited with code 0"),
    "computes for ever": ("while True: pass", "time was exceeded"),
    "takes too much": ("x = bytearray(1 << 30)", "emory"),
    "does not compile": ("else", "SyntaxError"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_an_interactor_that_fails_first_says_nothing_of_the_program(judge, tests, way):
    code, said = BROKEN[way]
    broken = partner(code, time_limit_ms=300, memory_limit_kb=65_536)
    with pytest.raises(CheckerBroken, match=said):
        talk(judge, "input()", tests, broken, time_limit_ms=5000)


def test_a_program_s_own_failure_counts_even_if_the_interactor_cannot_bear_it(judge, tests):
    assert talk(judge, "1 / 0", tests, partner("int(input())")).verdict is Verdict.RE


def test_the_interactor_s_limits_are_not_the_program_s(judge, tests):
    """The interactor may compute for longer than the program, which waits for it."""
    waits = "#include <stdio.h>\nint main(void) { char line[9]; return !fgets(line, 9, stdin); }"
    slow = partner(
        """
        import sys, time
        while time.process_time() < 0.1:
            pass
        print("done", flush=True)
        sys.exit(42)
        """
    )
    got = talk(judge, waits, tests, slow, language="c", time_limit_ms=50)
    assert got.verdict is Verdict.AC


def test_neither_sees_the_other_s_files(judge, tests):
    left = "open('/tmp/left', 'w').write('x'); import os; print(*os.listdir('/proc/self/fd'))"
    looks = partner(
        """
        import os, sys
        seen = sys.stdin.read().split()
        sys.exit(42 if len(seen) == 4 and not os.listdir("/tmp") else 43)
        """
    )
    assert talk(judge, left, tests, looks).verdict is Verdict.AC


def test_a_dialogue_can_be_cancelled(judge, tests):
    calls, waits = iter([False] * 8 + [True] * 99), partner("input()")
    with pytest.raises(JudgeCancelled):
        talk(judge, "input()", tests, waits, time_limit_ms=20_000, cancelled=calls.__next__)
