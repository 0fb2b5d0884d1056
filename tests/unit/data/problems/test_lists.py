from dataclasses import replace

import pytest

from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import InvalidInput
from graphql_api.data.names import normalise_tag
from graphql_api.data.problems.lists import ProblemFilter
from graphql_api.data.records import Problem

PROBLEM = Problem(
    platform="demo",
    number="1",
    title="Shortest path",
    state=ProblemState.COMPLETED,
    tags=("graph", "bfs"),
    language="c",
    created_at=1,
    updated_at=1,
)


@pytest.mark.parametrize(
    ("filters", "partition", "index", "prefix"),
    [
        ({}, "PS#COMPLETED", None, ""),
        ({"platform": "demo"}, "PL#demo", "GSI1", "COMPLETED#"),
        ({"language": "c"}, "LG#c", "GSI2", "COMPLETED#"),
        ({"tag": "BFS"}, "TG#bfs", None, ""),
        ({"search": "a shortest path"}, "TK#shortest", None, ""),
        ({"platform": "demo", "language": "c"}, "LG#c", "GSI2", "COMPLETED#"),
        ({"platform": "demo", "tag": "bfs"}, "TG#bfs", None, ""),
        ({"tag": "bfs", "search": "path"}, "TK#path", None, ""),
        ({"state": ProblemState.DRAFT}, "PS#DRAFT", None, ""),
        ({"state": ProblemState.DRAFT, "platform": "demo"}, "PL#demo", "GSI1", "DRAFT#"),
        ({"state": ProblemState.DRAFT, "tag": "bfs"}, "PS#DRAFT", None, ""),
        ({"state": ProblemState.DRAFT, "search": "path"}, "PS#DRAFT", None, ""),
        ({"state": ProblemState.DELETED}, "PS#DELETED", None, ""),
        ({"state": ProblemState.DELETED, "platform": "demo"}, "PS#DELETED", None, ""),
    ],
)
def test_the_most_selective_list_that_holds_the_state_is_read(filters, partition, index, prefix):
    cards, _ = ProblemFilter.of(**filters).plan()
    assert (cards.partition, cards.index, cards.prefix) == (partition, index, prefix)


@pytest.mark.parametrize(
    "filters",
    [{}, {"platform": "demo"}, {"language": "c"}, {"tag": "bfs"}, {"search": "path"}],
)
def test_what_one_list_serves_is_not_filtered(filters):
    _, keep = ProblemFilter.of(**filters).plan()
    assert keep is None


@pytest.mark.parametrize("state", [ProblemState.COMPLETED, ProblemState.DELETED])
@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"platform": "other"}, False),
        ({"language": "python"}, False),
        ({"language": None}, False),
        ({"title": "Shortest detour"}, False),
    ],
)
def test_what_the_list_leaves_is_filtered(state, change, kept):
    _, keep = ProblemFilter.of(
        state=state, platform="demo", language="c", tag="bfs", search="path shortest"
    ).plan()
    assert keep is not None
    assert keep(replace(PROBLEM, **change).to_item()) is kept


def test_a_deleted_problems_tags_and_words_are_filtered_too():
    _, keep = ProblemFilter.of(state=ProblemState.DELETED, tag="bfs", search="path").plan()
    assert keep is not None
    assert keep(PROBLEM.to_item())
    assert not keep(replace(PROBLEM, tags=()).to_item())
    assert not keep(replace(PROBLEM, title="Detour").to_item())


def test_tags_are_compared_in_lower_case_with_single_spaces():
    assert normalise_tag("  Binary \t SEARCH ") == "binary search"


@pytest.mark.parametrize("tag", ["", "a#b", "a:b", "x" * 51, "한" * 22])
def test_tags_that_cannot_be_kept_are_refused(tag):
    with pytest.raises(InvalidInput):
        normalise_tag(tag)
