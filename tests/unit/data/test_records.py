"""Records and items: every field has one attribute, and every format has its number."""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from graphql_api.data import keys, records
from graphql_api.data.enums import Comparer, ProblemState
from graphql_api.data.records import (
    NO_PID,
    PID,
    Problem,
    ProblemId,
    Record,
    UnknownFormat,
    stored,
)

ALL = [
    kind
    for kind in vars(records).values()
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
]
PROBLEM = Problem(
    platform="algoitny",
    number="1",
    title="두 수",
    state=ProblemState.COMPLETED,
    tags=("math", "io"),
    comparer=Comparer.FLOAT,
    created_at=5,
    updated_at=6,
)


def test_a_record_comes_back_from_its_item_as_it_was() -> None:
    assert Problem.from_item(PROBLEM.to_item()) == PROBLEM


def test_a_field_that_is_none_is_not_stored() -> None:
    assert "lnk" not in PROBLEM.to_item()


def test_an_item_written_before_a_field_existed_reads_with_its_default() -> None:
    item = PROBLEM.to_item()
    del item["tl"], item["v"]
    assert Problem.from_item(item).time_limit_ms == 2000


@pytest.mark.parametrize("kind", [kind for kind in ALL if PID in kind.attributes()])
def test_an_item_without_a_pid_has_the_pid_0_which_is_never_stored(kind: type[Record]) -> None:
    (field,) = [field for field in fields(kind) if field.metadata["name"] == PID]  # type: ignore[arg-type]
    assert field.default == NO_PID
    assert PROBLEM.pid == NO_PID
    assert PID not in PROBLEM.to_item()


def test_a_pid_is_stored_and_belongs_to_the_identity_of_a_problem() -> None:
    problem = replace(PROBLEM, pid="01M7Y86A6PFHHNZ5NC5P8SW17X")
    item = problem.to_item()
    assert item[PID] == problem.pid
    assert Problem.from_item(item) == problem
    assert problem.key == PROBLEM.key
    assert problem.id != PROBLEM.id


def test_keys_of_a_problem_without_a_pid_have_the_former_form() -> None:
    former, new = PROBLEM.id, ProblemId(*PROBLEM.key, "01M7")
    assert keys.solved("u", former)["SK"] == "V#algoitny#1"
    assert keys.solved("u", new)["SK"] == "V#algoitny#1#01M7"
    assert keys.problem_histories(former)[0] == "PH#algoitny#1#0"
    assert keys.problem_histories(new)[0] == "PH#algoitny#1#01M7#0"
    assert keys.problem_history(new, "h")["g1p"] in keys.problem_histories(new)


def test_attributes_of_other_code_are_passed_over() -> None:
    assert Problem.from_item({**PROBLEM.to_item(), "later": 1}) == PROBLEM


def test_an_item_of_a_newer_format_is_refused_and_the_message_says_which() -> None:
    with pytest.raises(UnknownFormat, match=r"stored problem has format 9, .* formats up to 1"):
        Problem.from_item({**PROBLEM.to_item(), "v": 9})


@pytest.mark.parametrize(
    "changed", [{"v": 9}, {"st": "GONE"}, {"pf": None, "tg": 7}], ids=["newer", "state", "type"]
)
def test_an_unreadable_item_among_others_is_none_and_logged(changed: dict[str, Any]) -> None:
    with capture_logs() as logs:
        item = {"PK": "P#a#1", "SK": "M", **PROBLEM.to_item(), **changed}
        assert Problem.from_item_or_none(item) is None
    assert [(log["event"], log["PK"], log["SK"]) for log in logs] == [
        ("The item cannot be read, so it is skipped.", "P#a#1", "M")
    ]
    assert Problem.from_item_or_none(None) is None
    assert Problem.from_item_or_none(PROBLEM.to_item()) == PROBLEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown(Record):
    """A record at its third format: the limit was in seconds, and later got another name."""

    entity: ClassVar[str] = "grown"
    format: ClassVar[int] = 3
    upgrades: ClassVar[dict[int, Any]] = {
        1: lambda item: {**item, "old_ms": item["seconds"] * 1000},
        2: lambda item: {**item, "ms": item["old_ms"]},
    }
    limit_ms: int = stored("ms")


@pytest.mark.parametrize(
    "item", [{"v": 1, "seconds": 2}, {"v": 2, "old_ms": 2000}, {"v": 3, "ms": 2000}]
)
def test_an_item_of_any_older_format_is_read_through_its_upgrades(item: dict[str, Any]) -> None:
    assert Grown.from_item(item).limit_ms == 2000


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_no_two_fields_share_an_attribute(kind: type[Record]) -> None:
    names = kind.attributes()
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_attribute_names_are_short_and_no_index_keys(kind: type[Record]) -> None:
    """A page of twenty cards contains every name twenty times."""
    short = [name for name in kind.attributes() if not name.startswith("n_")]
    assert all(len(name) <= 3 for name in short)
    assert not {"PK", "SK", "g1p", "g1s", "g2p", "g2s"} & set(short)
