"""Users: their unique e-mail addresses and Google accounts, state, counters and removal."""

import asyncio
import unicodedata
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
from graphql_api.data.limits import EMAIL_CHARACTERS, NAME_BYTES
from graphql_api.data.records import Totals, User

FREE_PLAN = "free"
CREATED_AT_ONCE = 8
# Writes that began before the user was marked are over by the time two passes find nothing.
QUIET_PASSES = 2
PAUSE_BETWEEN_PASSES_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """What a user is created from; `uid` is a fresh ULID unless given."""

    email: str
    name: str
    google_sub: str | None = None
    plan_id: str = FREE_PLAN
    role: Role = Role.USER
    uid: str | None = None


class HistoryRemover(Protocol):
    """What removal needs of the store of histories."""

    async def delete(self, uid: str, ulid: str) -> None:
        """Remove a history with its bodies and feed entries."""


def normalise_email(email: str) -> str:
    """Return the form in which an address is stored and compared: NFC, lower case, no outer space.

    Raises:
        InvalidInput: this is no e-mail address.
    """
    found = unicodedata.normalize("NFC", email).strip().lower()
    name, at, domain = found.rpartition("@")
    broken = any(character.isspace() or not character.isprintable() for character in found)
    if not (name and at and domain) or "@" in name or broken or len(found) > EMAIL_CHARACTERS:
        raise InvalidInput("`email` must be an e-mail address such as ann@example.org.", ("email",))
    return found


