"""Executions of problems with checkers and language limits, on a real table and sandbox."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.dynamo.meter import metered
from graphql_api.data.enums import (
    CheckerConvention,
    Comparer,
    HistoryStatus,
    ProblemState,
    Verdict,
)
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Checker, History, Results
from graphql_api.data.stores import Stores
from judge.judge import Judge
from tasks.handlers.executions import CHECKER_BROKEN, ExecutionHandler
from tests.support.executions import SubmissionDriver
from tests.support.problems import everything
from tests.support.senders import RecordingSender

pytestmark = [pytest.mark.slow, pytest.mark.dynamodb, pytest.mark.sandbox]

NAME = ("algoitny", "77")
TESTS = (
    NewTest(input=b"4\n", output=b"5\n", is_sample=True),
    NewTest(input=b"6\n", output=b"7\n"),
    NewTest(input=b"8\n", output=b"9\n"),
)
ANY_LARGER = """
import sys
given = int(open(sys.argv[1]).read())
found = int(sys.stdin.read())
open(sys.argv[3] + "judgemessage.txt", "w").write(f"{given} and {found}")
sys.exit(42 if found > given else 43)
"""


def checker(code: str = ANY_LARGER) -> Checker:
    return Checker(language="python", code=code, convention=CheckerConvention.ICPC)


@pytest.fixture
async def driver(stores: Stores) -> SubmissionDriver:
    """Submissions to a problem that accepts any larger number."""
    await stores.problems.create(
        NewProblem(
            platform=NAME[0],
            number=NAME[1],
            title="Larger",
            time_limit_ms=20_000,
            comparer=Comparer.CHECKER,
            checker=checker(),
        )
    )
    await stores.tests.replace(*NAME, TESTS)
    await stores.problems.set_state(*NAME, ProblemState.COMPLETED)
    return await SubmissionDriver.open(stores, number=NAME[1])


# A lease that no execution of the tests outlasts: renewals would be counted as requests.
NO_RENEWAL_MS = 3_600_000


async def run(driver: SubmissionDriver, execution: ExecutionHandler, code: str) -> History:
    history = await driver.reserve(code)
    await execution.run(history.uid, history.ulid)
    return await driver.card(history)


async def results(driver: SubmissionDriver, card: History) -> Results:
    found = await driver.stores.histories.results(card)
    assert found is not None
    return found


async def change(driver: SubmissionDriver, **fields: Any) -> None:
    await driver.stores.problems.update(*NAME, ProblemChanges(**fields))


LARGER = "print(int(input()) + 100)\n"
SMALLER = "n = int(input()); print(n + 1 if n < 6 else 0)\n"


async def test_the_problem_s_checker_judges(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    assert (await run(driver, execution, LARGER)).verdict is Verdict.AC
    card = await run(driver, execution, SMALLER)
    assert (card.verdict, card.passed, card.failed) == (Verdict.WA, 1, 2)
    second = (await results(driver, card)).tests[1]
    assert (second.message, second.note) == (None, None)
    driver.is_editor = True
    card = await run(driver, execution, SMALLER)
    second = (await results(driver, card)).tests[1]
    assert (second.message, second.note) == ("The checker rejected the output.", "6 and 0")


async def test_with_the_set_on_disk_only_card_and_code_are_read(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    await run(driver, execution, LARGER)
    await driver.stores.dynamo.delete({"PK": "P#algoitny#77", "SK": "O"})
    assert (await run(driver, execution, SMALLER)).verdict is Verdict.WA


async def test_another_checker_judges_the_next_submission_without_reading_the_tests_again(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    execution._lease_ms = NO_RENEWAL_MS
    assert (await run(driver, execution, LARGER)).verdict is Verdict.AC
    await change(driver, checker=checker(ANY_LARGER.replace("found > given", "found < given")))
    history = await driver.reserve(SMALLER)
    with metered() as meter:
        await execution.run(history.uid, history.ulid)
    card = await driver.card(history)
    assert (card.verdict, card.passed, card.failed) == (Verdict.WA, 2, 1)
    # Claim, card, code, checker, results, completion, run counter.
    assert meter.requests == 7


async def test_a_broken_checker_fails_the_execution_at_once_and_tells_the_editors(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    await change(driver, checker=checker("1 / 0"))
    card = await run(driver, execution, LARGER)
    assert (card.status, card.verdict, card.message) == (
        HistoryStatus.FAILED,
        None,
        CHECKER_BROKEN,
    )
    assert await driver.used(card) == 0
    (fault,) = await driver.stores.checkers.faults([driver.problem.id])
    assert fault is not None
    assert "ZeroDivisionError" in fault.message
    assert fault.checker_hash == digest_of(checker("1 / 0"))
    assert fault.test_number in {1, 2, 3}


ECHOES = """import sys
given, found = open(sys.argv[1]).read(), sys.stdin.read()
for name in ("judgemessage.txt", "teammessage.txt"):
    open(sys.argv[3] + name, "w").write(f"{given} and {found}")
