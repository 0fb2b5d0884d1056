"""The mutations of editors on problems, and their refusals."""

from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Change
from graphql_api.data.enums import ProblemState
from graphql_api.data.records import CheckerFault, TestCaseKey
from graphql_api.schema import ids as global_ids
from tests.support.api import ADMIN, Api

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

NEW = {"platform": "algoitny", "number": "7", "title": "Seven"}
TESTS: list[dict[str, Any]] = [
    {"input": "1", "output": "2", "isSample": True},
    {"input": "3", "output": "4"},
]
PROBLEM = """problem { id state title url tags statement constraints comparer absTolerance
  relTolerance timeLimitMs memoryLimitKb testCount solution { language code } }"""

CHECKER = {"language": "py", "code": "raise SystemExit(42)", "convention": "ICPC"}
SETTINGS = """problem { comparer stopOnFirstFailure languageLimits { language timeMultiplier }
  checker { language code convention arguments timeLimitMs memoryLimitKb
    fault { message testNumber } } }"""

FOUND = "query($id: ID!) { node(id: $id) { ... on Problem { %s } } }"


def checker(**changed: Any) -> dict[str, Any]:
    return {"comparer": "CHECKER", "checker": CHECKER | changed}


def limits(*pairs: tuple[str, float]) -> dict[str, Any]:
    return {"languageLimits": [{"language": one, "timeMultiplier": many} for one, many in pairs]}


async def problem_id(api: Api, token: str) -> str:
    query = '{ problem(platform: "algoitny", number: "1") { id } }'
    found: str = (await api.data(query, token))["problem"]["id"]
    return found


async def test_a_problem_is_created_completed_and_found_by_everyone(api: Api) -> None:
    editor = await api.editor()
    given = NEW | {
        "url": "https://example.org/7",
        "tags": ["Math", "math", "DP"],
        "statement": "Add.",
        "constraints": "1 ≤ n",
        "comparer": "FLOAT",
        "absTolerance": 1e-6,
        "timeLimitMs": 1500,
        "memoryLimitKb": 65536,
        "testCases": TESTS,
    }
    made = (await api.mutate("createProblem", PROBLEM, editor, **given))["problem"]
    assert made["state"] == "DRAFT"
    assert made["tags"] == ["math", "dp"]
    assert (made["statement"], made["constraints"]) == ("Add.", "1 ≤ n")
    assert (made["absTolerance"], made["relTolerance"]) == (1e-6, None)
    assert (made["timeLimitMs"], made["memoryLimitKb"], made["testCount"]) == (1500, 65536, 2)

    done = await api.mutate("completeProblem", PROBLEM, editor, problemId=made["id"])
    assert done["problem"]["state"] == "COMPLETED"
    found = await api.data('{ problems(tag: "DP", search: "seven") { edges { node { id } } } }')
    assert found["problems"]["edges"] == [{"node": {"id": made["id"]}}]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"title": " "}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"title": "a\nb"}, ["title"]),
        ({"title": "a\x00b"}, ["title"]),
        ({"tags": ["x"] * 1 + [f"t{n}" for n in range(12)]}, ["tags"]),
        ({"tags": ["x" * 51]}, ["tags"]),
        ({"tags": ["a#b"]}, ["tags"]),
        ({"platform": "a#b"}, ["platform"]),
        ({"platform": "a b"}, ["platform"]),
        ({"number": "a/b"}, ["number"]),
        ({"number": "9" * 65}, ["number"]),
        ({"url": "javascript:alert(1)"}, ["url"]),
        ({"statement": "\x00"}, ["statement"]),
        ({"timeLimitMs": 0}, ["timeLimitMs"]),
        ({"timeLimitMs": 60_001}, ["timeLimitMs"]),
        ({"memoryLimitKb": 1}, ["memoryLimitKb"]),
        ({"comparer": "CHECKER"}, ["checker"]),
        ({"comparer": "INTERACTIVE"}, ["checker"]),
        ({"checker": CHECKER}, ["checker"]),
        ({"comparer": "LINES", "checker": CHECKER}, ["checker"]),
        (checker(language="cobol"), ["checker", "language"]),
        (checker(convention="TESTLIB"), ["checker", "convention"]),
        (checker(code=" "), ["checker", "code"]),
        (checker(code="x" * (256 * 1024 + 1)), ["checker", "code"]),
        (checker(arguments=["x"] * 21), ["checker", "arguments"]),
        (checker(arguments=["a\nb"]), ["checker", "arguments"]),
        (checker(arguments=["x" * 200] * 6), ["checker", "arguments"]),
        (checker(timeLimitMs=1), ["checker", "timeLimitMs"]),
        (checker(memoryLimitKb=1 << 23), ["checker", "memoryLimitKb"]),
        (limits(("cobol", 2)), ["languageLimits", "language"]),
        (limits(("python", 2), ("py", 3)), ["languageLimits"]),
        (limits(("python", 0)), ["languageLimits"]),
        (limits(("python", 101)), ["languageLimits"]),
        (limits(("python", 1.234)), ["languageLimits"]),
        ({"comparer": "FLOAT", "absTolerance": -1}, ["absTolerance"]),
        ({"comparer": "EXACT", "relTolerance": 0.1}, ["relTolerance"]),
        ({"testCases": [{"input": "\x00", "output": ""}]}, ["testCases", "0", "input"]),
        ({"testCases": [{"input": "", "output": ""}] * 2001}, ["testCases"]),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_created(
    api: Api, changed: dict[str, Any], path: list[str]
) -> None:
    editor = await api.editor()
    result = await api.mutate("createProblem", PROBLEM, editor, **(NEW | changed))
    assert (result["__typename"], result["path"]) == ("InvalidInput", path)
    assert await api.services.stores.problems.get("algoitny", "7") is None


