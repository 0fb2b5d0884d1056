"""Test sets of problems: versioned, so that readers see a whole set or the whole one before it.

A writer claims the next version on the card, writes the set under it, then flips the card to it if
the set that the card named is still the one it had seen. A note, made with the claim, sees to it
that a set which never became current, or is so no more, goes an hour later.
"""

import asyncio
import struct
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Delete, Put, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound, Unavailable
from graphql_api.data.limits import MAX_TESTS, TEST_BYTES, TEST_SET_BYTES
from graphql_api.data.packing import DamagedBody
from graphql_api.data.problems import checkers
from graphql_api.data.problems.cards import Decision, ProblemCards, check_size, index_keys
from graphql_api.data.records import Checker, Problem, TestCase, TestCaseKey

# Workers that began with a set have long ended, and writers have long flipped.
GRACE_MS = 3_600_000
LONGEST_SAMPLES = 40
# Far under BatchWriteItem's 16 MB, and written inside the client's read time-out.
BATCH_BYTES = 2 * 1024 * 1024
CLAIM_ATTEMPTS = 8

# Platform, number, version, test number.

_LENGTH = struct.Struct(">Q")
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTest:
    """One test as a writer gives it; its number is its place in the set, from 1."""

    input: bytes
    output: bytes
    is_sample: bool = False


@dataclass(frozen=True, slots=True)
class PurgeNote:
    """A set that is due to go."""

    platform: str
    number: str
    version: int


class JudgingSet(NamedTuple):
    """All that judging by a problem needs; `checker` is None where its comparer needs none."""

    problem: Problem
    tests: list[TestCase]
    checker: Checker | None