class UserStore:
    """The users of the table.

    A user, its guards and its totals are created in one transaction, so two users never share an
    address or a Google account, and counters always have an item to stand in.
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
        """Create a user with its guards and totals: one transaction, 7 write units (9 with Google).

        Raises:
            Conflict: the address, the Google account or the id is taken.
            InvalidInput: the address or the name is malformed.
        """
        now = self._clock()
        user = User(
            uid=keys.part(uid, "uid") if uid else ulid_at(now),
            email=normalise_email(email),
            name=_normalise_name(name),
            google_sub=google_sub or None,
            plan_id=plan_id,
            role=role,
            created_at=now,
            updated_at=now,
        )
        await self._transact(_creation(user))
        return user

    async def create_many(self, users: Sequence[NewUser]) -> list[User]:
        """Create users, each in its own transaction, and return them in order.

        Raises:
            Conflict, InvalidInput: of the first that could not be created; `path` begins with its
                place in the list, and all the others were created.
        """
        turns = asyncio.Semaphore(CREATED_AT_ONCE)

        async def create(index: int, user: NewUser) -> User | Conflict | InvalidInput:
            async with turns:
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

        made = await asyncio.gather(*(create(*entry) for entry in enumerate(users)))
        for result in made:
            if not isinstance(result, User):
                raise result
        return [user for user in made if isinstance(user, User)]

    # Reading

    async def get(self, uid: str, *, consistent: bool = False) -> User | None:
        """Return a user: one request, 0.5 read units (1 if consistent)."""
        item = await self._dynamo.get(keys.user(uid), consistent=consistent)
        return _user(item)

    async def get_many(self, uids: Sequence[str]) -> list[User | None]:
        """Return one entry an id, in order, None where there is no user: ceil(N/100) requests."""
        items = await self._dynamo.batch_get([*map(keys.user, uids)])
        return [User.from_item_or_none(item) for item in items]

    async def by_email(self, email: str, *, consistent: bool = False) -> User | None:
        """Return the user with an address: two requests, 0.5 read units each (1 if consistent).

        Raises:
            InvalidInput: this is no e-mail address.
        """
        address = normalise_email(email)
        user = await self._find_by_guard(keys.unique_email(address), consistent=consistent)
        return user if user and user.email == address else None

    async def by_google_sub(self, sub: str, *, consistent: bool = False) -> User | None:
        """Return the user with a Google account: two requests, 0.5 read units each."""
        user = await self._find_by_guard(keys.google_guard(sub), consistent=consistent)
        return user if user and user.google_sub == sub else None

    async def email_exists(self, email: str) -> bool:
        """Tell whether an address is taken: one strong request, 1 read unit.

        Raises:
            InvalidInput: this is no e-mail address.
        """
        guard = keys.unique_email(normalise_email(email))
        return await self._dynamo.get(guard, consistent=True) is not None

    async def totals(self, uid: str) -> tuple[Totals, dict[str, int]]:
        """Return a user's counters, and executions by language: one request, 0.5 read units."""
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
        """Change what is given and return the user: one request, 2 write units.

        Raises:
            NotFound: there is no such user.
            Conflict: the user is being deleted.
            InvalidInput: the name is malformed.
        """
        found = {"nm": name and _normalise_name(name), "pln": plan_id, "rl": role and str(role)}
        return await self._change(
            uid, {field: value for field, value in found.items() if value is not None}
        )

    async def set_state(self, uid: str, state: UserState) -> User:
        """Activate or deactivate a user: one request, 2 write units.

        Raises:
            NotFound: there is no such user.
            Conflict: the user is being deleted, which nothing takes back.
            InvalidInput: deletion is begun by `begin_deletion`.
        """
        if state is UserState.DELETING:
            raise InvalidInput(
                "`state` cannot be DELETING. Use `deleteUser` to delete a user.", ("state",)
            )
        return await self._change(uid, {"st": str(state)})

    async def change_email(self, uid: str, email: str) -> User:
        """Give a user another address and free the old one: one read, one transaction.

        Raises:
            NotFound: there is no such user.
            Conflict: the address is taken, the user changed meanwhile or is being deleted.
            InvalidInput: this is no e-mail address.
        """
        address = normalise_email(email)
        user = await self.require_not_deleting(uid)
        if user.email == address:
            return user
        after = replace(user, email=address, updated_at=self._clock())
        seen = not_deleting() & equals("em", user.email)
        await self._transact(
            [
                Update(keys.user(uid), Change({"em": address, "ua": after.updated_at}), seen, 1),
                _guard(keys.unique_email(address), uid),
                Delete(keys.unique_email(user.email), _belongs_to(uid)),
            ]
        )
        return after

    async def link_google(self, uid: str, sub: str) -> User:
        """Let a user sign in by a Google account: one read, one transaction.

        Raises:
            NotFound: there is no such user.
            Conflict: the account is another user's, the user has another one or is being deleted.
        """
        user = await self.require_not_deleting(uid)
        if user.google_sub == sub:
            return user
        if user.google_sub is not None:
            raise Conflict("This user is already linked to another Google account.")
        after = replace(user, google_sub=sub, updated_at=self._clock())
        change = Change({"gs": sub, "ua": after.updated_at})
        await self._transact(
            [
                Update(keys.user(uid), change, not_deleting() & absent("gs"), 1),
                _guard(keys.google_guard(sub), uid),
            ]
        )
        return after

    # Removing

    async def begin_deletion(self, uid: str) -> User:
        """Mark a user DELETING and drop its totals: one read, one transaction; harmless twice.

        From then on signing in refuses, and completions find no totals to write.

        Raises:
            NotFound: there is no such user.
        """
        user = await self._existing(uid)
        if user.state is UserState.DELETING:
            return user
        after = replace(user, state=UserState.DELETING, updated_at=self._clock())
        change = Change({"st": str(after.state), "ua": after.updated_at})
        await self._transact(
            [Update(keys.user(uid), change, exists(), 1), Delete(keys.totals(uid))]
        )
        return after

    async def purge(self, uid: str) -> None:
        """Remove everything of a user that is marked DELETING; may be called again after a crash.

        Histories go with their feed entries and bodies, then the rest of the partition until two
        passes find nothing, and last the guards together with the user.

        Raises:
            Conflict: the user is not marked.
        """
        user = await self.get(uid, consistent=True)
        if user is None:
            return
        if user.state is not UserState.DELETING:
            raise Conflict("The user is not marked for deletion. Call `begin_deletion` first.")
        quiet = 0
        while quiet < QUIET_PASSES:
            if await self._remove_contents(uid):
                quiet = 0
            else:
                quiet += 1
                await asyncio.sleep(PAUSE_BETWEEN_PASSES_S)
        try:
            await self._remove_user(user)
        except Conflict:
            # Another purge of the same user may have come first.
            if await self.get(uid, consistent=True) is not None:
                raise

    async def _remove_contents(self, uid: str) -> int:
        """Remove all of the partition but the user, and return how many items there were."""
        partition = equals("PK", keys.user_partition(uid))
        count = 0
        histories = partition & begins_with("SK", "H#")
        async for item in self._dynamo.query_all(histories, consistent=True):
            with suppress(NotFound):
                await self._histories.delete(uid, item["h"])
            count += 1
        rest = [
            item
            async for item in self._dynamo.query_all(partition, consistent=True)
            if item["SK"] != keys.META and not item["SK"].startswith("H#")
        ]
        await remove_items(self._dynamo, self._bodies, rest)
        return count + len(rest)

    async def _remove_user(self, user: User) -> None:
        marked = equals("st", str(UserState.DELETING)) & equals("em", user.email)
        guards = [keys.unique_email(user.email)]
        if user.google_sub:
            guards.append(keys.google_guard(user.google_sub))
        await self._transact(
            [
                Delete(keys.user(user.uid), marked, 1),
                *(Delete(guard, absent() | _belongs_to(user.uid)) for guard in guards),
            ]
        )

    # Shared

    async def _find_by_guard(self, guard: keys.Key, *, consistent: bool) -> User | None:
        found = await self._dynamo.get(guard, consistent=consistent)
        return await self.get(found["u"], consistent=consistent) if found else None

    async def _existing(self, uid: str) -> User:
        user = await self.get(uid, consistent=True)
        if user is None:
            raise _not_found()
        return user

    async def require_not_deleting(self, uid: str) -> User:
        user = await self._existing(uid)
        if user.state is UserState.DELETING:
            raise _being_deleted()
        return user

    async def _change(self, uid: str, put: dict[str, str]) -> User:
        change = Change({**put, "ua": self._clock()})
        try:
            item = await self._dynamo.update(keys.user(uid), change, not_deleting())
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

    # Last: its name hides the type from what follows it in the class.

    async def list(self, window: PageWindow) -> Page[User]:
        """Return a page of all users, newest first: one request, 2.5 read units for 20 at most."""
        cards = PartitionList(keys.USERS, index="GSI1")
        return (await read_page(self._dynamo, [cards], window)).map(User.from_item_or_none)


