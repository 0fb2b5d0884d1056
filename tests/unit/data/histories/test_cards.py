from dataclasses import replace

import pytest

from graphql_api.data.dynamo.expressions import Placeholders
from graphql_api.data.enums import HistoryStatus
from graphql_api.data.errors import NotFound
from graphql_api.data.histories.cards import (
    CardChanged,
    count_public,
    index_copies,
    is_unchanged,
    refund_of,
)
from graphql_api.data.records import History

CARD = History(
    uid="01U",
    ulid="01H",
    author_name="Ada",
    platform="baekjoon",
    number="1000",
    title="A + B",
    language="cpp",
    status=HistoryStatus.PENDING,
    created_at=1,
    usage_day="20260311",
    request_hash="hash",
)


def test_what_was_seen_is_status_visibility_publication_and_result() -> None:
    places = Placeholders()
    text = is_unchanged(CARD).render(places)
    assert text == (
        "#st = :0 AND #pub = :1 AND attribute_not_exists(#fid) AND attribute_not_exists(#fh) "
        "AND #att = :2"
    )
    assert places.values == {":0": {"S": "PENDING"}, ":1": {"BOOL": False}, ":2": {"N": "0"}}
    listed = replace(CARD, feed_id="01F")
    assert "#fid = :2" in is_unchanged(listed).render(Placeholders())
    hidden = replace(listed, feed_hidden=True)
    assert "#fh = :3" in is_unchanged(hidden).render(Placeholders())


@pytest.mark.parametrize("status", HistoryStatus)
def test_a_card_is_in_one_index_until_it_ends_without_a_result(status: HistoryStatus) -> None:
    is_over = status in {HistoryStatus.FAILED, HistoryStatus.CANCELLED}
    assert index_copies(replace(CARD, status=status)) == int(not is_over)


def test_a_refund_goes_to_the_receipt_and_day_that_the_card_names() -> None:
    receipt, counter = (action.render("t")["Update"]["Key"] for action in refund_of(CARD, 5))
    assert receipt["SK"] == {"S": "L#20260311#execution#hash"}
    assert counter["SK"] == {"S": "D#20260311"}


def test_a_card_that_names_no_unit_has_nothing_to_give_back() -> None:
    assert refund_of(replace(CARD, request_hash=None), 5) == ()


@pytest.mark.parametrize("step", [1, -1])
def test_a_public_history_is_never_counted_where_there_are_no_totals(step: int) -> None:
    update = count_public("01U", step).render("t")["Update"]
    assert update["ConditionExpression"] in {"attribute_exists(#PK)", "#np >= :1"}


def test_a_card_that_is_gone_is_not_found() -> None:
    with pytest.raises(NotFound):
        CardChanged(None).current()
    assert CardChanged({**CARD.to_item(), "PK": "U#01U"}).current() == CARD
