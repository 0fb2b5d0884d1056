"""Versioned test sets of problems. A reader always gets a complete set.

A writer first reserves the next version on the problem's card, and writes the tests under this
version. Then the writer makes the new version the current version of the card, unless another
request has replaced the tests. The reservation also creates a purge note. A purge note schedules
the removal of one version after an hour. The current version is not removed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import structlog

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import BATCH_WRITE_ITEMS, Dynamo, Item
from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    absent,
    at_most,
    begins_with,
    between,
    differs,
    equals,
    exists,
)
from graphql_api.data.dynamo.quarantine import Quarantine
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Delete, Put, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound, Unavailable
from graphql_api.data.limits import MAX_TESTS, MB, TEST_BYTES, TEST_SET_BYTES
from graphql_api.data.packing import DamagedBody
from graphql_api.data.problems import checkers
from graphql_api.data.problems.cards import Decision, check_size, index_keys
from graphql_api.data.problems.parts import belongs_to, owner_of
from graphql_api.data.problems.purge_notes import PurgeNote, make_note, read_note
from graphql_api.data.problems.samples import (
    pack_samples,
)
from graphql_api.data.problems.testcase_ids import id_of, pack_ids, unpack_ids
from graphql_api.data.problems.testset_reader import (
    LENGTH,
    TestSetReader,
    build_test,
    test_key,
)
from graphql_api.data.records import (
    UNREADABLE,
    Checker,
    Problem,
    TestCase,
    TestCaseKey,
    TestId,
    TestSetKey,
)

# This size is far below BatchWriteItem's limit of 16 MB, so that DynamoDB can write a batch within
# the read time-out.
BATCH_BYTES = 2 * 1024 * 1024
CLAIM_ATTEMPTS = 8

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTest:
    """A test that is written as part of a new version of a test set.

    `added` says where the test was first added. None means that the test is new in this version.
    """

    input: bytes
    output: bytes
    is_sample: bool = False
    added: TestId | None = None


class JudgingSet(NamedTuple):
    """The data that a worker needs to judge submissions to a problem.

    `checker` is None if the problem's comparer does not use a checker.
    """

    problem: Problem
    tests: list[TestCase]
    checker: Checker | None


class TestSetStore(TestSetReader):
    """The store of the test sets of all problems."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        super().__init__(dynamo, bodies, clock)
        self.quarantine = Quarantine(dynamo, clock)

    # Writing

    async def replace(
        self, platform: str, number: str, tests: Sequence[NewTest], *, pid: str | None = None
    ) -> Problem:
        """Replace the test set of a problem by a new version.

        `pid` is the expected unique id of the problem. If `pid` is None, it is not checked.

        Cost: one read and one transaction to reserve a version, batched writes of all tests of the
        set, and one read and one transaction to make the set the current set.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is deleted, or another request changed the set.
            InvalidInput: a test or the whole set is too large. If one test is too large, `path`
                contains the index of the test.
        """
        _check(tests)
        expected, version = await self._claim(platform, number, pid)
        return await self._write(expected, version, tests)

    async def add(
        self, platform: str, number: str, tests: Sequence[NewTest], *, pid: str | None = None
    ) -> Problem:
        """Append tests to the set of a problem. This creates a new version of the set.

        The cost and the errors are the same as in `replace`.
        """
        _check(tests)
        expected, version = await self._claim(platform, number, pid)
        return await self._write(expected, version, [*await self._current(expected), *tests])

    async def delete(self, key: TestCaseKey) -> Problem:
        """Remove one test. This creates a new version of the set.

        The numbers of all later tests decrease by 1. The cost and all other errors are the same as
        in `replace`.

        Raises:
            NotFound: the problem does not exist, or its current set does not contain the test.
        """
        expected, version = await self._claim(*key.problem_id)
        tests = await self._current(expected)
        remaining = [test for test in tests if test.added != key.test_id]
        if len(remaining) == len(tests):
            raise NotFound(
                "The problem does not contain this test case any more. Read the test cases again."
            )
        return await self._write(expected, version, remaining)

    async def _claim(
        self, platform: str, number: str, pid: str | None = None
    ) -> tuple[Problem, int]:
        """Reserve the next version of the test set.

        Return the problem's card as it was before the reservation, and the reserved version.
        """
        skipped = 0
        for _ in range(CLAIM_ATTEMPTS):
            expected = await self._cards.read(platform, number, pid)
            _refuse_deleted(expected)
            version = expected.last_test_version + 1 + skipped
            unchanged = equals("tnv", expected.last_test_version) & _not_deleted()
            unchanged &= belongs_to(expected.pid)
            claim = Update(
                keys.problem(platform, number),
                Change({"tnv": version}),
                exists() & unchanged,
                index_copies=len(index_keys(expected)) // 2,
            )
            note = Put(make_note(expected.key, version, self._clock()), absent())
            try:
                await self._dynamo.transact([claim, note])
            except TransactionFailed as error:
                # If this version has a purge note, try the next version. For example, the note can
                # belong to a removed problem with the same name.
                skipped += error.reasons[1] is not None
                continue
            return expected, version
        raise Conflict(
            "Your change was not saved, because other requests changed the tests of this problem "
            "at the same time. Try again."
        )

    async def _current(self, problem: Problem) -> list[NewTest]:
        if problem.test_version is None:
            return []
        name = problem.platform, problem.number
        tests = await self.load(*name, problem.test_version, problem.test_count, consistent=True)
        return [
            NewTest(
                input=test.input,
                output=test.output,
                is_sample=test.is_sample,
                added=id_of(test, problem.test_version),
            )
            for test in tests
        ]

    async def _write(self, expected: Problem, version: int, tests: Sequence[NewTest]) -> Problem:
        try:
            _check(tests)
            flipped = check_size(
                replace(
                    expected,
                    test_version=version,
                    test_count=len(tests),
                    samples=pack_samples([test.is_sample for test in tests]),
                )
            )
            await self._write_items(flipped, version, tests)
            return await self._flip(expected, flipped)
        except (Conflict, InvalidInput, NotFound):
            # The version has never been current, so no reader uses it and it can be removed now.
            # After a crash, the sweeper removes the version, because of the purge note.
            with suppress(Unavailable):
                await self.purge(expected.platform, expected.number, version)
            raise

    async def _write_items(self, problem: Problem, version: int, tests: Sequence[NewTest]) -> None:
        batch = _id_items(problem, version, tests)
        size = sum(map(item_size, batch))
        for number, test in enumerate(tests, 1):
            for item in await self._items(problem, version, number, test):
                batch.append(item)
                size += item_size(item)
                if size >= BATCH_BYTES or len(batch) == BATCH_WRITE_ITEMS:
                    await self._dynamo.batch_write(puts=batch)
                    batch, size = [], 0
        await self._dynamo.batch_write(puts=batch)

    async def _items(
        self, problem: Problem, version: int, number: int, test: NewTest
    ) -> list[Item]:
        key = test_key(problem.platform, problem.number, version, number)
        raw = LENGTH.pack(len(test.input)) + test.input + test.output
        extra = {"tp": TestCase.entity, "no": number, "sm": test.is_sample, **owner_of(problem)}
        if test.added is not None:
            extra["id"] = f"{test.added.version}.{test.added.number}"
        return await self._bodies.items(key, raw, extra)

    async def _flip(self, expected: Problem, flipped: Problem) -> Problem:
        """Make a new version of the test set the current version. Its tests are already stored.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is deleted, another request has replaced the tests, the writing of
                the tests took too long, or other requests kept changing the problem.
        """
        name = expected.platform, expected.number
        assert flipped.test_version is not None
        own_note = keys.case_purge(*name, flipped.test_version)
        others: list[Put | Delete] = [Delete(own_note, exists() & absent("pg"), index_copies=1)]
        if expected.test_version is not None:
            others.append(Put(make_note(expected.key, expected.test_version, self._clock())))

        async def decide(card: Problem) -> Decision:
            _refuse_deleted(card)
            if (card.test_version, card.test_count) != (expected.test_version, expected.test_count):
                raise Conflict(
                    "Another request has replaced the tests. Read the problem again and retry."
                )
            after = replace(
                card,
                test_version=flipped.test_version,
                test_count=flipped.test_count,
                samples=flipped.samples,
            )
            return Decision(after, others)

        try:
            return await self._cards.change(*name, decide, expected.pid)
        except TransactionFailed as error:
            raise Conflict(
                "The tests were not saved, because saving them took too long. Send the tests again."
            ) from error

    # Reading

    async def with_problem(
        self,
        platform: str,
        number: str,
        *,
        consistent: bool = False,
        newest: Problem | None = None,
    ) -> JudgingSet | None:
        """Return a problem in any state, with its tests in order and its checker.

        Return None if the problem does not exist. `newest` is the problem as the caller has read it
        with strong consistency, or None. The data is read again with strong consistency if the
        problem is missing or older than `newest`, a test is missing, or the checker does not belong
        to the problem's current state.

        Cost: one request per MB, and 0.5 read units per 4 KB (1 read unit per 4 KB if consistent).

        Raises:
            Unavailable: after the second read, the tests or the checker are still incomplete.
        """
        partition = equals("PK", keys.problem_partition(platform, number))
        everything = partition & between("SK", keys.META, "T~")
        is_missing = False
        for strongly in (consistent, True):
            items = [item async for item in self._dynamo.query_all(everything, consistent=strongly)]
            is_missing = not items or items[0]["SK"] != keys.META
            if is_missing:
                continue
            problem = Problem.from_item(items[0])
            tests = await self._assemble(items[1:], problem.test_version)
            checker = await self._checker(items[1:])
            is_right = problem.checker_hash == (checker and checkers.digest_of(checker))
            is_complete = tests is not None and len(tests) == problem.test_count and is_right
            if tests is not None and is_complete and (strongly or _is_at_least(problem, newest)):
                return JudgingSet(problem, tests, checker)
        if is_missing:
            return None
        raise Unavailable(
            "The code cannot be judged now, because the stored tests or the stored checker of the "
            "problem are incomplete. Try again later."
        )

    async def _checker(self, items: Sequence[Item]) -> Checker | None:
        manifests = [item for item in items if item["SK"] == keys.CHECKER]
        return checkers.load(await self._bodies.of_manifest(manifests[0])) if manifests else None

    async def load(
        self, platform: str, number: str, version: int, count: int, *, consistent: bool = False
    ) -> list[TestCase]:
        """Return all tests of one version, in order.

        `count` is the expected number of tests. The cost is the same as in `with_problem`.

        Raises:
            Conflict: the version does not exist, or its number of tests differs from `count`. Read
                the problem again.
        """
        one_set = begins_with("SK", _set_prefix(version))
        for strongly in (consistent, True):
            tests = await self._assemble(
                await self._read(platform, number, one_set, strongly=strongly), version
            )
            if tests is not None and len(tests) == count:
                return tests
        raise Conflict("This version of the test set no longer exists. Read the problem again.")

    async def identities(self, sets: Sequence[TestSetKey]) -> list[list[TestId]]:
        """Return one list of test identities per set, in the order of `sets`.

        A set is one version of a problem's tests. An identity contains the version in which the
        test was added, and the number of the test in that version. If all tests of a set were added
        in the version of the set, the identities are not stored, and the list is empty. Cost: one
        request per 100 sets. Missing items are read a second time.
        """
        items = await self._dynamo.batch_get([keys.case_ids(*key) for key in sets], recheck=True)
        return [_read_ids(item) if item else [] for item in items]

    async def _read(
        self, platform: str, number: str, sorts: Condition, *, strongly: bool
    ) -> list[Item]:
        condition = equals("PK", keys.problem_partition(platform, number)) & sorts
        return [item async for item in self._dynamo.query_all(condition, consistent=strongly)]

    async def _assemble(self, items: Sequence[Item], version: int | None) -> list[TestCase] | None:
        """Build the tests of a version from their items. Return None if a test is incomplete."""
        prefix = _set_prefix(version or 0)
        items_by_test: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if item["SK"].startswith(prefix):
                items_by_test[item["SK"][: len(prefix) + 5]].append(item)
        try:
            bodies = await asyncio.gather(*map(self._bodies.join, items_by_test.values()))
        except (DamagedBody, ValueError):
            return None
        return [
            build_test(group[0], raw)
            for group, raw in zip(items_by_test.values(), bodies, strict=True)
        ]

    # Removing old and abandoned sets

    async def due(self, shard: int, now: int, limit: int = 100) -> list[PurgeNote]:
        """Return at most `limit` due purge notes of one shard. Cost: one request.

        A purge note schedules the removal of one version of a test set. `now` is the current time
        (epoch ms). Notes that this version of the program cannot read are moved into quarantine.
        """
        overdue = equals("g2p", keys.purge_partition(shard)) & at_most("g2s", keys.due_sort(now))
        page = await self._dynamo.query(overdue, index="GSI2", limit=limit)
        return await self.quarantine.read_all(page.items, read_note)

    async def purge(self, platform: str, number: str, version: int) -> bool:
        """Remove one version of a test set, unless it is the current version.

        First, the purge note (the scheduled removal) of the version is marked, so that no writer
        can make the version current. The purge note is removed last. Return False if the version
        has no purge note. In this case, the version is the current version or was already removed.
        So a second call has no effect.
        """
        note = keys.case_purge(platform, number, version)
        try:
            await self._dynamo.update(note, Change({"pg": True}), exists())
        except ConditionFailed:
            return False
        card = await self._dynamo.get(keys.problem(platform, number), consistent=True)
        if card is None or card.get("tcv") != version:
            one_set = begins_with("SK", _set_prefix(version))
            items = await self._read(platform, number, one_set, strongly=True)
            await remove_items(self._dynamo, self._bodies, items)
            await self._dynamo.delete(keys.case_ids(platform, number, version))
        await self._dynamo.delete(note)
        return True

    async def purge_due(self, now: int) -> int:
        """Remove the old versions of test sets whose scheduled removal is due.

        Return the number of versions processed. If the removal of a version fails, the error is
        logged, and the next call tries again. `now` is the current time (epoch ms). Cost: one
        request per shard, and the requests of each removal.
        """
        notes = [note for shard in range(keys.DUE_SHARDS) for note in await self.due(shard, now)]
        return sum([await self._try_purge(note) for note in notes])

    async def _try_purge(self, note: PurgeNote) -> bool:
        try:
            return await self.purge(note.platform, note.number, note.version)
        except Exception:  # noqa: BLE001 - one failure must not block the others
            _log.exception(
                "The tests of an old version were not removed. The next sweep tries again.",
                **asdict(note),
            )
            return False