async def test_a_problem_is_created_once(api: Api) -> None:
    editor = await api.editor()
    await api.mutate("createProblem", PROBLEM, editor, **NEW)
    result = await api.mutate("createProblem", PROBLEM, editor, **NEW)
    assert result["__typename"] == "Conflict"


async def test_an_update_changes_what_is_given(api: Api) -> None:
    editor = await api.editor()
    await api.problem(statement="Old", tags=["a"])
    pid = await problem_id(api, editor)
    given = {"problemId": pid, "title": "New", "statement": "", "comparer": "LINES"}
    changed = (await api.mutate("updateProblem", PROBLEM, editor, **given))["problem"]
    assert (changed["title"], changed["statement"], changed["comparer"]) == ("New", None, "LINES")
    assert changed["tags"] == ["a"]
    bad = await api.mutate("updateProblem", PROBLEM, editor, problemId=pid, title="")
    assert (bad["__typename"], bad["path"]) == ("InvalidInput", ["title"])


async def test_a_problem_carries_its_checker_limits_of_languages_and_early_stop(api: Api) -> None:
    editor = await api.editor()
    given = NEW | checker(arguments=["case_sensitive"]) | limits(("py", 2.5), ("java", 4))
    given["stopOnFirstFailure"] = True
    made = (await api.mutate("createProblem", SETTINGS, editor, **given))["problem"]
    assert made == {
        "comparer": "CHECKER",
        "stopOnFirstFailure": True,
        "languageLimits": [
            {"language": "java", "timeMultiplier": 4.0},
            {"language": "python", "timeMultiplier": 2.5},
        ],
        "checker": {
            "language": "python",
            "code": "raise SystemExit(42)",
            "convention": "ICPC",
            "arguments": ["case_sensitive"],
            "timeLimitMs": 10_000,
            "memoryLimitKb": 524_288,
            "fault": None,
        },
    }


async def test_a_checker_is_for_editors_and_limits_of_languages_for_everyone(api: Api) -> None:
    editor = await api.editor()
    given = NEW | checker() | limits(("c", 2)) | {"testCases": TESTS}
    made = await api.mutate("createProblem", "problem { id }", editor, **given)
    done = {"problemId": made["problem"]["id"]}
    await api.mutate("completeProblem", "problem { id }", editor, **done)
    query = f'{{ problem(platform: "algoitny", number: "7") {SETTINGS.removeprefix("problem")} }}'
    for token in (None, await api.sign_in("bob@example.org")):
        found = (await api.data(query, token))["problem"]
        assert found["checker"] is None
        assert found["languageLimits"] == [{"language": "c", "timeMultiplier": 2.0}]
    assert (await api.data(query, editor))["problem"]["checker"]["code"] == CHECKER["code"]


async def test_a_checker_goes_with_its_comparer(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)

    async def update(**changed: Any) -> Any:
        return await api.mutate("updateProblem", SETTINGS, editor, problemId=pid, **changed)

    refused = await update(comparer="CHECKER")
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["checker"])
    assert "CHECKER requires a checker" in refused["message"]
    assert (await update(**checker()))["problem"]["checker"]["code"] == CHECKER["code"]
    assert (await update(title="Same"))["problem"]["checker"]["code"] == CHECKER["code"]
    refused = await update(comparer="INTERACTIVE")
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["checker"])
    assert (await update(comparer="LINES"))["problem"]["checker"] is None
    assert await api.services.stores.checkers.get("algoitny", "1") is None
    refused = await update(comparer="CHECKER")
    assert refused["__typename"] == "InvalidInput"