def _creation(user: User) -> list[TransactItem]:
    key = keys.user(user.uid)
    actions: list[TransactItem] = [
        Put({**key, **keys.user_index(user.uid), **user.to_item()}, absent()),
        _guard(keys.unique_email(user.email), user.uid),
        Put({**keys.totals(user.uid), **Totals().to_item()}, absent()),
    ]
    if user.google_sub:
        actions.append(_guard(keys.google_guard(user.google_sub), user.uid))
    return actions


def _guard(key: keys.Key, uid: str) -> Put:
    return Put({**key, "v": 1, "tp": "guard", "u": uid}, absent())


def _belongs_to(uid: str) -> Condition:
    return equals("u", uid)


def not_deleting() -> Condition:
    return exists() & differs("st", str(UserState.DELETING))


def _user(item: Item | None) -> User | None:
    return User.from_item(item) if item else None


def _normalise_name(name: str) -> str:
    found = unicodedata.normalize("NFC", name).strip()
    if not found or len(found.encode()) > NAME_BYTES or not found.isprintable():
        raise InvalidInput(
            f"`name` must have 1 to {NAME_BYTES} bytes in UTF-8, without control characters.",
            ("name",),
        )
    return found


def _conflict(failed: TransactItem) -> Conflict:
    partition = failed.item["PK"] if isinstance(failed, Put) else ""
    if partition.startswith("E#"):
        return Conflict(
            "This e-mail address belongs to another user. Use another `email`.", ("email",)
        )
    if partition.startswith("G#"):
        return Conflict(
            "This Google account is linked to another user. Use another Google account.",
            ("googleSub",),
        )
    return Conflict("The user was changed by another request. Read the user again and retry.")


def _not_found() -> NotFound:
    return NotFound("There is no such user.")


def _being_deleted() -> Conflict:
    return Conflict("The user is being deleted and cannot be changed.")