class TestSetStore:
    """The test sets of the table."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._cards = ProblemCards(dynamo, clock)

    # Writing

    async def replace(self, platform: str, number: str, tests: Sequence[NewTest]) -> Problem:
        """Give a problem another set of tests.

        One read and one transaction to claim, the set's size in batches, one read and one
        transaction to flip.

        Raises:
            NotFound: there is no such problem.
            Conflict: it is deleted, or another writer changed the set meanwhile; nothing changed.
            InvalidInput: the set is too large; `path` names the test.
        """
        _check(tests)
        seen, version = await self._claim(platform, number)
        return await self._write(seen, version, tests)

    async def add(self, platform: str, number: str, tests: Sequence[NewTest]) -> Problem:
        """Append tests to a problem's set, as a new version; costs and errors as of `replace`."""
        _check(tests)
        seen, version = await self._claim(platform, number)
        return await self._write(seen, version, [*await self._current(seen), *tests])

    async def delete(
        self, platform: str, number: str, test_number: int, *, of_version: int | None = None
    ) -> Problem:
        """Remove one test, as a new version; those after it move up.

        `of_version` is the set that the number was read in. Costs and errors as of `replace`.

        Raises:
            NotFound: there is no such problem or test.
            Conflict: the current set is another than `of_version`, too.
        """
        seen, version = await self._claim(platform, number)
        if of_version not in (None, seen.test_version):
            raise Conflict("The tests were replaced by another request. Read them again and retry.")
        tests = await self._current(seen)
        if not 1 <= test_number <= len(tests):
            raise NotFound(f"The problem has no test {test_number}.")
        return await self._write(seen, version, tests[: test_number - 1] + tests[test_number:])

    async def _claim(self, platform: str, number: str) -> tuple[Problem, int]:
        """Reserve the next version for this writer; returns the card as it was seen, too."""
        skipped = 0
        for _ in range(CLAIM_ATTEMPTS):
            seen = await self._cards.read(platform, number)
            _refuse_deleted(seen)
            version = seen.last_test_version + 1 + skipped
            unchanged = equals("tnv", seen.last_test_version) & _not_deleted()
            claim = Update(
                keys.problem(platform, number),
                Change({"tnv": version}),
                exists() & unchanged,
                index_copies=len(index_keys(seen)) // 2,
            )
            note = Put(self._note(platform, number, version), absent())
            try:
                await self._dynamo.transact([claim, note])
            except TransactionFailed as error:
                # An earlier problem of this name may have left a set of that version.
                skipped += error.reasons[1] is not None
                continue
            return seen, version
        raise Conflict(
            "Other requests keep changing the tests of this problem. Nothing was "
            "changed; try again."
        )

    def _note(self, platform: str, number: str, version: int) -> Item:
        due = keys.purge_due(keys.problem_partition(platform, number), self._clock() + GRACE_MS)
        note = {"v": 1, "tp": "purge", "pf": platform, "pn": number, "tcv": version}
        return {**keys.case_purge(platform, number, version), **due, **note}

    async def _current(self, problem: Problem) -> list[NewTest]:
        if problem.test_version is None:
            return []
        name = problem.platform, problem.number
        tests = await self.load(*name, problem.test_version, problem.test_count, consistent=True)
        return [
            NewTest(input=test.input, output=test.output, is_sample=test.is_sample)
            for test in tests
        ]

    async def _write(self, seen: Problem, version: int, tests: Sequence[NewTest]) -> Problem:
        try:
            _check(tests)
            flipped = check_size(
                replace(
                    seen,
                    test_version=version,
                    test_count=len(tests),
                    samples=_ranges(tests),
                )
            )
            await self._write_items(flipped, version, tests)
            return await self._flip(seen, flipped)
        except (Conflict, InvalidInput, NotFound):
            # Nobody can have read this version: it goes at once. After a crash its note sees to it.
            with suppress(Unavailable):
                await self.purge(seen.platform, seen.number, version)
            raise

    async def _write_items(self, problem: Problem, version: int, tests: Sequence[NewTest]) -> None:
        batch: list[Item] = []
        size = 0
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
        key = _test_key(problem.platform, problem.number, version, number)
        raw = _LENGTH.pack(len(test.input)) + test.input + test.output
        return await self._bodies.items(
            key, raw, {"tp": TestCase.entity, "no": number, "sm": test.is_sample}
        )

    async def _flip(self, seen: Problem, flipped: Problem) -> Problem:
        """Make a written version the current one, if the set is still the one that was seen."""
        name = seen.platform, seen.number
        assert flipped.test_version is not None
        mine = keys.case_purge(*name, flipped.test_version)
        others: list[Put | Delete] = [Delete(mine, exists() & absent("pg"), index_copies=1)]
        if seen.test_version is not None:
            others.append(Put(self._note(*name, seen.test_version)))

        async def decide(card: Problem) -> Decision:
            _refuse_deleted(card)
            if (card.test_version, card.test_count) != (seen.test_version, seen.test_count):
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
            return await self._cards.change(*name, decide)
        except TransactionFailed as error:
            raise Conflict(
                "Saving the tests took too long, so they were not saved. Send them again."
            ) from error

    # Reading

    async def with_problem(
        self, platform: str, number: str, *, consistent: bool = False
    ) -> JudgingSet | None:
        """Return a problem, in whatever state, with tests in order and checker; None if not there.

        One request for each MB, ceil(size / 4 KB) / 2 read units (twice that if consistent); read
        again, strongly, when the set is not whole, or the checker another than the card's.

        Raises:
            Unavailable: so it is at the second look, too.
        """
        partition = equals("PK", keys.problem_partition(platform, number))
        everything = partition & between("SK", keys.META, "T~")
        for strongly in (consistent, True):
            items = [item async for item in self._dynamo.query_all(everything, consistent=strongly)]
            if not items or items[0]["SK"] != keys.META:
                return None
            problem = Problem.from_item(items[0])
            tests = await self._assemble(items[1:], problem.test_version)
            checker = await self._checker(items[1:])
            is_right = problem.checker_hash == (checker and checkers.digest_of(checker))
            if tests is not None and len(tests) == problem.test_count and is_right:
                return JudgingSet(problem, tests, checker)
        raise Unavailable(
            "The tests or the checker of the problem are incomplete. Try again later."
        )

    async def _checker(self, items: Sequence[Item]) -> Checker | None:
        manifests = [item for item in items if item["SK"] == keys.CHECKER]
        return checkers.load(await self._bodies.of_manifest(manifests[0])) if manifests else None

    async def load(
        self, platform: str, number: str, version: int, count: int, *, consistent: bool = False
    ) -> list[TestCase]:
        """Return one version's tests in order: one request for each MB, as of `with_problem`.

        Raises:
            Conflict: there is no whole set of that version and count; read the problem again.
        """
        one_set = begins_with("SK", _set_prefix(version))
        for strongly in (consistent, True):
            tests = await self._assemble(
                await self._read(platform, number, one_set, strongly=strongly), version
            )
            if tests is not None and len(tests) == count:
                return tests
        raise Conflict("This version of the test set no longer exists. Read the problem again.")

    async def get_many(self, wanted: Sequence[TestCaseKey]) -> list[TestCase | None]:
        """Return one entry a (platform, number, version, test number), in order.

        None where there is none. One request for a hundred, and what large tests need besides.
        """
        manifests = await self._dynamo.batch_get([_test_key(*name) for name in wanted])
        return list(await asyncio.gather(*map(self._of_manifest, manifests)))

    async def _of_manifest(self, manifest: Item | None) -> TestCase | None:
        return _test(manifest, await self._bodies.of_manifest(manifest)) if manifest else None

    async def page(
        self,
        platform: str,
        number: str,
        window: PageWindow,
        *,
        samples_only: bool = False,
        problem: Problem | None = None,
    ) -> Page[TestCase]:
        """Return a page of a problem's tests in order; positions are test numbers.

        One request for the card unless `problem` is given, and one for each run of neighbouring
        numbers, of the size of its tests.

        Raises:
            NotFound: there is no such problem.
            Conflict: the set was replaced meanwhile and is gone; read the problem again.
        """
        card = problem or await self._cards.read(platform, number)
        numbers = _numbers(card, samples_only=samples_only)
        wanted = _within(numbers, window)
        version = card.test_version or 0
        runs = [
            between("SK", keys.case_sort(version, first), keys.case_sort(version, last) + "~")
            for first, last in _runs(wanted)
        ]
        parts = await asyncio.gather(
            *(self._read(platform, number, run, strongly=False) for run in runs)
        )
        tests = await self._assemble([item for part in parts for item in part], version)
        if tests is None or len(tests) != len(wanted):
            raise Conflict(
                "The tests were replaced by another request. Read the problem again and retry."
            )
        return Page(
            records=tests,
            positions=[str(number) for number in wanted],
            has_next=bool(wanted) and wanted[-1] < numbers[-1],
            has_previous=bool(wanted) and wanted[0] > numbers[0],
            start=str(wanted[0]) if wanted else None,
            end=str(wanted[-1]) if wanted else None,
        )

    async def _read(
        self, platform: str, number: str, sorts: Condition, *, strongly: bool
    ) -> list[Item]:
        condition = equals("PK", keys.problem_partition(platform, number)) & sorts
        return [item async for item in self._dynamo.query_all(condition, consistent=strongly)]

    async def _assemble(self, items: Sequence[Item], version: int | None) -> list[TestCase] | None:
        """Return the tests of a version among items, None where one is not whole."""
        prefix = _set_prefix(version or 0)
        found: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if item["SK"].startswith(prefix):
                found[item["SK"][: len(prefix) + 5]].append(item)
        try:
            bodies = await asyncio.gather(*map(self._bodies.join, found.values()))
        except (DamagedBody, ValueError):
            return None
        return [_test(group[0], raw) for group, raw in zip(found.values(), bodies, strict=True)]

    # Removing what is not current

    async def due(self, shard: int, now: int, limit: int = 100) -> list[PurgeNote]:
        """Return sets of one of `keys.DUE_SHARDS` shards that may go: one request."""
        overdue = equals("g2p", keys.purge_partition(shard)) & at_most("g2s", keys.due_sort(now))
        page = await self._dynamo.query(overdue, index="GSI2", limit=limit)
        return [PurgeNote(item["pf"], item["pn"], item["tcv"]) for item in page.items]

    async def purge(self, platform: str, number: str, version: int) -> bool:
        """Remove a set that never became current, or is so no more; harmless twice.

        False where the version has no note: it is the current one, or has gone already. The note is
        marked first, after which its writer cannot flip to it any more, and goes last.
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
        await self._dynamo.delete(note)
        return True

    async def purge_due(self, now: int) -> int:
        """Remove all sets that are due, and return how many: one request a shard, and theirs.

        A set that cannot be removed is logged and left to the next time.
        """
        notes = [note for shard in range(keys.DUE_SHARDS) for note in await self.due(shard, now)]
        return sum([await self._purge_noted(note) for note in notes])

    async def _purge_noted(self, note: PurgeNote) -> bool:
        try:
            return await self.purge(note.platform, note.number, note.version)
        except Exception:  # noqa: BLE001 - one that fails must not hold up the others
            _log.exception("test set not removed", **asdict(note))
            return False


def _test_key(platform: str, number: str, version: int, test_number: int) -> keys.Key:
    partition = keys.problem_partition(platform, number)
    return {"PK": partition, "SK": keys.case_sort(version, test_number)}


def _test(manifest: Item, raw: bytes) -> TestCase:
    """Return the test of a manifest and its body: the input's length, the input, the output."""
    (length,) = _LENGTH.unpack_from(raw)
    middle = _LENGTH.size + length
    return TestCase.from_item({**manifest, "i": raw[_LENGTH.size : middle], "o": raw[middle:]})