async def test_limits_of_languages_and_early_stop_can_be_taken_back(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    given = {"problemId": await problem_id(api, editor)}
    wanted = given | limits(("c", 2)) | {"stopOnFirstFailure": True}
    await api.mutate("updateProblem", SETTINGS, editor, **wanted)
    kept = (await api.mutate("updateProblem", SETTINGS, editor, **given))["problem"]
    assert (len(kept["languageLimits"]), kept["stopOnFirstFailure"]) == (1, True)
    wanted = given | limits() | {"stopOnFirstFailure": False}
    gone = (await api.mutate("updateProblem", SETTINGS, editor, **wanted))["problem"]
    assert (gone["languageLimits"], gone["stopOnFirstFailure"]) == ([], False)


async def test_a_problem_whose_comparer_lacks_its_program_is_not_completed(api: Api) -> None:
    """As older code could leave it."""
    editor = await api.editor()
    await api.problem(state=ProblemState.DRAFT)
    key = keys.problem("algoitny", "1")
    await api.services.stores.dynamo.update(key, Change({"cr": "CHECKER"}))
    pid = await problem_id(api, editor)
    result = await api.mutate("completeProblem", SETTINGS, editor, problemId=pid)
    assert (result["__typename"], result["path"]) == ("InvalidInput", ["checker"])
    renamed = await api.mutate("updateProblem", PROBLEM, editor, problemId=pid, title="New")
    assert renamed["problem"]["title"] == "New"


async def test_editors_see_how_the_present_checker_failed_last(api: Api) -> None:
    editor = await api.editor()
    given = NEW | checker()
    made = await api.mutate("createProblem", "problem { id }", editor, **given)
    stores = api.services.stores
    card = await stores.problems.get("algoitny", "7", consistent=True)
    assert card is not None
    assert card.checker_hash is not None
    fault = CheckerFault(
        checker_hash=card.checker_hash, message="가" * 5000, test_number=3, created_at=5
    )
    await stores.checkers.note_fault(card.id, fault)
    given = {"problemId": made["problem"]["id"]}
    shown = (await api.mutate("updateProblem", SETTINGS, editor, **given))["problem"]["checker"]
    assert shown["fault"] == {"message": "가" * 1365, "testNumber": 3}
    given |= checker(code="raise SystemExit(43)")
    shown = (await api.mutate("updateProblem", SETTINGS, editor, **given))["problem"]["checker"]
    assert shown["fault"] is None


async def test_an_empty_url_is_removed(api: Api) -> None:
    token = await api.editor()
    await api.problem(link="https://example.org/1")
    pid = await problem_id(api, token)
    changed = await api.mutate("updateProblem", "problem { url }", token, problemId=pid, url="")
    assert changed["problem"] == {"url": None}


async def test_a_deleted_problem_is_to_be_restored_not_completed(api: Api) -> None:
    token = await api.editor()
    await api.problem(state=ProblemState.DELETED, tests=0)
    pid = await problem_id(api, token)
    refused = await api.mutate("completeProblem", "problem { id }", token, problemId=pid)
    assert refused["__typename"] == "Conflict"
    assert "Restore" in refused["message"]


async def test_a_problem_without_tests_stays_a_draft(api: Api) -> None:
    editor = await api.editor()
    await api.problem(state=ProblemState.DRAFT, tests=0)
    pid = await problem_id(api, editor)
    result = await api.mutate("completeProblem", PROBLEM, editor, problemId=pid)
    assert result["__typename"] == "Conflict"


@pytest.mark.slow
async def test_soft_deletion_hides_and_restoring_brings_back(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)
    query = "{ problems { edges { node { id } } } }"

    gone = await api.mutate("softDeleteProblem", PROBLEM, editor, problemId=pid, reason="twice")
    assert gone["problem"]["state"] == "DELETED"
    assert (await api.data(query))["problems"]["edges"] == []
    update = await api.mutate("updateProblem", PROBLEM, editor, problemId=pid, title="Back")
    assert update["__typename"] == "Conflict"

    back = await api.mutate("restoreProblem", PROBLEM, editor, problemId=pid)
    assert back["problem"]["state"] == "COMPLETED"
    assert len((await api.data(query))["problems"]["edges"]) == 1
    again = await api.mutate("restoreProblem", PROBLEM, editor, problemId=pid)
    assert again["__typename"] == "Conflict"


@pytest.mark.slow
async def test_only_administrators_delete_for_good(api: Api) -> None:
    editor, admin = await api.editor(), await api.sign_in(ADMIN)
    await api.problem()
    pid = await problem_id(api, editor)
    refused = await api.mutate("deleteProblem", "problemId", editor, problemId=pid)
    assert refused["__typename"] == "Forbidden"
    done = await api.mutate("deleteProblem", "problemId", admin, problemId=pid)
    assert done["problemId"] == pid
    assert await api.services.stores.problems.get("algoitny", "1") is None
    again = await api.mutate("deleteProblem", "problemId", admin, problemId=pid)
    assert again["__typename"] == "NotFound"


@pytest.mark.slow
async def test_tests_are_added_replaced_and_deleted(api: Api) -> None:
    editor = await api.editor()
    await api.problem(tests=1)
    pid = await problem_id(api, editor)
    fields = "problem { testCount testCases { edges { node { id number input } } } }"

    added = await api.mutate("addTestCases", fields, editor, problemId=pid, testCases=TESTS)
    assert added["problem"]["testCount"] == 3
    first = added["problem"]["testCases"]["edges"][0]["node"]["id"]

    deleted = await api.mutate("deleteTestCase", fields, editor, testCaseId=first)
    edges = deleted["problem"]["testCases"]["edges"]
    assert [edge["node"]["input"] for edge in edges] == ["1", "3"]
    assert [edge["node"]["number"] for edge in edges] == [1, 2]

    stale = await api.mutate("deleteTestCase", fields, editor, testCaseId=first)
    assert stale["__typename"] == "NotFound"

    replaced = await api.mutate(
        "replaceTestCases", fields, editor, problemId=pid, testCases=TESTS[:1]
    )
    assert replaced["problem"]["testCount"] == 1
    none = await api.mutate("replaceTestCases", fields, editor, problemId=pid, testCases=[])
    assert (none["__typename"], none["path"]) == ("InvalidInput", ["testCases"])


@pytest.mark.slow
async def test_a_test_case_keeps_its_id_until_it_is_deleted_or_the_set_is_replaced(
    api: Api,
) -> None:
    editor = await api.editor()
    await api.problem(tests=3)
    pid = await problem_id(api, editor)
    fields = "problem { testCases { edges { node { id input } } } }"
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on TestCase { number input } } }"

    added = await api.mutate("addTestCases", fields, editor, problemId=pid, testCases=TESTS[:1])
    ids = [edge["node"]["id"] for edge in added["problem"]["testCases"]["edges"]]
    await api.mutate("deleteTestCase", fields, editor, testCaseId=ids[1])
    found = (await api.data(nodes, editor, ids=ids))["nodes"]
    assert found == [
        {"number": 1, "input": "1"},
        None,
        {"number": 2, "input": "3"},
        {"number": 3, "input": TESTS[0]["input"]},
    ]
    # The number that a deleted test had in an older version belongs to another test.
    card = await api.services.stores.problems.get("algoitny", "1", consistent=True)
    assert card is not None
    moved = str(global_ids.test_case_id(TestCaseKey(*card.id, 3, 3)))
    assert (await api.data(nodes, editor, ids=[moved]))["nodes"] == [None]

    await api.mutate("replaceTestCases", fields, editor, problemId=pid, testCases=TESTS)
    assert (await api.data(nodes, editor, ids=ids))["nodes"] == [None] * 4