print(given, found, file=sys.stderr)
sys.exit(CODE)
"""
# Repeats the input in every way that a program can.
MARKED = """import sys
given = input()
print(f"mark{given}")
print(f"mark{given}", file=sys.stderr)
print('  File "/box/main.py", line 8, in f', file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("ending", "code"), [("", 43), ("", 1), ("1 / 0", 42), ("sys.exit(int(given) + 90)", 42)]
)
async def test_no_item_of_the_table_repeats_the_input_or_output_of_a_hidden_test(
    driver: SubmissionDriver, execution: ExecutionHandler, ending: str, code: int
) -> None:
    hidden = [NewTest(input=b"77177\n", output=b"88188\n")]
    await driver.stores.tests.replace(*NAME, hidden)
    await change(driver, checker=checker(ECHOES.replace("CODE", str(code))))
    card = await run(driver, execution, MARKED + ending)
    assert card.status is HistoryStatus.FAILED if code == 1 else card.verdict
    fault = await driver.stores.checkers.faults([driver.problem.id])
    stored = await driver.stores.histories.results(card)
    items = [item for item in await everything(driver.stores.dynamo) if item["tp"] != "test"]
    for text in (str(fault), str(stored), str(items)):
        assert "77177" not in text
        assert "88188" not in text


async def test_a_checker_that_does_not_compile_is_reported_with_the_compiler_output(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    await change(driver, checker=checker("else"))
    assert (await run(driver, execution, LARGER)).status is HistoryStatus.FAILED
    (fault,) = await driver.stores.checkers.faults([driver.problem.id])
    assert fault is not None
    assert fault.message.startswith("The checker does not compile.\n")
    assert "SyntaxError" in fault.message
    assert fault.test_number is None


CPP_LARGER = """
#include <fstream>
int main(int, char** args) {
    long given, found;
    std::ifstream(args[1]) >> given;
    std::ifstream("/dev/stdin") >> found;
    return found > given ? 42 : 43;
}
"""


async def test_a_worker_without_the_checker_s_language_leaves_it_to_one_that_has_both(
    *,
    driver: SubmissionDriver,
    make_execution: Callable[..., ExecutionHandler],
    python_judge: Judge,
    sender: RecordingSender,
) -> None:
    await change(driver, checker=replace(checker(CPP_LARGER), language="cpp"))
    card = await run(driver, make_execution(python_judge), LARGER)
    assert (card.status, card.attempt) == (HistoryStatus.PENDING, 0)
    assert sender.required[card.ulid] == [{"python", "cpp"}]
    await make_execution().run(card.uid, card.ulid)
    card = await driver.card(card)
    assert (card.verdict, card.attempt) == (Verdict.AC, 1)


async def test_tests_after_the_first_failure_are_skipped_if_the_problem_says_so(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    await change(driver, stop_on_first_failure=True)
    card = await run(driver, execution, SMALLER)
    assert (card.passed, card.failed, card.total) == (1, 1, 3)
    verdicts = [one.verdict for one in (await results(driver, card)).tests]
    assert verdicts == [Verdict.AC, Verdict.WA, Verdict.SKIPPED]


async def test_a_language_s_own_multiplier_replaces_what_it_gets_of_every_problem(
    driver: SubmissionDriver, execution: ExecutionHandler
) -> None:
    """For other problems Python has three times the limit."""
    busy = "import time\nwhile time.process_time() < 0.8: pass\n" + LARGER
    await change(driver, time_limit_ms=1000, language_limits={"python": 0.1, "c": 50.0})
    assert (await run(driver, execution, busy)).verdict is Verdict.TLE
    await change(driver, time_limit_ms=100, language_limits={"python": 20.0})
    assert (await run(driver, execution, busy)).verdict is Verdict.AC
