"""Users: unique e-mail addresses and Google accounts, state, counters and removal."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from graphql_api.data import keys
from graphql_api.data.clock import Clock, now_ms, ulid_at
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import (
    Change,
    Condition,
    absent,
    begins_with,
    differs,
    equals,
    exists,
)
from graphql_api.data.dynamo.pages import Page, PageWindow, PartitionList, read_page
from graphql_api.data.dynamo.removal import remove_items
from graphql_api.data.dynamo.transactions import Delete, Put, TransactItem, Update
from graphql_api.data.dynamo.transport import ConditionFailed, TransactionFailed
from graphql_api.data.enums import Role, UserState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.names import is_same_email, normalise_email, normalise_name, stored_forms
from graphql_api.data.records import Totals, User

FREE_PLAN = "free"
CREATED_AT_ONCE = 8
# A write that began before the user was marked as DELETING may create an item during a pass. After
# two passes in a row without items, all these writes have ended.
EMPTY_PASSES = 2
PAUSE_BETWEEN_PASSES_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The fields of a new user. If `uid` is None, the user gets a new ULID."""

    email: str
    name: str
    google_sub: str | None = None
    plan_id: str = FREE_PLAN
    role: Role = Role.USER
    uid: str | None = None


class HistoryRemover(Protocol):
    """An object that can remove histories, such as `HistoryStore`."""

    async def delete(self, uid: str, ulid: str) -> None:
        """Remove a history with its bodies and feed entries."""