def _set_prefix(version: int) -> str:
    return f"T#{version:05d}#"


def _not_deleted() -> Condition:
    return differs("st", str(ProblemState.DELETED))


def _refuse_deleted(problem: Problem) -> None:
    if problem.state is ProblemState.DELETED:
        raise Conflict("The problem is deleted. Restore it first.")


def _check(tests: Sequence[NewTest]) -> None:
    if len(tests) > MAX_TESTS:
        raise InvalidInput(
            f"`testCases` must not bring the problem to more than {MAX_TESTS} tests.",
            ("testCases",),
        )
    sizes = [len(test.input) + len(test.output) for test in tests]
    for index, size in enumerate(sizes):
        if size > TEST_BYTES:
            raise InvalidInput(
                f"`input` and `output` of a test must have at most {TEST_BYTES // 2**20} "
                "MB together.",
                ("testCases", str(index)),
            )
    if sum(sizes) > TEST_SET_BYTES:
        raise InvalidInput(
            f"`testCases` must have at most {TEST_SET_BYTES // 2**20} MB together.", ("testCases",)
        )


def _ranges(tests: Sequence[NewTest]) -> str | None:
    """Return the numbers of the samples as `1-3,7`, None where there is none.

    Raises:
        InvalidInput: the text would be too long for a card.
    """
    numbers = [number for number, test in enumerate(tests, 1) if test.is_sample]
    text = ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in _runs(numbers)
    )
    if len(text) > LONGEST_SAMPLES:
        raise InvalidInput(
            "`testCases` has its samples too far apart. Put the samples next to each other.",
            ("testCases",),
        )
    return text or None


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of neighbours in rising numbers."""
    start = 0
    for index, number in enumerate(numbers):
        if index + 1 == len(numbers) or numbers[index + 1] != number + 1:
            yield numbers[start], number
            start = index + 1


def _numbers(problem: Problem, *, samples_only: bool) -> list[int]:
    """Return the numbers of a problem's tests, or of its samples."""
    if not samples_only:
        return list(range(1, problem.test_count + 1))
    found: list[int] = []
    for run in (problem.samples or "").split(","):
        first, _, last = run.partition("-")
        if first:
            found.extend(range(int(first), int(last or first) + 1))
    return found


def _within(numbers: Sequence[int], window: PageWindow) -> list[int]:
    found = [
        number
        for number in numbers
        if (window.after is None or number > int(window.after))
        and (window.before is None or number < int(window.before))
    ]
    return found[-window.size :] if window.from_end else found[: window.size]
