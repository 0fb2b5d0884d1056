from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import CARD_BYTES
from graphql_api.data.problems.cards import (
    card_item,
    check_size,
    entries,
    entry_keys,
    with_reason,
)
from graphql_api.data.records import Problem

DRAFT = Problem(platform="demo", number="1", title="Two sums", created_at=5, updated_at=5)
COMPLETED = replace(DRAFT, state=ProblemState.COMPLETED, tags=("math", "dp"), language="c")
DELETED = replace(COMPLETED, state=ProblemState.DELETED)


def partitions(problem: Problem) -> list[str]:
    return [key["PK"] for key in entry_keys(problem)]


def test_a_completed_problem_is_listed_by_state_tags_and_words():
    assert partitions(COMPLETED) == [
        "PS#COMPLETED",
        "TG#math",
        "TG#dp",
        "TK#two",
        "TK#sums",
    ]


@pytest.mark.parametrize("state", sorted(set(ProblemState) - {ProblemState.COMPLETED}))
def test_any_other_problem_is_listed_only_by_its_state(state):
    assert partitions(replace(COMPLETED, state=state)) == [f"PS#{state}"]


def test_entries_are_copies_of_the_card_outside_the_indexes():
    for entry in entries(COMPLETED):
        assert Problem.from_item(entry) == COMPLETED
        assert entry["SK"] == "0000000000005#demo#1"
        assert not {"g1p", "g1s", "g2p", "g2s"} & entry.keys()


def test_the_indexes_name_typed_partitions_and_the_state():
    item = card_item(COMPLETED)
    assert (item["g1p"], item["g1s"]) == ("PL#demo", "COMPLETED#0000000000005#demo#1")
    assert (item["g2p"], item["g2s"]) == ("LG#c", "COMPLETED#0000000000005#demo#1")
    assert "g2p" not in card_item(DRAFT)


def test_a_deleted_problem_leaves_the_indexes():
    assert not {"g1p", "g1s", "g2p", "g2s"} & card_item(DELETED).keys()


def test_a_transaction_holds_the_most_entries_before_and_after():
    title = "".join(chr(0xAC00 + n) for n in range(100))
    tags = tuple(f"t{n}" for n in range(12))
    many = replace(COMPLETED, title=title, tags=tags)
    assert len(entries(many)) == 1 + 12 + 32
    # The card, all entries after, all tags and tokens before, a body, the notes of two test sets.
    assert 1 + 45 + 44 + 1 + 2 <= 100


@given(
    st.text(min_size=1, max_size=200),
    st.lists(st.text(min_size=1, max_size=20), max_size=12),
    st.one_of(st.none(), st.text(max_size=400)),
    st.text(max_size=500),
)
def test_a_checked_card_stays_under_950_bytes_whatever_is_written_later(title, tags, link, reason):
    now = 1_800_000_000_000
    problem = replace(
        DRAFT, title=title, tags=tuple(tags), link=link, created_at=now, updated_at=now
    )
    try:
        check_size(problem)
    except InvalidInput:
        return
    grown = replace(
        problem,
        state=ProblemState.COMPLETED,
        language="javascript",
        test_version=12_345,
        last_test_version=12_345,
        test_count=2000,
        samples="1-3,7",
        revision=999_999,
        deleted_at=problem.created_at,
        state_before_deletion=ProblemState.COMPLETED,
    )
    gone = with_reason(replace(grown, state=ProblemState.DELETED), reason)
    for one in (problem, grown, gone):
        assert all(item_size(entry) <= CARD_BYTES for entry in entries(one))


def test_a_card_that_is_too_large_is_refused():
    with pytest.raises(InvalidInput):
        check_size(replace(DRAFT, link="https://example.org/" + "x" * 800))
