"""The rules of inputs."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.data.errors import InvalidInput
from graphql_api.resolvers import validation as v


@pytest.mark.parametrize(
    ("check", "good", "found"),
    [
        (v.title, "  A  ", "A"),
        (v.title, "é" * 200, "é" * 200),
        (v.code, " x ", " x "),
        (v.code, "x" * 256 * 1024, "x" * 256 * 1024),
        (v.platform, "baekjoon", "baekjoon"),
        (v.number, "1000-A_b.c", "1000-A_b.c"),
        (v.tags, ["B", "a", "b"], ("b", "a")),
        (v.url, "https://example.org/x?y=1", "https://example.org/x?y=1"),
        (v.email, " Ann@Example.org ", "Ann@Example.org"),
        (partial(v.plan_key, field="key"), "pro-1", "pro-1"),
        (v.idempotency_key, "k" * 128, "k" * 128),
        (v.time_limit_ms, 50, 50),
        (v.memory_limit_kb, 4096, 4096),
    ],
)
def test_what_keeps_the_rules_passes(check: Callable[[Any], Any], good: Any, found: Any) -> None:
    assert check(good) == found


@pytest.mark.parametrize(
    ("check", "bad", "field"),
    [
        (v.title, "", "title"),
        (v.title, "é" * 201, "title"),
        (v.title, "a\u2028b", "title"),
        (v.code, "\ud800x", "code"),
        (v.code, "x\x00", "code"),
        (v.code, "x" * (256 * 1024 + 1), "code"),
        (v.platform, "a#", "platform"),
        (v.platform, "a" * 41, "platform"),
        (v.number, "1 2", "number"),
        (v.number, "\t", "number"),
        (v.tags, ["x"] + [str(n) for n in range(12)], "tags"),
        (v.tags, [""], "tags"),
        (v.url, "ftp://example.org", "url"),
        (v.url, "https://a b", "url"),
        (v.email, "a@b", "email"),
        (partial(v.plan_key, field="key"), "Pro", "key"),
        (v.idempotency_key, "k" * 129, "idempotencyKey"),
        (v.time_limit_ms, 49, "timeLimitMs"),
        (v.memory_limit_kb, 4 * 1024 * 1024 + 1, "memoryLimitKb"),
    ],
)
def test_what_breaks_a_rule_is_named(check: Callable[[Any], Any], bad: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(bad)
    assert refused.value.path == (field,)


@given(st.text())
def test_a_key_part_never_breaks_a_key(text: str) -> None:
    try:
        found = v.number(text)
    except InvalidInput:
        return
    assert found
    assert not set(found) & set("#:/ \x00\n")
