from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Placeholders
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.errors import NotFound
from graphql_api.data.histories.cards import (
    CardChanged,
    card_item,
    count_public,
    fit_title,
    index_copies,
    is_unchanged,
    refund_of,
)
from graphql_api.data.histories.feed import entry_puts
from graphql_api.data.limits import AUTHOR_NAME_BYTES, CARD_BYTES, KEY_NAME_BYTES, TITLE_BYTES
from graphql_api.data.records import NO_PID, History
from graphql_api.data.text import truncate_utf8

ULID = "01M7Y86A6PFHHNZ5NC5P8SW17X"
NOW = 1_800_000_000_000

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


@example(title="t" * 300, author="a" * 100, platform="p" * 64, number="n" * 64, pid=ULID)
@given(
    title=st.text(max_size=300),
    author=st.text(max_size=100),
    platform=st.text(min_size=1, max_size=64),
    number=st.text(min_size=1, max_size=64),
    pid=st.sampled_from([NO_PID, ULID]),
)
def test_a_card_stays_under_950_bytes_whatever_is_written_later(
    title: str, author: str, platform: str, number: str, pid: str
) -> None:
    if max(len(platform.encode()), len(number.encode())) > KEY_NAME_BYTES:
        return
    new = replace(
        CARD,
        uid=ULID,
        ulid=ULID,
        title=truncate_utf8(title, TITLE_BYTES),
        author_name=truncate_utf8(author, AUTHOR_NAME_BYTES),
        language="javascript",
        request_hash="h" * 32,
        created_at=NOW,
        pid=pid,
        by_editor=True,
        platform=platform,
        number=number,
    )
    grown = replace(
        fit_title(new),
        status=HistoryStatus.COMPLETED,
        verdict=Verdict.AC,
        is_public=True,
        passed=2000,
        total=2000,
        cpu_ms=100_000,
        peak_kb=4_194_304,
        finished_at=NOW,
        attempt=12,
        feed_id=ULID,
        feed_shard=15,
        test_version=12_345,
        hint_state="READY",
        rejudge_attempt=12,
        rejudged_by=ULID,
        rejudged_at=NOW,
    )
    listed = keys.problem_history(grown.problem_id, ULID)
    entries = [put.item for put in entry_puts(grown)]
    assert len(entries) == 4
    hidden = replace(grown, feed_hidden=True)
    for item in ({**card_item(hidden), **listed}, *entries):
        assert item_size(item) <= CARD_BYTES


def test_a_title_that_fits_is_not_cut() -> None:
    assert fit_title(CARD) == CARD