class UserStore:
    """The store of all users.

    One transaction creates the item of a user and the user's counters. It also creates an item
    whose key contains the e-mail address. If the user has a Google account, it creates such an item
    for this account as well. So two users never have the same e-mail address or Google account.
    """

    def __init__(
        self,
        dynamo: Dynamo,
        bodies: Bodies,
        histories: HistoryRemover,
        clock: Clock = now_ms,
    ) -> None:
        self._dynamo, self._bodies, self._histories = dynamo, bodies, histories
        self._clock = clock

    # Creating

    async def create(
        self,
        *,
        email: str,
        name: str,
        google_sub: str | None = None,
        plan_id: str = FREE_PLAN,
        role: Role = Role.USER,
        uid: str | None = None,
    ) -> User:
        """Create a user. Cost: one transaction of 7 write units (9 with a Google account).

        Raises:
            Conflict: another user has the e-mail address, the Google account or the id.
            InvalidInput: the e-mail address or the name is not valid.
        """
        now = self._clock()
        user = User(
            uid=keys.part(uid, "uid") if uid else ulid_at(now),
            email=normalise_email(email),
            name=normalise_name(name),
            google_sub=google_sub or None,
            plan_id=plan_id,
            role=role,
            created_at=now,
            updated_at=now,
        )
        await self._require_not_in_former_form(email)
        await self._transact(_create_actions(user))
        return user

    async def create_many(self, users: Sequence[NewUser]) -> list[User]:
        """Create users, one transaction per user. Return the users in the order of `users`.

        Raises:
            Conflict, InvalidInput: a user could not be created. The first element of the error's
                `path` is the index of this user in `users`. All other valid users were created.
        """
        concurrency = asyncio.Semaphore(CREATED_AT_ONCE)

        async def create(index: int, user: NewUser) -> User | Conflict | InvalidInput:
            async with concurrency:
                try:
                    return await self.create(
                        email=user.email,
                        name=user.name,
                        google_sub=user.google_sub,
                        plan_id=user.plan_id,
                        role=user.role,
                        uid=user.uid,
                    )
                except (Conflict, InvalidInput) as error:
                    return type(error)(error.message, (str(index), *error.path))

        results = await asyncio.gather(*(create(*entry) for entry in enumerate(users)))
        for result in results:
            if not isinstance(result, User):
                raise result
        return [user for user in results if isinstance(user, User)]

    # Reading

    async def get(self, uid: str, *, consistent: bool = False) -> User | None:
        """Return a user, or None if the user does not exist.

        Cost: one request of 0.5 read units (1 if consistent).
        """
        item = await self._dynamo.get(keys.user(uid), consistent=consistent, recheck=True)
        return _user(item)

    async def get_many(self, uids: Sequence[str]) -> list[User | None]:
        """Return the users in the order of `uids`.

        The list contains None for each user that does not exist. Cost: ceil(N/100) requests for N
        users.
        """
        items = await self._dynamo.batch_get([*map(keys.user, uids)], recheck=True)
        return [User.from_item_or_none(item) for item in items]

    async def by_email(self, email: str, *, consistent: bool = False) -> User | None:
        """Return the user with this e-mail address, or None if no user has the address.

        Cost: two requests of 0.5 read units each (1 if consistent). The previous version of
        AlgoItny stored some addresses in another form. For these addresses, up to two more requests
        are made.

        Raises:
            InvalidInput: the e-mail address is not valid.
        """
        for form in stored_forms(email):
            user = await self._find_by_unique_item(keys.unique_email(form), consistent=consistent)
            if user and is_same_email(user.email, email):
                return user
        return None

    async def by_google_sub(self, sub: str, *, consistent: bool = False) -> User | None:
        """Return the user with this Google account, or None if no user has the account.

        Cost: two requests of 0.5 read units each (1 if consistent).
        """
        user = await self._find_by_unique_item(keys.unique_google_sub(sub), consistent=consistent)
        return user if user and user.google_sub == sub else None

    async def email_exists(self, email: str) -> bool:
        """Return whether a user has this e-mail address.

        Cost: one strongly consistent request of 1 read unit.

        Raises:
            InvalidInput: the e-mail address is not valid.
        """
        if len(stored_forms(email)) > 1:
            return await self.by_email(email, consistent=True) is not None
        key = keys.unique_email(normalise_email(email))
        return await self._dynamo.get(key, consistent=True) is not None

    async def totals(self, uid: str) -> tuple[Totals, dict[str, int]]:
        """Return a user's counters, and the user's number of executions per language id.

        Cost: one request of 0.5 read units.
        """
        item = await self._dynamo.get(keys.totals(uid)) or {}
        prefix = Totals.LANGUAGE_PREFIX
        by_language = {
            name.removeprefix(prefix): count
            for name, count in item.items()
            if name.startswith(prefix) and count
        }
        return Totals.from_item(item), by_language

    # Changing

    async def update(
        self,
        uid: str,
        *,
        name: str | None = None,
        plan_id: str | None = None,
        role: Role | None = None,
    ) -> User:
        """Change the fields that are not None, and return the changed user.

        Cost: one request of 2 write units.

        Raises:
            NotFound: the user does not exist.
            Conflict: the user is being deleted.
            InvalidInput: the name is not valid.
        """
        changes = {"nm": name and normalise_name(name), "pln": plan_id, "rl": role and str(role)}
        return await self._change(
            uid, {field: value for field, value in changes.items() if value is not None}
        )

    async def set_state(self, uid: str, state: UserState) -> User:
        """Activate or deactivate a user. Cost: one request of 2 write units.

        Raises:
            NotFound: the user does not exist.
            Conflict: the user is being deleted. A deletion cannot be undone.
            InvalidInput: the state is DELETING. Only `begin_deletion` sets this state.
        """
        if state is UserState.DELETING:
            raise InvalidInput(
                "`state` cannot be DELETING. Use `deleteUser` to delete a user.", ("state",)
            )
        return await self._change(uid, {"st": str(state)})

    async def change_email(self, uid: str, email: str) -> User:
        """Change a user's e-mail address, so that another user can take the old address.

        Cost: one read and one transaction.

        Raises:
            NotFound: the user does not exist.
            Conflict: another user has the address, another request changed this user, or the user
                is being deleted.
            InvalidInput: the e-mail address is not valid.
        """
        address = normalise_email(email)
        user = await self._require_not_deleting(uid)
        if user.email == address:
            return user
        if not is_same_email(user.email, address):
            await self._require_not_in_former_form(email)
        after = replace(user, email=address, updated_at=self._clock())
        is_unchanged = _not_deleting() & equals("em", user.email)
        await self._transact(
            [
                Update(
                    keys.user(uid), Change({"em": address, "ua": after.updated_at}), is_unchanged, 1
                ),
                _make_unique_item(keys.unique_email(address), uid),
                Delete(keys.unique_email(user.email), _belongs_to(uid)),
            ]
        )
        return after

    async def link_google(self, uid: str, sub: str) -> User:
        """Link a Google account to a user, so that the user can sign in with this account.

        Cost: one read and one transaction.

        Raises:
            NotFound: the user does not exist.
            Conflict: the Google account is linked to another user, this user is linked to another
                Google account, or this user is being deleted.
        """
        user = await self._require_not_deleting(uid)
        if user.google_sub == sub:
            return user
        if user.google_sub is not None:
            raise Conflict(
                "This user is already linked to another Google account. Sign in with the linked "
                "Google account."
            )
        after = replace(user, google_sub=sub, updated_at=self._clock())
        change = Change({"gs": sub, "ua": after.updated_at})
        await self._transact(
            [
                Update(keys.user(uid), change, _not_deleting() & absent("gs"), 1),
                _make_unique_item(keys.unique_google_sub(sub), uid),
            ]
        )
        return after

    # Removing

    async def begin_deletion(self, uid: str) -> User:
        """Mark a user as DELETING and remove the user's counters. A second call has no effect.

        After this call, the user cannot sign in. Running executions of the user cannot be
        completed, because the transaction that completes an execution requires the counters.
        Cost: one read and one transaction.

        Raises:
            NotFound: the user does not exist.
        """
        user = await self._read_existing(uid)
        if user.state is UserState.DELETING:
            return user
        after = replace(user, state=UserState.DELETING, updated_at=self._clock())
        change = Change({"st": str(after.state), "ua": after.updated_at})
        await self._transact(
            [Update(keys.user(uid), change, exists(), 1), Delete(keys.totals(uid))]
        )
        return after

    async def purge(self, uid: str) -> None:
        """Remove all data of a user in the state DELETING.

        The records of the user's executions and all other contents are removed first. This step
        is repeated until it finds nothing to remove, twice in a row. Then the user is removed, and
        other users can take the e-mail address and the Google account. After a crash, a second call
        completes the removal. Do nothing if the user does not exist.

        Raises:
            Conflict: the state of the user is not DELETING.
        """
        user = await self.get(uid, consistent=True)
        if user is None:
            return
        if user.state is not UserState.DELETING:
            raise Conflict("The state of the user is not DELETING. Call `begin_deletion` first.")
        empty_passes = 0
        while empty_passes < EMPTY_PASSES:
            if await self._remove_contents(uid):
                empty_passes = 0
            else:
                empty_passes += 1
                await asyncio.sleep(PAUSE_BETWEEN_PASSES_S)
        try:
            await self._remove_user(user)
        except Conflict:
            # Another call of `purge` may have removed the user.
            if await self.get(uid, consistent=True) is not None:
                raise

    async def _remove_contents(self, uid: str) -> int:
        """Remove all items of the user's partition except the item of the user.

        Return the number of removed items.
        """
        partition = equals("PK", keys.user_partition(uid))
        count = 0
        histories = partition & begins_with("SK", "H#")
        async for item in self._dynamo.query_all(histories, consistent=True):
            with suppress(NotFound):
                await self._histories.delete(*keys.history_of(item))
            count += 1
        rest = [
            item
            async for item in self._dynamo.query_all(partition, consistent=True)
            if item["SK"] != keys.META and not item["SK"].startswith("H#")
        ]
        await remove_items(self._dynamo, self._bodies, rest)
        return count + len(rest)

    async def _remove_user(self, user: User) -> None:
        is_marked = equals("st", str(UserState.DELETING)) & equals("em", user.email)
        unique_items = [keys.unique_email(user.email)]
        if user.google_sub:
            unique_items.append(keys.unique_google_sub(user.google_sub))
        await self._transact(
            [
                Delete(keys.user(user.uid), is_marked, 1),
                *(Delete(key, absent() | _belongs_to(user.uid)) for key in unique_items),
            ]
        )

    # Shared

    async def _find_by_unique_item(self, key: keys.Key, *, consistent: bool) -> User | None:
        item = await self._dynamo.get(key, consistent=consistent, recheck=True)
        return await self.get(item["u"], consistent=consistent) if item else None

    async def _require_not_in_former_form(self, email: str) -> None:
        """Raise Conflict if a user already has this address in an older form.

        The previous version of AlgoItny stored some addresses in another form. The database is read
        only for these addresses.
        """
        is_changed = len(stored_forms(email)) > 1
        if is_changed and await self.by_email(email, consistent=True) is not None:
            raise _address_taken()

    async def _read_existing(self, uid: str) -> User:
        user = await self.get(uid, consistent=True)
        if user is None:
            raise _not_found()
        return user

    async def _require_not_deleting(self, uid: str) -> User:
        user = await self._read_existing(uid)
        if user.state is UserState.DELETING:
            raise _being_deleted()
        return user

    async def _change(self, uid: str, put: dict[str, str]) -> User:
        change = Change({**put, "ua": self._clock()})
        try:
            item = await self._dynamo.update(keys.user(uid), change, _not_deleting())
        except ConditionFailed as error:
            raise (_being_deleted() if error.item else _not_found()) from error
        return User.from_item(item)

    async def _transact(self, actions: Sequence[TransactItem]) -> None:
        try:
            await self._dynamo.transact(actions)
        except TransactionFailed as error:
            failed = next(
                action
                for action, reason in zip(actions, error.reasons, strict=True)
                if reason is not None
            )
            raise _conflict(failed) from error

    # This method is last, because its name hides the type `list` from the rest of the class.

    async def list(self, window: PageWindow) -> Page[User]:
        """Return a page of users, newest first.

        Cost: one request, at most 2.5 read units for 20 users.
        """
        cards = PartitionList(keys.USERS, index="GSI1")
        return (await read_page(self._dynamo, [cards], window)).map(User.from_item_or_none)


