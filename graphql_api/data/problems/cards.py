"""The card of a problem, and the list entries of the problem. A list entry is a copy of the card.

The card is the main item of a problem, without texts, tests and checker. One transaction writes the
card and the list entries. Every problem has an entry in the list of its state. A COMPLETED problem
also has an entry for each of its tags and for each word of its title. The entries depend only on
the card. So a program that has read the card can compute the existing entries.
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
from graphql_api.data.problems.parts import belongs_to
from graphql_api.data.problems.titles import tokens
from graphql_api.data.records import Problem
from graphql_api.data.text import shorten, truncate_utf8

CHANGE_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a `decide` function (see `ProblemCards.change`).

    `after` is the new card. `others` contains further actions. They are executed in the transaction
    that writes the card.
    """

    after: Problem
    others: Sequence[TransactItem] = ()


Decide = Callable[[Problem], Awaitable[Decision]]


def index_keys(problem: Problem) -> dict[str, str]:
    """Return the keys of a problem's card in the indexes.

    GSI1 lists the problems by platform, and GSI2 by the language of the solution. A DELETED problem
    is in no index.
    """
    if problem.state is ProblemState.DELETED:
        return {}
    sort = f"{problem.state}#{position(problem)}"
    index = {"g1p": keys.platform_partition(problem.platform), "g1s": sort}
    if problem.language:
        index |= {"g2p": keys.solution_language_partition(problem.language), "g2s": sort}
    return index


def position(problem: Problem) -> str:
    """Return the sort key of a problem, which is the same in all lists of problems."""
    return keys.problem_position(problem.created_at, problem.platform, problem.number)


def is_unchanged(problem: Problem) -> Condition:
    """Require that the stored card is the card of `problem`, in the same revision.

    The creation times are also compared, because a problem that an earlier version of this program
    created has no pid.
    """
    same = belongs_to(problem.pid) & equals("ca", problem.created_at)
    return same & equals("rev", problem.revision)


def card_item(problem: Problem) -> Item:
    """Convert a problem to its main item (the card), including the index keys."""
    key = keys.problem(problem.platform, problem.number)
    return {**key, **index_keys(problem), **problem.to_item()}


def entry_keys(problem: Problem) -> list[keys.Key]:
    """Return the keys of the items that represent a problem in the lists of problems."""
    partitions = [keys.state_partition(problem.state)]
    if problem.state is ProblemState.COMPLETED:
        partitions += map(keys.tag_partition, problem.tags)
        partitions += map(keys.token_partition, tokens(problem.title)[:MAX_TITLE_WORDS])
    sort = position(problem)
    return [{"PK": partition, "SK": sort} for partition in partitions]


def entries(problem: Problem) -> list[Item]:
    """Return the items that represent a problem in the lists of problems, one per list."""
    item = problem.to_item()
    return [{**key, **item} for key in entry_keys(problem)]


