"""No viewer can reach a mark of a hidden test from a history, whatever the query selects."""

from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.enums import (
    CheckerConvention,
    Comparer,
    DiagnosisKind,
    DifferenceKind,
    Role,
    TestVisibility,
    Verdict,
)
from graphql_api.data.histories.executions import Claim, Outcome
from graphql_api.data.problems.inputs import ProblemChanges
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import (
    Checker,
    CheckerFault,
    Diagnosis,
    Problem,
    Results,
    TestResult,
)
from judge.models import Judgement
from tasks.handlers.executions import JudgedHistory, outcome_of
from tests.support.api import ADMIN, Api
from tests.support.problems import everything
from tests.support.walks import list_values, select_all

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

SAMPLES, FIRST_FAILED, ALL = TestVisibility
HISTORY = f"""query($id: ID!) {{ history(id: $id) {select_all("History")} }}"""
NODE = f"""query($id: ID!) {{ node(id: $id) {{ ... on History {select_all("History")} }} }}"""
NODES = f"""query($id: ID!) {{ nodes(ids: [$id]) {{ ... on History {select_all("History")} }} }}"""
FEED = f"{{ publicFeed(first: 2) {{ edges {{ node {select_all('History')} }} }} }}"
OWN = f"{{ viewer {{ histories(first: 2) {{ edges {{ node {select_all('History')} }} }} }} }}"
PROBLEM = f"""{{ problem(platform: "algoitny", number: "1") {select_all("Problem")} }}"""
BY_ID = (HISTORY, NODE, NODES)
OWNER, OTHER, EDITOR = "ann@example.org", "bob@example.org", "editor@example.org"


def make_result(number: int, *, is_sample: bool = False) -> TestResult:
    """Return a failed result whose every text and figure contains the number 1000 + `number`."""
    mark = f"mark{1000 + number}"
    return TestResult(
        number=number,
        is_sample=is_sample,
        verdict=Verdict.WA,
        cpu_ms=3,
        wall_ms=4,
        peak_kb=1000 + number,
        exit_code=1000 + number,
        output=f"{mark} output",
        error=f"{mark} error",
        expected=f"{mark} expected",
        message=f"{mark} message",
        note=f"{mark} note",
        difference=(1000 + number, 1000 + number, f"{mark} right", f"{mark} wrong"),
        difference_kind=DifferenceKind.ORDER,
        exception="ValueError",
        code_line=5,
    )


# Of the results of test 1, which is a sample, only the note is hidden.
TESTS = (make_result(1, is_sample=True), make_result(2), make_result(3))
PASSED_SAMPLE = (replace(TESTS[0], verdict=Verdict.AC, exit_code=0), *TESTS[1:])
JUDGEMENT = Judgement(
    verdict=Verdict.WA,
    compile_output="a warning",
    results=list(TESTS),
    passed=0,
    failed=3,
    cpu_ms=3,
    peak_kb=1003,
    limit_backend="cgroup2",
    message="mark1002 message",
    queue_ms=0,
    compile_ms=0,
    run_ms=0,
)

# A diagnosis of test 2 with values, as a faulty judge could make it.
DIAGNOSIS = Diagnosis(
    kind=DiagnosisKind.OFF_BY_ONE,
    test_number=2,
    line=5,
    parameters={"expected": "mark1002 right", "actual": "mark1002 wrong"},
)


async def make_problem(api: Api, **fields: Any) -> Problem:
    """Create a problem with a sample and two hidden tests whose files contain marks."""
    problem = await api.problem(**fields)
    tests = [
        NewTest(
            input=b"mark%d in" % (1000 + number),
            output=b"mark%d out" % (1000 + number),
            is_sample=number == 1,
        )
        for number in (1, 2, 3)
    ]
    await api.services.stores.tests.replace(*problem.key, tests)
    stored = await api.services.stores.problems.get(*problem.key)
    assert stored is not None
    return stored