def _create_actions(user: User) -> list[TransactItem]:
    key = keys.user(user.uid)
    actions: list[TransactItem] = [
        Put({**key, **keys.user_index(user.uid), **user.to_item()}, absent()),
        _make_unique_item(keys.unique_email(user.email), user.uid),
        Put({**keys.totals(user.uid), **Totals().to_item()}, absent()),
    ]
    if user.google_sub:
        actions.append(_make_unique_item(keys.unique_google_sub(user.google_sub), user.uid))
    return actions


def _make_unique_item(key: keys.Key, uid: str) -> Put:
    return Put({**key, "v": 1, "tp": "guard", "u": uid}, absent())


def _belongs_to(uid: str) -> Condition:
    return equals("u", uid)


def _not_deleting() -> Condition:
    return exists() & differs("st", str(UserState.DELETING))


def _user(item: Item | None) -> User | None:
    return User.from_item(item) if item else None


def _conflict(failed: TransactItem) -> Conflict:
    partition = failed.item["PK"] if isinstance(failed, Put) else ""
    if partition.startswith("E#"):
        return _address_taken()
    if partition.startswith("G#"):
        return Conflict(
            "This Google account is linked to another user. Use another Google account.",
            ("googleSub",),
        )
    return Conflict("The user was changed by another request. Read the user again and retry.")


def _address_taken() -> Conflict:
    return Conflict("This e-mail address belongs to another user. Use another `email`.", ("email",))


def _not_found() -> NotFound:
    return NotFound("The user does not exist. Check the user's id.")


def _being_deleted() -> Conflict:
    return Conflict("The user is being deleted, so the user cannot be changed any more.")
