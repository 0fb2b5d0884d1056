"""A problem's card and the copies of it that lists read, written together.

Every problem stands under its state; while COMPLETED also under each tag and each word of its
title. These entries are a function of the card, so a write knows from the card it has seen which of
them there are.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, Condition, equals
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem, Update
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.dynamo.values import item_size
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.limits import CARD_BYTES, DELETION_REASON_BYTES, MAX_TITLE_WORDS
from graphql_api.data.problems.titles import tokens
from graphql_api.data.records import Problem
from graphql_api.data.text import shorten, truncate_utf8

CHANGE_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Decision:
    """What to make of a card that was read: the card after it, and what else to write with it."""

    after: Problem
    others: Sequence[TransactItem] = ()


Decide = Callable[[Problem], Awaitable[Decision]]


def index_keys(problem: Problem) -> dict[str, str]:
    """Return the keys under which the indexes list a problem; none once it is deleted."""
    if problem.state is ProblemState.DELETED:
        return {}
    sort = f"{problem.state}#{position(problem)}"
    found = {"g1p": keys.platform_partition(problem.platform), "g1s": sort}
    if problem.language:
        found |= {"g2p": keys.solution_language_partition(problem.language), "g2s": sort}
    return found


def position(problem: Problem) -> str:
    """Return a problem's place in every list."""
    return keys.problem_position(problem.created_at, problem.platform, problem.number)


def is_unchanged(problem: Problem) -> Condition:
    """Return the condition that a card is the one that was read, and not a later problem's."""
    return equals("rev", problem.revision) & equals("ca", problem.created_at)


def card_item(problem: Problem) -> Item:
    """Return the item of a card with its index keys."""
    key = keys.problem(problem.platform, problem.number)
    return {**key, **index_keys(problem), **problem.to_item()}


def entry_keys(problem: Problem) -> list[keys.Key]:
    """Return the keys of the copies that a problem in this state has."""
    partitions = [keys.state_partition(problem.state)]
    if problem.state is ProblemState.COMPLETED:
        partitions += map(keys.tag_partition, problem.tags)
        partitions += map(keys.token_partition, tokens(problem.title)[:MAX_TITLE_WORDS])
    sort = position(problem)
    return [{"PK": partition, "SK": sort} for partition in partitions]


def entries(problem: Problem) -> list[Item]:
    """Return the copies that a problem in this state has."""
    item = problem.to_item()
    return [{**key, **item} for key in entry_keys(problem)]


def check_size(problem: Problem) -> Problem:
    """Return the problem if its card leaves room for what later writes add to it.

    Raises:
        InvalidInput: title, link, tags and limits of languages together are too long.
    """
    grown = replace(
        problem,
        state=ProblemState.COMPLETED,
        state_before_deletion=ProblemState.COMPLETED,
        deleted_at=problem.created_at,
        language=problem.language or "x" * 16,
        samples=problem.samples or "x" * 12,
        test_version=99_999,
        last_test_version=99_999,
        test_count=99_999,
        revision=999_999,
    )
    excess = _measure_listed_size(grown) - CARD_BYTES
    if excess > 0:
        raise InvalidInput(
            f"`title`, `url`, `tags` and `languageLimits` are together {excess} bytes "
            "too long. Shorten one of them.",
            ("title",),
        )
    return problem


def with_reason(problem: Problem, reason: str) -> Problem:
    """Return the problem with as much of the reason for its deletion as its card has room for."""
    room = CARD_BYTES - _measure_listed_size(replace(problem, deleted_reason=""))
    shown = truncate_utf8(reason.strip(), max(0, min(room, DELETION_REASON_BYTES)))
    return replace(problem, deleted_reason=shown or None)


def _measure_listed_size(problem: Problem) -> int:
    """Return the bytes of the largest copy of a card that a list reads."""
    item = card_item(problem)
    in_index = {name: value for name, value in item.items() if name not in {"g2p", "g2s"}}
    return max(item_size(in_index), *map(item_size, entries(problem)))


class ProblemCards:
    """Reads and changes cards, each change conditioned on the revision that it has seen."""

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self.dynamo, self.clock = dynamo, clock

    async def read(self, platform: str, number: str) -> Problem:
        """Return a card as it is now: one strong request, 1 read unit.

        Raises:
            NotFound: there is no such problem.
        """
        item = await self.dynamo.get(keys.problem(platform, number), consistent=True)
        if item is None:
            raise NotFound(f"There is no problem {shorten(platform)} {shorten(number)}.")
        return Problem.from_item(item)

    async def change(self, platform: str, number: str, decide: Decide) -> Problem:
        """Change a card with its entries: one read, one transaction, again when the card changed.

        `decide` is asked anew with each card that is read; that same card and nothing else to write
        means that all is well already.

        Raises:
            NotFound: there is no such problem.
            Conflict: the card kept changing.
            TransactionFailed: the condition of one of the other actions did not hold.
        """
        for _ in range(CHANGE_ATTEMPTS):
            seen = await self.read(platform, number)
            decision = await decide(seen)
            if decision.after == seen and not decision.others:
                return seen
            after = replace(decision.after, revision=seen.revision + 1, updated_at=self.clock())
            try:
                await self.dynamo.transact([*_rewriting(seen, after), *decision.others])
            except TransactionFailed as error:
                if error.reasons[0] is None:
                    raise
                continue
            return after
        raise Conflict("Other requests keep changing this problem. Nothing was changed; try again.")


def _rewriting(seen: Problem, after: Problem) -> list[TransactItem]:
    """Return what turns a card and its entries into another; the card comes first."""
    kept = entries(after)
    stays = {(item["PK"], item["SK"]) for item in kept}
    gone = [key for key in entry_keys(seen) if (key["PK"], key["SK"]) not in stays]
    return [_card_update(seen, after), *map(Put, kept), *map(Delete, gone)]


def _card_update(seen: Problem, after: Problem) -> Update:
    before, now = card_item(seen), card_item(after)
    changed: dict[str, Any] = {
        name: now.get(name) for name in {*before, *now} if before.get(name) != now.get(name)
    }
    return Update(
        keys.problem(after.platform, after.number),
        Change(changed),
        is_unchanged(seen),
        index_copies=sum(_copies(before, now, name) for name in ("g1", "g2")),
    )


def _copies(before: Item, now: Item, index: str) -> int:
    """Return how many copies in an index a change writes or removes."""
    old = before.get(index + "p"), before.get(index + "s")
    new = now.get(index + "p"), now.get(index + "s")
    listed = sum(1 for key in (old, new) if key[0] is not None)
    return min(1, listed) if old == new else listed
