"""Global ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import GLOBAL_ID_CHARACTERS, KEY_NAME_BYTES
from graphql_api.data.records import NO_PID, ProblemId, TestCaseKey
from graphql_api.schema import ids
from graphql_api.schema.ids import Kind

PID = "01M7Y86A6PFHHNZ5NC5P8SW17X"

part = st.text(min_size=1, max_size=40).filter(lambda text: "#" not in text)


@given(part, part, st.sampled_from([NO_PID, PID]))
def test_an_id_names_what_it_was_made_of(platform: str, number: str, pid: str) -> None:
    problem = ProblemId(platform, number, pid)
    assert ids.problem_of(ids.problem_id(problem)) == problem


@given(st.text(max_size=60))
def test_no_other_text_is_an_id_twice(text: str) -> None:
    found = ids.decode(text)
    if found is None:
        return
    kind, key = found
    parts = [part for part in key if kind not in {Kind.PROBLEM, Kind.TEST_CASE} or part != NO_PID]
    assert ids.encode(kind, *parts) == text


def test_ids_show_no_type_s_name() -> None:
    raw = ids.user_id(PID)
    assert "User" not in raw
    assert ids.user_key(raw) == PID


@pytest.mark.parametrize("text", ["", "x", "!!", "dTA=", "cGE", "aGE", "a" * 500, "é"])
def test_what_is_no_id_is_a_typed_error(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ids.history_key(text)
    assert refused.value.path == ("historyId",)


def test_the_id_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInput):
        ids.user_key(ids.problem_id(ProblemId("a", "1", PID)))


def test_an_id_of_two_parts_is_that_of_a_problem_without_a_pid() -> None:
    former = ids.encode(Kind.PROBLEM, "algoitny", "1000")
    problem = ProblemId("algoitny", "1000", NO_PID)
    assert ids.problem_of(former) == problem
    assert ids.problem_id(problem) == former


@pytest.mark.parametrize(
    "parts", [("a", "1", NO_PID), ("a", "1", ""), ("a",), ("a", "1", PID, PID)], ids=repr
)
def test_a_problem_has_one_id(parts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        ids.problem_of(ids.encode(Kind.PROBLEM, *parts))


@pytest.mark.parametrize("pid", [NO_PID, PID])
def test_the_longest_names_have_ids_that_are_accepted(pid: str) -> None:
    name = "가" * (KEY_NAME_BYTES // 3) + "x"
    key = TestCaseKey(name, name, pid, 99_999, 99_999)
    assert len(ids.test_case_id(key)) <= GLOBAL_ID_CHARACTERS
    assert ids.test_case_key(ids.test_case_id(key)) == key


@pytest.mark.parametrize("pid", [NO_PID, PID])
def test_a_test_is_named_with_its_problem_and_version(pid: str) -> None:
    key = TestCaseKey("a", "1", pid, version=3, test=12)
    assert ids.test_case_key(ids.test_case_id(key)) == key
    with pytest.raises(InvalidInput):
        ids.test_case_key(ids.encode(Kind.TEST_CASE, "a", "1", "x", "²"))


def test_an_id_of_four_parts_is_that_of_a_test_of_a_problem_without_a_pid() -> None:
    former = ids.encode(Kind.TEST_CASE, "a", "1", "3", "12")
    assert ids.test_case_key(former) == TestCaseKey("a", "1", NO_PID, 3, 12)
    with pytest.raises(InvalidInput):
        ids.test_case_key(ids.encode(Kind.TEST_CASE, "a", "1", NO_PID, "3", "12"))


@pytest.mark.parametrize("parts", [("01", "1"), ("1", "00001"), ("1", "+1")])
def test_a_test_has_one_id(parts: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput):
        ids.test_case_key(ids.encode(Kind.TEST_CASE, "a", "1", *parts))