async def complete(
    api: Api, problem: Problem, results: tuple[TestResult, ...] = TESTS, *, is_old: bool = False
) -> None:
    """Complete the latest execution as a worker does.

    With `is_old`, do it as workers did before policies existed.
    """
    uid, ulid, _ = api.sender.sent[-1]
    executions = api.services.stores.executions
    claim = await executions.claim(uid, ulid, token="me", lease_ms=10_000)
    assert isinstance(claim, Claim)
    judgement = replace(JUDGEMENT, results=list(results))
    outcome = outcome_of(claim.history, JudgedHistory(problem, judgement, DIAGNOSIS))
    if is_old:
        outcome = with_all_texts(outcome, results)
    await executions.complete(claim.history, outcome)


def with_all_texts(outcome: Outcome, tests: tuple[TestResult, ...]) -> Outcome:
    results = Results(attempt=1, compile_output="a warning", tests=tests, diagnosis=DIAGNOSIS)
    return replace(outcome, results=results)


async def reach(api: Api, history: str, token: str | None, *, also: str = OWN) -> str:
    """Return every value that a viewer can reach from a history, joined by spaces."""
    answers = [await api.data(query, token, id=history) for query in BY_ID]
    answers += [await api.data(query, token) for query in (FEED, also, PROBLEM)]
    return " ".join(value for answer in answers for value in list_values(answer))


def marks_in(text: str) -> set[int]:
    """Return the numbers of the tests whose marks a text contains."""
    return {number for number in (1, 2, 3) if str(1000 + number) in text}


@pytest.mark.parametrize(
    ("policy", "results", "shown"),
    [
        (SAMPLES, TESTS, {1}),
        (FIRST_FAILED, TESTS, {1}),
        (FIRST_FAILED, PASSED_SAMPLE, {1, 2}),
        (ALL, TESTS, {1, 2, 3}),
    ],
)
@pytest.mark.parametrize("is_public", [False, True])
async def test_the_policy_at_the_judging_decides_which_tests_the_owner_reaches(
    api: Api,
    policy: TestVisibility,
    results: tuple[TestResult, ...],
    shown: set[int],
    *,
    is_public: bool,
) -> None:
    problem = await make_problem(api, test_visibility=policy)
    token = await api.sign_in(OWNER)
    history = await api.submit(token, isPublic=is_public)
    await complete(api, problem, results)
    other = SAMPLES if policy is ALL else ALL
    await api.mutate(
        "updateProblem",
        "problem { id }",
        await api.editor(),
        problemId=(await api.data(PROBLEM))["problem"]["id"],
        testVisibility=other,
    )
    text = await reach(api, history, token)
    assert marks_in(text) == shown
    assert "note" not in text


@pytest.mark.parametrize("role", [OTHER, EDITOR, ADMIN, None])
@pytest.mark.parametrize("is_public", [False, True])
async def test_no_other_viewer_reaches_any_result(
    api: Api, role: str | None, *, is_public: bool
) -> None:
    problem = await make_problem(api, test_visibility=ALL)
    history = await api.submit(await api.sign_in(OWNER), isPublic=is_public)
    await complete(api, problem)
    token = await api.editor() if role == EDITOR else role and await api.sign_in(role)
    text = await reach(api, history, token, also=OWN if role else FEED)
    if role in (EDITOR, ADMIN):
        # Editors see the files of all tests, but nothing that another user's program wrote.
        for number in (1, 2, 3):
            text = text.replace(f"mark{1000 + number} in", "").replace(
                f"mark{1000 + number} out ", " "
            )
        assert marks_in(text) == set()
    else:
        assert marks_in(text) == {1}, "the sample's files, which belong to the problem"
    assert not {"expected", "wrong", "error", "note"} & set(text.split())


async def test_editors_see_all_results_of_their_own_executions(api: Api) -> None:
    problem = await make_problem(api)
    editor = await api.editor()
    history = await api.submit(editor)
    await complete(api, problem)
    text = await reach(api, history, editor)
    for number in (1, 2, 3):
        for part in ("output", "error", "expected", "message", "note", "right", "wrong"):
            assert f"mark{1000 + number} {part}" in text


async def test_an_editor_who_becomes_a_user_sees_only_what_the_policy_shows(api: Api) -> None:
    problem = await make_problem(api)
    editor = await api.editor()
    history = await api.submit(editor)
    await complete(api, problem)
    user = await api.user(EDITOR)
    await api.services.stores.users.update(user.uid, role=Role.USER)
    api.services.viewers.forget(user.uid)
    assert marks_in(await reach(api, history, editor)) == {1}