async def test_the_solution_is_kept_and_listed_by_its_language(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)
    given = {"problemId": pid, "language": "C++", "code": "int main() {}"}
    kept = await api.mutate("setSolution", PROBLEM, editor, **given)
    assert kept["problem"]["solution"] == {"language": "cpp", "code": "int main() {}"}
    found = await api.data('{ problems(language: "cpp") { edges { node { id } } } }')
    assert found["problems"]["edges"] == [{"node": {"id": pid}}]
    bad = await api.mutate("setSolution", PROBLEM, editor, **(given | {"language": "klingon"}))
    assert (bad["__typename"], bad["path"]) == ("InvalidInput", ["language"])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("createProblem", NEW),
        ("updateProblem", {}),
        ("completeProblem", {}),
        ("softDeleteProblem", {"reason": "x"}),
        ("restoreProblem", {}),
        ("deleteProblem", {}),
        ("addTestCases", {"testCases": TESTS}),
        ("replaceTestCases", {"testCases": TESTS}),
        ("setSolution", {"language": "python", "code": "x"}),
    ],
)
async def test_others_are_refused_and_unknown_problems_not_found(
    api: Api, name: str, given: dict[str, Any]
) -> None:
    fields = "problemId" if name == "deleteProblem" else "problem { id }"
    bob, admin = await api.sign_in("bob@example.org"), await api.sign_in(ADMIN)
    if name != "createProblem":
        # The id of algoitny 404, which does not exist.
        given = given | {"problemId": "cGFsZ29pdG55IzQwNA"}
        missing = await api.mutate(name, fields, admin, **given)
        assert missing["__typename"] == "NotFound"
        malformed = await api.mutate(name, fields, admin, **(given | {"problemId": "x"}))
        assert (malformed["__typename"], malformed["path"]) == ("InvalidInput", ["problemId"])
    assert (await api.mutate(name, fields, **given))["__typename"] == "Unauthenticated"
    assert (await api.mutate(name, fields, bob, **given))["__typename"] == "Forbidden"


