from dataclasses import replace

from graphql_api.data.enums import HistoryStatus, Verdict
from graphql_api.data.histories.feed import entry_deletes, entry_puts
from graphql_api.data.records import History

CARD = History(
    uid="01U",
    ulid="01H",
    author_name="Ada",
    platform="baekjoon",
    number="1000",
    title="A + B",
    language="cpp",
    status=HistoryStatus.COMPLETED,
    verdict=Verdict.AC,
    is_public=True,
    created_at=1,
    finished_at=2,
    attempt=1,
    claim_token="token",
    usage_day="20260311",
    request_hash="hash",
    message="a message",
    hint_state="READY",
    feed_id="01F",
    feed_shard=3,
)


def test_a_listed_history_has_an_entry_in_each_of_four_lists() -> None:
    keys = [(put.item["PK"], put.item["SK"]) for put in entry_puts(CARD)]
    assert keys == [
        ("F#A#3", "01F"),
        ("F#P:baekjoon#3", "01F"),
        ("F#L:cpp#3", "01F"),
        ("F#PL:baekjoon:cpp#3", "01F"),
    ]


def test_what_removal_deletes_is_what_publication_put() -> None:
    put = [{"PK": one.item["PK"], "SK": one.item["SK"]} for one in entry_puts(CARD)]
    assert [one.key for one in entry_deletes(CARD)] == put


def test_a_history_that_is_not_listed_has_no_entries() -> None:
    unlisted = replace(CARD, feed_id=None, feed_shard=None)
    assert entry_puts(unlisted) == []
    assert entry_deletes(unlisted) == []


def test_an_entry_keeps_what_is_the_worker_s_and_the_quota_s_to_the_card() -> None:
    shown = History.from_item(entry_puts(CARD)[0].item)
    assert shown == replace(
        CARD, claim_token=None, usage_day=None, request_hash=None, message=None, hint_state=None
    )


def test_the_four_entries_cost_eight_units_to_write_and_eight_to_remove() -> None:
    assert sum(put.units() for put in entry_puts(CARD)) == 8
    assert sum(delete.units() for delete in entry_deletes(CARD)) == 8