async def test_results_stored_before_there_were_policies_show_only_samples(api: Api) -> None:
    problem = await make_problem(api, test_visibility=ALL)
    token = await api.sign_in(OWNER)
    history = await api.submit(token)
    await complete(api, problem, is_old=True)
    text = await reach(api, history, token)
    assert marks_in(text) == {1}
    assert "note" not in text


async def test_texts_that_nobody_may_see_are_not_stored(api: Api) -> None:
    problem = await make_problem(api)
    history = await api.submit(await api.sign_in(OWNER))
    await complete(api, problem)
    assert history
    uid, ulid, _ = api.sender.sent[-1]
    card = await api.services.stores.histories.get(uid, ulid)
    assert card is not None
    stored = await api.services.stores.histories.results(card)
    assert stored is not None
    assert marks_in(str(stored)) == {1}
    assert not any(test.note for test in stored.tests)
    items = [item for item in await everything(api.services.stores.dynamo) if item["tp"] != "test"]
    assert not any(mark in str(item) for item in items for mark in ("mark1002", "mark1003"))


async def test_the_owner_learns_how_a_hidden_test_failed(api: Api) -> None:
    problem = await make_problem(api)
    token = await api.sign_in(OWNER)
    history = await api.submit(token)
    await complete(api, problem)
    shown = (await api.data(HISTORY, token, id=history))["history"]
    assert shown["testResults"][1] == {
        "number": 2,
        "isSample": False,
        "verdict": "WA",
        "cpuMs": 3,
        "wallMs": 4,
        "peakKb": 1024,
        "exitCode": 1,
        "signal": None,
        "exceptionClass": "ValueError",
        "codeLine": 5,
        "output": None,
        "error": None,
        "expected": None,
        "message": None,
        "judgeMessage": None,
        "difference": None,
        "differenceKind": "ORDER",
    }
    assert shown["peakKb"] == 1024


async def set_checker(api: Api, comparer: Comparer) -> Problem:
    checker = Checker(language="c", code="int main;", convention=CheckerConvention.ICPC)
    changes = ProblemChanges(comparer=comparer, checker=checker)
    return await api.services.stores.problems.update("algoitny", "1", changes)


async def test_a_stored_fault_shows_editors_nothing_that_the_checker_printed(api: Api) -> None:
    await make_problem(api)
    problem = await set_checker(api, Comparer.CHECKER)
    query = """{ problem(platform: "algoitny", number: "1") { checker { fault { message } } } }"""
    editor = await api.editor()
    for number, message, shown in (
        (2, "The checker exited with code 1.\nmark1002", "The checker exited with code 1."),
        (None, "The checker does not compile.\nmain.c:1", None),
    ):
        fault = CheckerFault(
            checker_hash=problem.checker_hash or "",
            message=message,
            test_number=number,
            created_at=1_800_000_000_000,
        )
        await api.services.stores.checkers.note_fault(problem.id, fault)
        for token in (None, await api.sign_in(OTHER)):
            assert (await api.data(query, token))["problem"]["checker"] is None
        answer = (await api.data(query, editor))["problem"]["checker"]["fault"]
        assert answer == {"message": shown or message}


async def test_the_files_of_an_interactive_problem_are_for_editors_only(api: Api) -> None:
    await make_problem(api, test_visibility=ALL)
    await set_checker(api, Comparer.INTERACTIVE)
    cases = """{ problem(platform: "algoitny", number: "1") { testCases { edges { node {
      id isSample input output } } } } }"""
    by_id = "query($id: ID!) { node(id: $id) { ... on TestCase { isSample input output } } }"
    for token in (None, await api.sign_in(OTHER)):
        (edge,) = (await api.data(cases, token))["problem"]["testCases"]["edges"]
        node = edge["node"]
        sample = {"isSample": True, "input": None, "output": None}
        assert {name: node[name] for name in sample} == sample
        assert await api.data(by_id, token, id=node["id"]) == {"node": sample}
    text = str(await api.data(cases, await api.editor()))
    assert marks_in(text) == {1, 2, 3}