def _id_items(problem: Problem, version: int, tests: Sequence[NewTest]) -> list[Item]:
    """Return a list with one item, which contains the identities of all tests of a version.

    Return an empty list if all tests are new in this version.
    """
    if all(test.added is None for test in tests):
        return []
    text = pack_ids(test.added or TestId(version, number) for number, test in enumerate(tests, 1))
    key = keys.case_ids(problem.platform, problem.number, version)
    return [{**key, "v": 1, "tp": "testids", "ids": text, **owner_of(problem)}]


def _read_ids(item: Item) -> list[TestId]:
    """Return the list of test identities that an item contains.

    If the item cannot be read, log the error and return an empty list.
    """
    try:
        return unpack_ids(item["ids"])
    except UNREADABLE:
        _log.exception("The identities of a test set cannot be read.", PK=item["PK"], SK=item["SK"])
        return []


def _set_prefix(version: int) -> str:
    return f"T#{version:05d}#"


def _is_at_least(problem: Problem, newest: Problem | None) -> bool:
    """Return whether `problem` is at least as new as `newest`. None is older than every problem."""
    if newest is None:
        return True
    is_same = (problem.id, problem.created_at) == (newest.id, newest.created_at)
    return is_same and problem.revision >= newest.revision


def _not_deleted() -> Condition:
    return differs("st", str(ProblemState.DELETED))


def _refuse_deleted(problem: Problem) -> None:
    if problem.state is ProblemState.DELETED:
        raise Conflict(
            "The problem is deleted, so its tests cannot be changed. Restore the problem first."
        )


def _check(tests: Sequence[NewTest]) -> None:
    if len(tests) > MAX_TESTS:
        raise InvalidInput(
            f"A problem can have at most {MAX_TESTS} tests. Send fewer `testCases`.",
            ("testCases",),
        )
    sizes = [len(test.input) + len(test.output) for test in tests]
    for index, size in enumerate(sizes):
        if size > TEST_BYTES:
            raise InvalidInput(
                f"`input` and `output` of a test must be at most {TEST_BYTES // MB} MB in total.",
                ("testCases", str(index)),
            )
    if sum(sizes) > TEST_SET_BYTES:
        raise InvalidInput(
            f"The tests of a problem must be at most {TEST_SET_BYTES // MB} MB in total. "
            "Send fewer or smaller `testCases`.",
            ("testCases",),
        )
