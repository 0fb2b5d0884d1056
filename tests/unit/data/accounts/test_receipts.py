import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.accounts.receipts import (
    QuotaDebit,
    expiry_s,
    fingerprint,
    is_live,
    neighbour_of,
    quota_exceeded,
    refund_actions,
)
from graphql_api.data.clock import DAY_MS
from graphql_api.data.dynamo.transport import Reason, TransactionFailed
from graphql_api.data.records import Receipt

MIDNIGHT = 1_773_187_200_000  # 2026-03-11T00:00:00Z
NOON = MIDNIGHT + DAY_MS // 2


def debit(limit: int | None = 5, now: int = NOON) -> QuotaDebit:
    receipt = Receipt(
        action="hint", day="20260311", request_hash="h", input_hash="i", created_at=now
    )
    return QuotaDebit("u", receipt, limit)


def refused(**places: dict[str, object] | None) -> TransactionFailed:
    """A transaction of receipt, counter and yesterday that failed at the places named."""
    codes = [
        Reason("ConditionalCheckFailed", places[name]) if name in places else None
        for name in ("receipt", "counter", "yesterday")
    ]
    return TransactionFailed(codes)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_texts_have_different_fingerprints(one: list[str], other: list[str]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) is (one == other)


def test_a_fingerprint_is_short_and_valid_in_a_key() -> None:
    found = fingerprint("k" * 10_000, "\ud800")
    assert len(found) == 20
    assert not set(found) & set("#:/+=")


def test_a_record_lives_ninety_days_to_the_second() -> None:
    item = {"x": expiry_s(NOON)}
    assert is_live(item, NOON + 90 * DAY_MS - 1)
    assert not is_live(item, NOON + 90 * DAY_MS)
    assert is_live({}, NOON)


@pytest.mark.parametrize(
    ("after_ms", "expected"),
    [
        (-1, "20260310"),
        (0, "20260310"),
        (899_999, "20260310"),
        (900_000, None),
        (DAY_MS - 60_001, None),
        (DAY_MS - 60_000, "20260312"),
        (DAY_MS + 1, "20260312"),
    ],
)
def test_the_other_day_matters_after_midnight_and_in_the_last_minute_before_it(
    after_ms: int, expected: str | None
) -> None:
    assert neighbour_of("20260311", MIDNIGHT + after_ms) == expected


@pytest.mark.parametrize("limit", [1, 50, 100_000, None])
def test_taking_costs_four_units_and_six_after_midnight_at_any_limit(limit: int | None) -> None:
    assert sum(action.units() for action in debit(limit).actions()) == 4
    assert sum(action.units() for action in debit(limit, MIDNIGHT).actions()) == 6
    assert sum(action.units() for action in refund_actions("u", "d", "hint", "h", NOON)) == 4


def test_a_limit_is_a_condition_on_the_counter_and_none_is_none() -> None:
    limited, free = debit(5).actions()[1], debit(None).actions()[1]
    condition = limited.render("t")["Update"]["ConditionExpression"]
    assert condition.startswith("attribute_not_exists(#n_hint) OR #n_hint < :")
    assert "ConditionExpression" not in free.render("t")["Update"]


def test_a_limit_of_nothing_has_no_way_round_a_counter_that_is_not_there() -> None:
    update = debit(0).actions()[1].render("t")["Update"]
    assert "attribute_not_exists" not in update["ConditionExpression"]


def test_a_repetition_is_distinguished_from_a_denial_even_if_both_apply() -> None:
    receipt = debit().receipt.to_item()
    both = refused(receipt=receipt, counter={"n_hint": 5})
    assert debit().earlier(both) == debit().receipt
    only = refused(counter={"n_hint": 5})
    assert debit().earlier(only) is None
    denial = debit().denial(only)
    assert denial is not None
    assert (denial.used, denial.limit) == (5, 5)


def test_yesterday_s_receipt_counts_only_after_midnight() -> None:
    failed = refused(yesterday=debit().receipt.to_item())
    assert debit(now=MIDNIGHT).earlier(failed) == debit().receipt
    assert debit(now=NOON).earlier(failed) is None


def test_the_message_says_how_much_was_used_and_when_to_come_back() -> None:
    error = quota_exceeded("execution", "20260311", 50, 50)
    assert error.message == (
        "Daily execution limit exceeded: you have used 50 of 50. The count is reset at "
        "2026-03-12T00:00:00Z. Try again then."
    )
