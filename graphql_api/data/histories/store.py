"""Histories as their owners and readers see them: lists, bodies, visibility, removal."""

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
    CardChanged,
    as_seen,
    change_card,
    count_public,
    index_copies,
    no_history,
    refund_of,
)
from graphql_api.data.histories.feed import FeedStore, entry_deletes, entry_puts
from graphql_api.data.histories.results import load_results
from graphql_api.data.records import History, HistoryKey, Results, Totals

# A history has a handful of states: whoever loses this often meets something else than a race.
DECISIONS = 8
HINTS_READY = "READY"


class HistoryStore:
    """The histories of all users; a history is found by its owner's id and its own ULID."""

    def __init__(
        self, dynamo: Dynamo, bodies: Bodies, feed: FeedStore, clock: Clock = now_ms
    ) -> None:
        self._dynamo, self._bodies, self._feed, self._clock = dynamo, bodies, feed, clock

    # Reading

    async def get(self, uid: str, ulid: str, *, consistent: bool = False) -> History | None:
        """Return a history's card: one request, 0.5 read units (1 if consistent)."""
        return _history(await self._dynamo.get(keys.history(uid, ulid), consistent=consistent))

    async def get_many(self, wanted: Sequence[HistoryKey]) -> list[History | None]:
        """Return one entry a (user id, ULID), in order, None where there is none.

        One request for a hundred.
        """
        found = await self._dynamo.batch_get([keys.history(*key) for key in wanted])
        return [History.from_item_or_none(item) for item in found]

    async def code(self, uid: str, ulid: str) -> str | None:
        """Return the code that was submitted: one request."""
        return _text(await self._bodies.get(keys.code_body(uid, ulid)))

    async def codes(self, wanted: Sequence[HistoryKey]) -> list[str | None]:
        """Return one entry a (user id, ULID), in order, None where there is no code."""
        found = await self._bodies.get_many([keys.code_body(*key) for key in wanted])
        return [_text(raw) for raw in found]

    async def results(self, history: History) -> Results | None:
        """Return the results of the attempt that the card names, None until it is COMPLETED."""
        return (await self.results_many([history]))[0]

    async def results_many(self, histories: Sequence[History]) -> list[Results | None]:
        """Return one entry a history, in order, None where it is not COMPLETED: one request."""
        done = [one for one in histories if one.status is HistoryStatus.COMPLETED]
        wanted = [keys.results_body(one.uid, one.ulid, one.attempt) for one in done]
        raws = await self._bodies.get_many(wanted) if wanted else []
        found = {
            (one.uid, one.ulid): load_results(raw)
            for one, raw in zip(done, raws, strict=True)
            if raw is not None
        }
        return [found.get((one.uid, one.ulid)) for one in histories]

    async def hints(self, uid: str, ulid: str) -> list[str] | None:
        """Return the hints, None where there are none: one request."""
        raw = await self._bodies.get(keys.hints_body(uid, ulid))
        return None if raw is None else list(orjson.loads(raw))

    async def put_hints(self, uid: str, ulid: str, hints: Sequence[str]) -> None:
        """Write the hints and mark the card: the body first, then one conditional update.

        Raises:
            NotFound: the history is gone; nothing is left of the hints.
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
        """Return how many executions of a user were judged, removed ones included: one request."""
        return Totals.from_item(await self._dynamo.get(keys.totals(uid)) or {}).executions

    # Visibility

    async def publish(
        self, uid: str, ulid: str, *, problem_public: bool, seen: History | None = None
    ) -> History:
        """Let everyone see a history and, once it is COMPLETED, list it in the feed.

        `problem_public` says that its problem is COMPLETED; otherwise the history becomes public
        without being listed, and publishing it once more later lists it. `seen` saves the read.
        One transaction of 12 write units, and one unit besides for the count of the hour; one unit
        altogether where nothing is listed.

        Raises:
            NotFound: the history is gone.
            Conflict: the user is being deleted.
        """

        def decide(current: History) -> History:
            listed = problem_public and current.status is HistoryStatus.COMPLETED
            if listed and current.feed_id is None:
                return self._feed.listed(current)
            return replace(current, is_public=True)

        return await self._show(uid, ulid, decide, seen)

    async def unpublish(self, uid: str, ulid: str, *, seen: History | None = None) -> History:
        """Hide a history from everyone but its owner; costs what `publish` costs.

        Raises:
            NotFound: the history is gone.
        """

        def decide(current: History) -> History:
            return replace(current, is_public=False, feed_id=None, feed_shard=None)

        return await self._show(uid, ulid, decide, seen)

    async def _show(
        self, uid: str, ulid: str, decide: Callable[[History], History], seen: History | None
    ) -> History:
        before = seen or await self._existing(uid, ulid)
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
        key, condition = keys.history(before.uid, before.ulid), as_seen(before)
        change = Change({"pub": after.is_public, "fid": after.feed_id, "fs": after.feed_shard})
        card = Update(key, change, condition)
        if after.feed_id == before.feed_id:
            try:
                await self._dynamo.update(key, change, condition, returns="NONE")
            except ConditionFailed as error:
                raise CardChanged(error.item) from error
        elif after.feed_id is not None:
            await self._list(card, after)
        else:
            await change_card(
                self._dynamo,
                card,
                *entry_deletes(before),
                if_possible=[count_public(before.uid, -1)],
            )

    async def _list(self, card: Update, after: History) -> None:
        try:
            await change_card(self._dynamo, card, *entry_puts(after), count_public(after.uid, 1))
        except TransactionFailed as failed:
            raise Conflict(
                "The user is being deleted, so the history cannot be published."
            ) from failed

    async def _count_hour(self, before: History, after: History | None) -> None:
        """Count a listing or its end in its hour, after the fact and approximately."""
        was, now = before.feed_id is not None, after is not None and after.feed_id is not None
        if now and after is not None and not was:
            await self._feed.count(after, 1)
        elif was and not now:
            await self._feed.count(before, -1)

    # Removing

    async def delete(self, uid: str, ulid: str, *, seen: History | None = None) -> None:
        """Remove a history with its feed entries, then its bodies; a PENDING one is refunded.

        What a crash leaves of the bodies goes when it is deleted again, or with the user.

        Raises:
            NotFound: there is no such history.
        """
        before = seen or await self.get(uid, ulid, consistent=True)
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
        along: list[TransactItem] = []
        if before.status is HistoryStatus.PENDING:
            along += refund_of(before, self._clock())
        if before.feed_id is not None:
            along.append(count_public(before.uid, -1))
        await change_card(
            self._dynamo,
            Delete(keys.history(before.uid, before.ulid), as_seen(before), index_copies(before)),
            *entry_deletes(before),
            if_possible=along,
        )

    async def _remove_bodies(self, uid: str, ulid: str) -> None:
        found = equals("PK", keys.user_partition(uid))
        found &= begins_with("SK", keys.bodies_prefix(ulid))
        items = [item async for item in self._dynamo.query_all(found, consistent=True)]
        await self._bodies.delete_items(items)

    async def _existing(self, uid: str, ulid: str) -> History:
        history = await self.get(uid, ulid, consistent=True)
        if history is None:
            raise no_history()
        return history

    # Last: its name hides the type from what follows it in the class.

    async def list(
        self,
        uid: str,
        window: PageWindow,
        *,
        platform: str | None = None,
        language: str | None = None,
    ) -> Page[History]:
        """Return a page of a user's histories, newest first; positions are ULIDs.

        One request of 2.5 read units at most for 20 cards. With a filter at most five pages are
        read, and the page may be short with more to come.
        """
        cards = PartitionList(keys.user_partition(uid), prefix="H#")

        def keep(item: Item) -> bool:
            return (platform is None or item.get("pf") == platform) and (
                language is None or item.get("lg") == language
            )

        filtered = platform is not None or language is not None
        found = await read_page(self._dynamo, [cards], window, keep if filtered else None)
        return found.map(History.from_item_or_none)


def _history(item: Item | None) -> History | None:
    return History.from_item(item) if item else None


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode()


def too_contended() -> Conflict:
    return Conflict("Other requests keep changing this history. Nothing was changed; try again.")
