"""The store of histories: lists, bodies, visibility and removal."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import Change, begins_with, equals, exists
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.transactions import Delete, TransactItem, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import HistoryStatus
from graphql_api.data.errors import Conflict
from graphql_api.data.histories.cards import (
    HINTS_READY,
    CardChanged,
    change_card,
    count_public,
    index_copies,
    is_unchanged,
    no_history,
    refund_of,
)
from graphql_api.data.histories.feed import FeedStore, entry_deletes, entry_puts
from graphql_api.data.histories.results import load_results
from graphql_api.data.limits import KB
from graphql_api.data.records import History, HistoryKey, Results, Totals

# Maximum number of attempts to write while other requests change the history. A history has few
# states, so a higher number of failures is not caused by a race.
DECISIONS = 8
# Memory of the result of one test in an operation, apart from its texts.
RESULT_BYTES = 2 * KB


class HistoryStore:
    """The store of the histories of all users.

    A history is the stored record of an execution. It is identified by its owner's user id (`uid`)
    and its own id (`ulid`).
    """

    def __init__(
        self, dynamo: Dynamo, bodies: Bodies, feed: FeedStore, clock: Clock = now_ms
    ) -> None:
        self._dynamo, self._bodies, self._feed, self._clock = dynamo, bodies, feed, clock

    # Reading

    async def get(self, uid: str, ulid: str, *, consistent: bool = False) -> History | None:
        """Return a history (the stored record of an execution) without code and results.

        Return None if the history does not exist. A missing history is read again with strong
        consistency. Cost: one request of 0.5 read units (1 if consistent).
        """
        key = keys.history(uid, ulid)
        return _history(await self._dynamo.get(key, consistent=consistent, recheck=True))

    async def get_many(self, history_keys: Sequence[HistoryKey]) -> list[History | None]:
        """Return the histories in the order of `history_keys`, without code and results.

        The list contains None for each history that does not exist. Missing histories are read
        again with strong consistency. Cost: ceil(N/100) requests for N keys.
        """
        wanted = [keys.history(*key) for key in history_keys]
        items = await self._dynamo.batch_get(wanted, recheck=True)
        return [History.from_item_or_none(item) for item in items]

    async def code(self, uid: str, ulid: str) -> str | None:
        """Return the submitted code, or None if the execution does not exist.

        Missing code is read again with strong consistency, because a worker sets the execution to
        FAILED if the code is missing. Cost: one request.
        """
        return _text(await self._bodies.get(keys.code_body(uid, ulid), recheck=True))

    async def codes(self, history_keys: Sequence[HistoryKey]) -> list[str | None]:
        """Return the submitted codes in the order of `history_keys`.

        The list contains None for each execution whose code is missing.
        """
        wanted = [keys.code_body(*key) for key in history_keys]
        return await self._bodies.load_many(wanted, bytes.decode, recheck=True)

    async def results(self, history: History) -> Results | None:
        """Return the results of an execution, or None if the execution is not COMPLETED."""
        return (await self.results_many([history]))[0]

    async def results_many(self, histories: Sequence[History]) -> list[Results | None]:
        """Return the results in the order of `histories`.

        The list contains None for each history that is not COMPLETED. Cost: see `Bodies.load_many`.
        """
        completed = [card for card in histories if card.status is HistoryStatus.COMPLETED]
        wanted = [keys.results_body(card.uid, card.ulid, card.attempt) for card in completed]
        await self._bodies.wait_for_memory(RESULT_BYTES * sum(card.total for card in completed))
        found = await self._bodies.load_many(wanted, load_results, recheck=True)
        results = {card.key: results for card, results in zip(completed, found, strict=True)}
        return [results.get(history.key) for history in histories]

    async def hints(self, uid: str, ulid: str) -> list[str] | None:
        """Return the hints of an execution, or None if it has no hints. Cost: one request."""
        raw = await self._bodies.get(keys.hints_body(uid, ulid))
        return None if raw is None else list(orjson.loads(raw))

    async def put_hints(self, uid: str, ulid: str, hints: Sequence[str]) -> None:
        """Write the hints of an execution, and then store that the execution has hints.

        Raises:
            NotFound: the execution was deleted. The written hints are removed.
        """
        manifest = await self._bodies.put(keys.hints_body(uid, ulid), orjson.dumps(list(hints)))
        try:
            await self._dynamo.update(
                keys.history(uid, ulid), Change({"hs": HINTS_READY}), exists(), returns="NONE"
            )
        except ConditionFailed as error:
            await self._bodies.delete_manifests([manifest])
            raise no_history() from error

    async def count(self, uid: str) -> int:
        """Return the number of the user's judged executions. Deleted executions are included.

        Cost: one request.
        """
        return Totals.from_item(await self._dynamo.get(keys.totals(uid)) or {}).executions

    # Visibility

    async def publish(
        self, uid: str, ulid: str, *, problem_public: bool, expected: History | None = None
    ) -> History:
        """Make a history public, and add it to the feed if it and its problem are COMPLETED.

        `problem_public` is True if the problem is COMPLETED. If `problem_public` is False, no feed
        entries are written. A later call with True adds the entries. `expected` is the history that
        the caller has read. If `expected` is None, this method reads the history first.

        Cost: one transaction of 12 write units, and 1 write unit for the hourly counter of
        publications. Without feed entries, the cost is 1 write unit.

        Raises:
            NotFound: the history was deleted.
            Conflict: the user is being deleted.
            Conflict: other requests changed the history during every try.
        """

        def decide(current: History) -> History:
            listed = problem_public and current.status is HistoryStatus.COMPLETED
            if listed and current.feed_id is None:
                return self._feed.assign_position(current)
            return replace(current, is_public=True)

        return await self._set_visibility(uid, ulid, decide, expected)

    async def unpublish(self, uid: str, ulid: str, *, expected: History | None = None) -> History:
        """Make an execution private and remove it from the feed.

        See `publish` for `expected` and the cost.

        Raises:
            NotFound: the execution was deleted.
            Conflict: every try was rejected, because other requests changed the execution.
        """

        def decide(current: History) -> History:
            return replace(
                current, is_public=False, feed_id=None, feed_shard=None, feed_hidden=None
            )

        return await self._set_visibility(uid, ulid, decide, expected)

    async def _set_visibility(
        self, uid: str, ulid: str, decide: Callable[[History], History], expected: History | None
    ) -> History:
        before = expected or await self._read_existing(uid, ulid)
        for _ in range(DECISIONS):
            after = decide(before)
            if after == before:
                return before
            try:
                await self._write_visibility(before, after)
            except CardChanged as changed:
                before = changed.current()
            else:
                await self._count_hour(before, after)
                return after
        raise too_contended()

    async def _write_visibility(self, before: History, after: History) -> None:
        key, condition = keys.history(before.uid, before.ulid), is_unchanged(before)
        item = after.to_item()
        change = Change({name: item.get(name) for name in ("pub", "fid", "fs", "fh")})
        card = Update(key, change, condition)
        if after.feed_id == before.feed_id:
            try:
                await self._dynamo.update(key, change, condition, returns="NONE")
            except ConditionFailed as error:
                raise CardChanged(error.item) from error
        elif after.feed_id is not None:
            await self._publish(card, after)
        else:
            await change_card(
                self._dynamo,
                card,
                *entry_deletes(before),
                if_possible=[count_public(before.uid, -1)],
            )

    async def _publish(self, card: Update, after: History) -> None:
        try:
            await change_card(self._dynamo, card, *entry_puts(after), count_public(after.uid, 1))
        except TransactionFailed as failed:
            raise Conflict(
                "The user is being deleted, so the history cannot be published."
            ) from failed

    async def _count_hour(self, before: History, after: History | None) -> None:
        """Update the hourly counter of publications if the history entered or left the feed."""
        was, now = before.feed_id is not None, after is not None and after.feed_id is not None
        if now and after is not None and not was:
            await self._feed.count(after, 1)
        elif was and not now:
            await self._feed.count(before, -1)

    # Removing

    async def delete(self, uid: str, ulid: str, *, expected: History | None = None) -> None:
        """Remove a history (the stored record of an execution).

        The main item and the feed entries are removed first, then the bodies (code and results). If
        the execution is PENDING, the unit of quota is refunded. `expected` is the history that the
        caller has read. If `expected` is None, this method reads the history first.

        After a crash, some bodies may remain. A second call removes these bodies and raises
        NotFound. The removal of the user also removes them.

        Raises:
            NotFound: the history does not exist.
            Conflict: every try was rejected, because other requests changed the history.
        """
        before = expected or await self.get(uid, ulid, consistent=True)
        for _ in range(DECISIONS):
            if before is None:
                break
            try:
                await self._remove_card(before)
            except CardChanged as changed:
                before = changed.history
            else:
                await self._count_hour(before, None)
                await self._remove_bodies(uid, ulid)
                return
        else:
            raise too_contended()
        await self._remove_bodies(uid, ulid)
        raise no_history()

    async def _remove_card(self, before: History) -> None:
        if_possible: list[TransactItem] = []
        if before.status is HistoryStatus.PENDING:
            if_possible += refund_of(before, self._clock())
        if before.feed_id is not None:
            if_possible.append(count_public(before.uid, -1))
        await change_card(
            self._dynamo,
            Delete(
                keys.history(before.uid, before.ulid), is_unchanged(before), index_copies(before)
            ),
            *entry_deletes(before),
            if_possible=if_possible,
        )

    async def _remove_bodies(self, uid: str, ulid: str) -> None:
        bodies = equals("PK", keys.user_partition(uid))
        bodies &= begins_with("SK", keys.bodies_prefix(ulid))
        items = [item async for item in self._dynamo.query_all(bodies, consistent=True)]
        await self._bodies.delete_items(items)

    async def _read_existing(self, uid: str, ulid: str) -> History:
        history = await self.get(uid, ulid, consistent=True)
        if history is None:
            raise no_history()
        return history

    # This method is last, because its name hides the type `list` from the rest of the class.

    async def list(
        self,
        uid: str,
        window: PageWindow,
        *,
        platform: str | None = None,
        language: str | None = None,
    ) -> Page[History]:
        """Return a page of a user's histories (stored executions), newest first.

        The position of a history in the list is its ULID.

        Cost: one request of at most 2.5 read units for 20 histories. With a filter, at most five
        requests are made. So the page may contain fewer histories than requested although
        `has_next` is True.
        """
        cards = PartitionList(keys.user_partition(uid), prefix="H#")

        def keep(item: Item) -> bool:
            return (platform is None or item.get("pf") == platform) and (
                language is None or item.get("lg") == language
            )

        is_filtered = platform is not None or language is not None
        page = await read_page(self._dynamo, [cards], window, keep if is_filtered else None)
        return page.map(History.from_item_or_none)


def _history(item: Item | None) -> History | None:
    return History.from_item(item) if item else None


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode()


def too_contended() -> Conflict:
    """Return the error for a change that was rejected because of too many other changes."""
    return Conflict(
        "Your change was not saved, because other requests changed this history at the same "
        "time. Try again."
    )