def check_size(problem: Problem) -> Problem:
    """Check that later writes have enough space for more fields in the problem's main item.

    Return the problem unchanged.

    Raises:
        InvalidInput: the title, link, tags and language limits are too long in total.
    """
    largest = replace(
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
    excess = _measure_listed_size(largest) - CARD_BYTES
    if excess > 0:
        raise InvalidInput(
            f"`title`, `url`, `tags` and `languageLimits` are together {excess} bytes too long. "
            "Shorten at least one of these fields.",
            ("title",),
        )
    return problem


def with_reason(problem: Problem, reason: str) -> Problem:
    """Return a copy of the problem with the reason for its deletion.

    A long reason is truncated.
    """
    room = CARD_BYTES - _measure_listed_size(replace(problem, deleted_reason=""))
    truncated = truncate_utf8(reason.strip(), max(0, min(room, DELETION_REASON_BYTES)))
    return replace(problem, deleted_reason=truncated or None)


def _measure_listed_size(problem: Problem) -> int:
    """Return the size in bytes of the largest copy of a problem's card (main item).

    The card is copied into lists and indexes.
    """
    item = card_item(problem)
    index_copy = {name: value for name, value in item.items() if name not in {"g2p", "g2s"}}
    return max(item_size(index_copy), *map(item_size, entries(problem)))


class ProblemCards:
    """Reads and changes the cards (main items) of problems.

    Each change requires that the revision of the stored card has not changed since the read.
    """

    def __init__(self, dynamo: Dynamo, clock: Clock = now_ms) -> None:
        self.dynamo, self.clock = dynamo, clock

    async def read(self, platform: str, number: str, pid: str | None = None) -> Problem:
        """Return the card (main item) of a problem.

        Cost: one strongly consistent request of 1 read unit.

        `pid` is the expected unique id of the problem. If `pid` is None, it is not checked.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
        """
        item = await self.dynamo.get(keys.problem(platform, number), consistent=True)
        problem = Problem.from_item(item) if item else None
        if problem is None or pid not in (None, problem.pid):
            raise no_problem(platform, number)
        return problem

    async def change(
        self, platform: str, number: str, decide: Decide, pid: str | None = None
    ) -> Problem:
        """Change the card (main item) of a problem, and the list entries (copies of the card).

        `decide` is called with the stored card. It returns the new card, and further writes for the
        same transaction. If it changes nothing, nothing is written.

        `pid` is the expected unique id of the problem. If `pid` is None, the pid is taken from the
        first read of the card. Cost: one read and one transaction, repeated after a conflict.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: every try was rejected, because other requests changed the card.
            TransactionFailed: the condition of an action in `Decision.others` did not hold.
        """
        for _ in range(CHANGE_ATTEMPTS):
            expected = await self.read(platform, number, pid)
            pid = expected.pid
            decision = await decide(expected)
            if decision.after == expected and not decision.others:
                return expected
            after = replace(decision.after, revision=expected.revision + 1, updated_at=self.clock())
            try:
                await self.dynamo.transact([*_replace_card(expected, after), *decision.others])
            except TransactionFailed as error:
                if error.reasons[0] is None:
                    raise
                continue
            return after
        raise Conflict(
            "Your change was not saved, because other requests changed this problem "
            "at the same time. Try again."
        )


def no_problem(platform: str, number: str) -> NotFound:
    """Return the error for a problem that does not exist or was deleted permanently."""
    return NotFound(
        f"The problem `{shorten(platform)}/{shorten(number)}` does not exist, or the given id "
        "belongs to a deleted problem of the same name. Read the id of the problem again."
    )


def _replace_card(expected: Problem, after: Problem) -> list[TransactItem]:
    """Return the actions that replace the card of a problem, and its copies in lists of problems.

    The action for the card (the main item) comes first.
    """
    new_entries = entries(after)
    kept = {(item["PK"], item["SK"]) for item in new_entries}
    removed = [key for key in entry_keys(expected) if (key["PK"], key["SK"]) not in kept]
    return [_update_card(expected, after), *map(Put, new_entries), *map(Delete, removed)]


def _update_card(expected: Problem, after: Problem) -> Update:
    before, now = card_item(expected), card_item(after)
    changed: dict[str, Any] = {
        name: now.get(name) for name in {*before, *now} if before.get(name) != now.get(name)
    }
    return Update(
        keys.problem(after.platform, after.number),
        Change(changed),
        is_unchanged(expected),
        index_copies=sum(_count_copies(before, now, name) for name in ("g1", "g2")),
    )


def _count_copies(before: Item, now: Item, index: str) -> int:
    """Return how many copies of an item are written or removed in one index when the item changes.

    `before` is the item before the change, and `now` the item after the change. `index` is the
    prefix of the index's key attributes, such as `g1`.
    """
    old = before.get(index + "p"), before.get(index + "s")
    new = now.get(index + "p"), now.get(index + "s")
    listed = sum(1 for key in (old, new) if key[0] is not None)
    return min(1, listed) if old == new else listed