async def test_editors_see_when_and_why_a_problem_was_deleted(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid, deletion = await problem_id(api, editor), "deletedAt deletedReason"
    assert (await api.data(FOUND % deletion, id=pid))["node"] == {
        "deletedAt": None,
        "deletedReason": None,
    }
    await api.mutate("softDeleteProblem", "problem { id }", editor, problemId=pid, reason="Twice.")
    assert (await api.data(FOUND % deletion, id=pid))["node"] is None
    shown = (await api.data(FOUND % deletion, editor, id=pid))["node"]
    assert shown["deletedReason"] == "Twice."
    assert shown["deletedAt"].endswith("Z")
    query = f"{{ problems(state: DELETED) {{ edges {{ node {{ {deletion} }} }} }} }}"
    assert (await api.data(query, editor))["problems"]["edges"] == [{"node": shown}]
    await api.mutate("restoreProblem", "problem { id }", editor, problemId=pid)
    assert (await api.data(FOUND % deletion, editor, id=pid))["node"]["deletedAt"] is None


# For each optional field of updateProblem: a value, the answer to it, and the answer to null.
UPDATES: dict[str, tuple[Any, Any, Any]] = {
    "url": ("https://example.org/1", "https://example.org/1", None),
    "tags": (["Graphs"], ["graphs"], []),
    "statement": ("Add.", "Add.", None),
    "constraints": ("1 ≤ n", "1 ≤ n", None),
    "comparer": ("LINES", "LINES", "TOKENS"),
    "absTolerance": (1e-6, 1e-6, None),
    "relTolerance": (1e-9, 1e-9, None),
    "timeLimitMs": (1500, 1500, 2000),
    "memoryLimitKb": (65536, 65536, 262_144),
    "languageLimits": (
        [{"language": "c", "timeMultiplier": 2}],
        [{"language": "c", "timeMultiplier": 2.0}],
        [],
    ),
    "stopOnFirstFailure": (True, True, False),
    "testVisibility": ("FIRST_FAILED", "FIRST_FAILED", "SAMPLES"),
}


@pytest.mark.parametrize("field", UPDATES)
async def test_an_update_keeps_what_is_absent_and_clears_what_is_null(api: Api, field: str) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)
    value, after_value, after_null = UPDATES[field]
    selection = f"{field} {{ language timeMultiplier }}" if field == "languageLimits" else field

    async def update(**changed: Any) -> Any:
        fields = f"problem {{ {selection} }}"
        result = await api.mutate("updateProblem", fields, editor, problemId=pid, **changed)
        return result["problem"][field]

    assert await update(**{field: value}) == after_value
    assert await update(title="Kept") == after_value
    assert await update(**{field: None}) == after_null
    assert await update(**{field: None}) == after_null


async def test_a_title_cannot_be_cleared(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)
    refused = await api.mutate("updateProblem", PROBLEM, editor, problemId=pid, title=None)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["title"])


async def test_a_null_checker_needs_a_comparer_without_one(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)

    async def update(**changed: Any) -> Any:
        return await api.mutate("updateProblem", SETTINGS, editor, problemId=pid, **changed)

    assert (await update(checker=None))["problem"]["checker"] is None
    await update(**checker())
    refused = await update(checker=None)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["checker"])
    assert (await update(title="Kept"))["problem"]["checker"]["code"] == CHECKER["code"]
    gone = await update(comparer=None, checker=None)
    assert (gone["problem"]["comparer"], gone["problem"]["checker"]) == ("TOKENS", None)


async def test_a_tolerance_is_refused_when_the_comparer_goes_back_to_tokens(api: Api) -> None:
    editor = await api.editor()
    await api.problem()
    pid = await problem_id(api, editor)
    given = {"problemId": pid, "comparer": None, "absTolerance": 1e-6}
    refused = await api.mutate("updateProblem", PROBLEM, editor, **given)
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["absTolerance"])
