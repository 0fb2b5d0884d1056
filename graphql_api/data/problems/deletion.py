"""The deletion of problems: soft deletion, restoration and permanent removal."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import absent, equals
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict
from graphql_api.data.problems.cards import (
    Decision,
    ProblemCards,
    entry_keys,
    is_unchanged,
    with_reason,
)
from graphql_api.data.problems.parts import belongs_to, is_of
from graphql_api.data.problems.purge_notes import make_note
from graphql_api.data.records import Problem

# A function that gets the problem after a change, and returns further actions for the transaction
# of this change.
Also = Callable[[Problem], Awaitable[Sequence[TransactItem]]]


class ProblemDeletion:
    """The methods of `ProblemStore` that delete and restore problems.

    `pid` is the expected unique id of a problem. If `pid` is None, it is not checked.
    """

    def __init__(self, dynamo: Dynamo, bodies: Bodies, clock: Clock = now_ms) -> None:
        self._dynamo, self._bodies, self._clock = dynamo, bodies, clock
        self._cards = ProblemCards(dynamo, clock)

    async def soft_delete(
        self,
        platform: str,
        number: str,
        reason: str = "",
        *,
        pid: str | None = None,
        also: Also | None = None,
    ) -> Problem:
        """Set a problem to DELETED. A second call has no effect.

        After this call, only the list of deleted problems contains the problem. `reason` is stored
        for the editors. `also` is a function that returns further actions for the transaction, such
        as the creation of a job. Cost: one read and one transaction.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: other requests kept changing the problem.
        """

        async def decide(expected: Problem) -> Decision:
            if expected.state is ProblemState.DELETED:
                return Decision(expected)
            after = replace(
                expected,
                state=ProblemState.DELETED,
                state_before_deletion=expected.state,
                deleted_at=self._clock(),
            )
            return Decision(with_reason(after, reason), await _further(also, after))

        return await self._cards.change(platform, number, decide, pid)

    async def restore(
        self, platform: str, number: str, *, pid: str | None = None, also: Also | None = None
    ) -> Problem:
        """Set a DELETED problem back to its earlier state.

        `also` is as in `soft_delete`. Cost: one read and one transaction.

        Raises:
            NotFound: the problem does not exist, or the problem has another pid.
            Conflict: the problem is not DELETED or is being removed permanently, or other requests
                kept changing the problem.
        """

        async def decide(expected: Problem) -> Decision:
            if expected.state is not ProblemState.DELETED:
                raise Conflict("The problem is not deleted, so it cannot be restored.")
            if expected.state_before_deletion is None:
                raise Conflict(
                    "The problem is being deleted permanently, so it cannot be restored."
                )
            after = replace(
                expected,
                state=expected.state_before_deletion,
                state_before_deletion=None,
                deleted_at=None,
                deleted_reason=None,
            )
            return Decision(after, await _further(also, after))

        return await self._cards.change(platform, number, decide, pid)

    async def delete(
        self, platform: str, number: str, *, pid: str | None = None, also: Also | None = None
    ) -> None:
        """Remove a problem permanently.

        First, one transaction sets the problem to DELETED, in a form that cannot be restored. This
        transaction also contains the actions that `also` returns (see `soft_delete`). Then the
        parts of the problem are removed. The card and the list entries are removed last. After a
        crash, a second call completes the removal.

        A purge note schedules the removal of one version of a test set. The current version gets a
        purge note. While this note exists, another problem with the same name cannot use the
        version number. Purge notes are not removed here, because another request may still be
        writing a test set.

        Raises:
            NotFound: the problem does not exist, or `pid` is given and the problem has another id.
            Conflict: other requests kept changing the problem.
        """
        decide = partial(self._decide_on_removal, also)
        expected = await self._cards.change(platform, number, decide, pid)
        while await self._remove_parts(expected):
            pass
        actions: list[TransactItem] = [
            Delete(keys.problem(platform, number), is_unchanged(expected)),
            *map(Delete, entry_keys(expected)),
        ]
        if expected.legacy_id is not None:
            is_own = equals("pf", platform) & equals("pn", number) & belongs_to(expected.pid)
            actions.append(Delete(keys.legacy_problem(expected.legacy_id), absent() | is_own))
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as error:
            left = await self._dynamo.get(keys.problem(platform, number), consistent=True)
            if is_of(left, expected.id):
                raise Conflict(
                    "The problem was not deleted, because another request changed the problem at "
                    "the same time. Delete the problem again."
                ) from error

    async def _decide_on_removal(self, also: Also | None, expected: Problem) -> Decision:
        """Return the decision that sets a problem to DELETED before its permanent removal.

        The decision also removes the stored state from before the deletion. So the problem cannot
        be restored. If the problem is already in this form, the decision changes nothing.
        """
        now = self._clock()
        after = replace(
            expected,
            state=ProblemState.DELETED,
            state_before_deletion=None,
            deleted_at=expected.deleted_at or now,
        )
        if after == expected:
            return Decision(after)
        further = [*await _further(also, after)]
        if expected.test_version is not None:
            further.append(Put(make_note(expected.key, expected.test_version, now)))
        return Decision(after, further)

    async def _remove_parts(self, problem: Problem) -> int:
        """Remove parts of a problem, and return the number of removed items.

        Another request may have completed the removal and created a new problem with the same name.
        So only the parts with the pid (unique id) of `problem` are removed. Tests are removed
        without this check, because the new problem does not use their version numbers.

        A large test is stored as a manifest and chunks. If the manifest is missing, the chunks are
        not removed here. The sweeper removes them later, with their version of the test set.
        """
        partition = equals("PK", keys.problem_partition(*problem.key))
        tests, others = [], []
        async for item in self._dynamo.query_all(partition, consistent=True):
            if not is_of(item, problem.id) or not _is_part(item):
                continue
            if item["SK"].startswith(keys.TESTS):
                tests.append(item)
            else:
                others.append(Delete(keys.of_item(item), absent() | belongs_to(problem.pid)))
        await remove_items(self._dynamo, self._bodies, tests)
        if others:
            with suppress(TransactionFailed):  # the parts belong to the new problem
                await self._dynamo.transact(others)
        return len(tests) + len(others)


async def _further(also: Also | None, problem: Problem) -> Sequence[TransactItem]:
    return await also(problem) if also else ()


def _is_part(item: Item) -> bool:
    """Return whether an item of a problem's partition is a part of the problem.

    The card is not a part. A purge note (the scheduled removal of tests) is not a part either.
    """
    return item["SK"] != keys.META and not item["SK"].startswith(keys.TEST_PURGES)
