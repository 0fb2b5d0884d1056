"""The cache bounded in bytes."""

import random

from graphql_api.schema.byte_cache import ByteCache


def test_the_least_recently_used_entries_make_room() -> None:
    cache: ByteCache[str, int] = ByteCache(100)
    for key in "abcd":
        cache.put(key, ord(key), 25)
    assert cache.get("a") == ord("a")
    cache.put("e", 0, 25)
    assert [key for key in "abcde" if cache.get(key) is not None] == ["a", "c", "d", "e"]
    assert cache.size_bytes == 100


def test_an_entry_of_more_than_a_quarter_displaces_nothing() -> None:
    cache: ByteCache[str, int] = ByteCache(100)
    cache.put("a", 1, 25)
    cache.put("large", 2, 26)
    assert (cache.get("large"), cache.get("a"), cache.size_bytes) == (None, 1, 25)
    cache.put("a", 3, 26)
    assert (cache.get("a"), len(cache), cache.size_bytes) == (None, 0, 0)


def test_an_entry_that_is_replaced_counts_once() -> None:
    cache: ByteCache[str, int] = ByteCache(100)
    cache.put("a", 1, 20)
    cache.put("a", 2, 10)
    assert (cache.get("a"), len(cache), cache.size_bytes) == (2, 1, 10)


def test_the_size_is_the_sum_of_the_entries_after_any_calls() -> None:
    choose = random.Random(20)
    cache: ByteCache[int, int] = ByteCache(1000)
    sizes: dict[int, int] = {}
    for _ in range(5000):
        key, size = choose.randrange(50), choose.randrange(300)
        cache.put(key, size, size)
        sizes[key] = size
        present = [key for key in sizes if cache.get(key) is not None]
        assert cache.size_bytes == sum(sizes[key] for key in present) <= 1000
        assert len(cache) == len(present)
