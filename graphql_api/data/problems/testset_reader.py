"""Reads single tests of a set. The memory for one GraphQL operation is limited.

A test that is larger than this memory is returned without its content. A worker has no such
limit and reads a whole set at once (`testsets.py`).
"""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import PIECE, Bodies, chunk_keys, fits, unpacked_size
from graphql_api.data.dynamo.client import Dynamo, Item, QueryPage
from graphql_api.data.dynamo.expressions import Condition, between, equals
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.errors import Conflict
from graphql_api.data.limits import MB
from graphql_api.data.problems.cards import ProblemCards
from graphql_api.data.problems.samples import find_runs, list_numbers, select_numbers
from graphql_api.data.records import Problem, ProblemKey, StoredTest, TestCase

# DynamoDB returns at most this many bytes per query.
QUERY_BYTES = MB
LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class LargeTest:
    """A test without its content, because the content is too large for one operation.

    `size_bytes` is the size of the input and the output together.
    """

    number: int
    is_sample: bool
    added: str | None
    size_bytes: int


def test_key(platform: str, number: str, version: int, test_number: int) -> keys.Key:
    """Return the key of a test's manifest (the main item of the stored test)."""
    partition = keys.problem_partition(platform, number)
    return {"PK": partition, "SK": keys.case_sort(version, test_number)}


def build_test(manifest: Item, raw: bytes) -> TestCase:
    """Build a test from its manifest (the main item of the stored test) and its content.

    `raw` is the content: the length of the input (8 bytes), the input and the output.
    """
    (length,) = LENGTH.unpack_from(raw)
    middle = LENGTH.size + length
    return TestCase.from_item({**manifest, "i": raw[LENGTH.size : middle], "o": raw[middle:]})


def build_large_test(manifest: Item) -> LargeTest:
    """Build a test without its content from its manifest (the main item of the stored test)."""
    return LargeTest(
        number=manifest["no"],
        is_sample=bool(manifest.get("sm")),
        added=manifest.get("id"),
        size_bytes=unpacked_size(manifest) - LENGTH.size,
    )


class TestSetReader:
    """The methods of `TestSetStore` that read single tests."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._cards = ProblemCards(dynamo, clock)

    async def get_many(self, test_keys: Sequence[StoredTest]) -> list[TestCase | LargeTest | None]:
        """Return the tests in the order of `test_keys`.

        The list contains None for each test that is missing or damaged. Cost: one request per 10
        tests in a GraphQL operation, or per 100 tests in other programs. Each test above 300 KB
        (compressed) needs further requests.
        """
        tests: list[TestCase | LargeTest | None] = []
        for batch in self._bodies.batches([test_key(*key) for key in test_keys]):
            for manifest in await self._bodies.get_manifests(batch, recheck=True):
                tests.append(await self._build(manifest) if manifest else None)  # noqa: PERF401 - the other tests must not be in memory yet
        return tests

    async def page(
        self,
        platform: str,
        number: str,
        window: PageWindow,
        *,
        samples_only: bool = False,
        problem: Problem | None = None,
    ) -> Page[TestCase | LargeTest]:
        """Return a page of a problem's tests, in order.

        The position of a test in the list is the test number. If the caller has already read the
        problem, it passes the problem as `problem`. Otherwise this method reads the problem first.
        Cost: one request for each group of consecutive test numbers on the page. The read units
        depend on the compressed size of these tests.

        Raises:
            NotFound: the problem does not exist.
            Conflict: another request replaced the set. Read the problem again.
        """
        card = problem or await self._cards.read(platform, number)
        numbers = list_numbers(card, samples_only=samples_only)
        wanted = select_numbers(numbers, window)
        version = card.test_version or 0
        tests = await self.read(card.key, version, wanted)
        page = Page(
            records=tests,
            positions=[str(number) for number in wanted],
            has_next=bool(wanted) and wanted[-1] < numbers[-1],
            has_previous=bool(wanted) and wanted[0] > numbers[0],
            start=str(wanted[0]) if wanted else None,
            end=str(wanted[-1]) if wanted else None,
        )
        return page.map(lambda test: test)

    async def read(
        self, problem: ProblemKey, version: int, numbers: Sequence[int]
    ) -> list[TestCase | LargeTest | None]:
        """Return the tests with these numbers from one version of a set, in the order of `numbers`.

        The list contains None for each damaged test. Missing tests are read again with strong
        consistency. Cost: one request for each run of consecutive numbers, and one more request for
        each further MB of the tests.

        Raises:
            Conflict: another request has replaced the set.
        """
        for strongly in (False, True):
            parts = await asyncio.gather(
                *(self._read_run(problem, version, run, strongly) for run in find_runs(numbers))
            )
            tests = [test for part in parts for test in part]
            if len(tests) == len(numbers) and (strongly or None not in tests):
                return tests
        raise Conflict(
            "The tests were replaced by another request. Read the problem again and retry."
        )

    async def _read_run(
        self,
        problem: ProblemKey,
        version: int,
        run: tuple[int, int],
        strongly: bool,  # noqa: FBT001 - an option of `read`
    ) -> list[TestCase | LargeTest | None]:
        first, last = (keys.case_sort(version, number) for number in run)
        partition = keys.problem_partition(*problem)
        condition = equals("PK", partition) & between("SK", first, last + "~")
        tests: list[TestCase | LargeTest | None] = []
        items: list[Item] = []
        start: keys.Key | None = None
        while True:
            page = await self._query(condition, start, strongly=strongly)
            for item in page.items:
                if item.get("tp") != PIECE and items:
                    tests.append(await self._build(items[0], items))
                    items = []
                items += [item] if items or item.get("tp") != PIECE else []
            start = _find_start(items, page.last_key)
            if start is None:
                return [*tests, await self._build(items[0], items)] if items else tests

    async def _query(
        self, condition: Condition, start: keys.Key | None, *, strongly: bool
    ) -> QueryPage:
        async def read() -> QueryPage:
            async with self._bodies.reading(QUERY_BYTES):
                return await self._dynamo.query(condition, start=start, consistent=strongly)

        return await self._bodies.admit(read, _manifests_of)

    async def _build(
        self, manifest: Item, items: Sequence[Item] = ()
    ) -> TestCase | LargeTest | None:
        """Build a test from its manifest (main item). Return None if the test is damaged.

        If the caller has read all items of the test, it passes them as `items`.
        """
        if not fits(manifest):
            return build_large_test(manifest)
        return await self._bodies.load_or_none(manifest, partial(build_test, manifest), items)


def _manifests_of(page: QueryPage) -> list[Item]:
    return [item for item in page.items if item.get("tp") != PIECE]


def _find_start(items: Sequence[Item], last_key: keys.Key | None) -> keys.Key | None:
    """Return the key after which the next page of the query starts, or None if no page follows.

    `last_key` is the key at which the current page has ended, or None for the last page. `items`
    are the items of the last test on the current page. If this test is too large for the operation,
    the next page starts after the chunks of the test.
    """
    if last_key is None or not items or fits(items[0]):
        return last_key
    return max([last_key, *chunk_keys(items[0])], key=lambda key: key["SK"])
