import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from graphql_api.data import keys
from graphql_api.data.accounts.users import NewUser, UserStore
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo, Item
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.dynamo.meter import metered
from graphql_api.data.dynamo.pages import PageWindow
from graphql_api.data.enums import Role, UserState
from graphql_api.data.errors import Conflict, InvalidInput, NotFound
from graphql_api.data.records import Totals

pytestmark = pytest.mark.dynamodb


class Ticks:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def users(harness):
    return UserStore(harness.dynamo, harness.bodies, harness.histories, Ticks())


async def items_of(dynamo: Dynamo, partition: str) -> list[Item]:
    return [item async for item in dynamo.query_all(equals("PK", partition), consistent=True)]


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_a_created_user_is_found_by_id_address_and_google_account(users):
    made = await users.create(email=" Ada@Example.org ", name="Ada", google_sub="g-1")
    assert made.email == "ada@example.org"
    assert (made.plan_id, made.role, made.state) == ("free", Role.USER, UserState.ACTIVE)
    assert await users.get(made.uid, consistent=True) == made
    assert await users.by_email("ADA@example.ORG", consistent=True) == made
    assert await users.by_google_sub("g-1", consistent=True) == made
    assert await users.email_exists("ada@EXAMPLE.org")


async def test_an_unknown_address_or_account_is_not_found(users):
    assert await users.get("nobody") is None
    assert await users.by_email("nobody@example.org") is None
    assert await users.by_google_sub("nothing") is None
    assert not await users.email_exists("nobody@example.org")


async def test_a_user_begins_with_totals_of_zero(users):
    made = await users.create(email="ada@example.org", name="Ada")
    assert await users.totals(made.uid) == (Totals(), {})


async def test_totals_tell_executions_by_language(users, dynamo):
    made = await users.create(email="ada@example.org", name="Ada")
    counted = Totals(executions=3, accepted=1)
    await dynamo.put({**keys.totals(made.uid), **counted.to_item(), "l_python": 2, "l_c": 1})
    assert await users.totals(made.uid) == (counted, {"python": 2, "c": 1})


@pytest.mark.slow
async def test_of_many_creators_of_one_address_exactly_one_wins(users):
    calls = [users.create(email="ada@example.org", name=f"Ada {n}") for n in range(12)]
    results = await outcomes(*calls)
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert len(conflicts) == 11
    assert {error.path for error in conflicts} == {("email",)}
    (winner,) = [result for result in results if not isinstance(result, Exception)]
    assert await users.by_email("ada@example.org", consistent=True) == winner
    assert len((await users.list(PageWindow())).records) == 1


async def test_of_many_creators_of_one_google_account_exactly_one_wins(users):
    calls = [
        users.create(email=f"ada{n}@example.org", name="Ada", google_sub="g-1") for n in range(6)
    ]
    results = await outcomes(*calls)
    conflicts = [result for result in results if isinstance(result, Conflict)]
    assert len(conflicts) == 5
    assert {error.path for error in conflicts} == {("googleSub",)}
    taken = [await users.email_exists(f"ada{n}@example.org") for n in range(6)]
    assert taken.count(True) == 1


async def test_a_taken_id_is_refused_and_leaves_no_guard(users):
    await users.create(email="ada@example.org", name="Ada", uid="one")
    with pytest.raises(Conflict):
        await users.create(email="eve@example.org", name="Eve", uid="one")
    assert not await users.email_exists("eve@example.org")
    user = await users.get("one")
    assert user is not None
    assert user.name == "Ada"


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@example.org", "ada@", "a@b@example.org", "a da@example.org", "a\x00@b.org"],
)
async def test_a_malformed_address_is_refused(users, address):
    with pytest.raises(InvalidInput):
        await users.create(email=address, name="Ada")


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb"])
async def test_a_malformed_name_is_refused(users, name):
    with pytest.raises(InvalidInput):
        await users.create(email="ada@example.org", name=name)
    assert not await users.email_exists("ada@example.org")


async def test_many_are_created_in_order_and_a_taken_address_is_named(users):
    new = [NewUser(email=f"user{n}@example.org", name=f"User {n}") for n in range(12)]
    made = await users.create_many(new)
    assert [user.name for user in made] == [user.name for user in new]
    again = [NewUser(email="fresh@example.org", name="Fresh"), new[3]]
    with pytest.raises(Conflict) as caught:
        await users.create_many(again)
    assert caught.value.path == ("1", "email")
    assert await users.email_exists("fresh@example.org")


async def test_many_are_read_in_order_by_one_request(users):
    made = await users.create_many(
        [NewUser(email=f"user{n}@example.org", name="User") for n in range(3)]
    )
    uids = [made[2].uid, made[0].uid, made[2].uid]
    with metered() as meter:
        found = await users.get_many(uids)
    assert found == [made[2], made[0], made[2]]
    assert meter.requests == 1
    with metered() as meter:
        assert await users.get_many(["nobody", *uids]) == [None, *found]
    assert meter.requests == 2


async def test_an_update_changes_what_is_given_and_nothing_else(users):
    made = await users.create(email="ada@example.org", name="Ada")
    changed = await users.update(made.uid, plan_id="pro", role=Role.EDITOR)
    assert (changed.plan_id, changed.role, changed.name) == ("pro", Role.EDITOR, "Ada")
    assert changed.updated_at > made.updated_at
    assert await users.get(made.uid, consistent=True) == changed
    assert (await users.update(made.uid, name="Countess")).plan_id == "pro"


async def test_changing_an_unknown_user_is_refused_and_creates_no_item(users, dynamo):
    for call in (
        users.update("nobody", name="Ghost"),
        users.set_state("nobody", UserState.INACTIVE),
        users.change_email("nobody", "ghost@example.org"),
        users.link_google("nobody", "g-1"),
        users.begin_deletion("nobody"),
    ):
        with pytest.raises(NotFound):
            await call
    assert await items_of(dynamo, keys.user_partition("nobody")) == []
    assert not await users.email_exists("ghost@example.org")
    assert await users.by_google_sub("g-1") is None


async def test_a_changed_address_frees_the_old_one(users):
    made = await users.create(email="ada@example.org", name="Ada")
    changed = await users.change_email(made.uid, "Countess@example.org")
    assert changed.email == "countess@example.org"
    assert await users.by_email("countess@example.org", consistent=True) == changed
    assert await users.by_email("ada@example.org", consistent=True) is None
    await users.create(email="ada@example.org", name="Another Ada")


async def test_a_user_is_not_found_by_a_former_address_or_account(users, dynamo):
    ada = await users.create(email="ada@example.org", name="Ada", google_sub="g-1")
    # A uniqueness item that was read just before its user changed.
    await dynamo.put({**keys.unique_email("old@example.org"), "u": ada.uid})
    await dynamo.put({**keys.unique_google_sub("g-0"), "u": ada.uid})
    assert await users.by_email("old@example.org", consistent=True) is None
    assert await users.by_google_sub("g-0", consistent=True) is None


async def test_a_taken_address_cannot_be_changed_to(users):
    made = await users.create(email="ada@example.org", name="Ada")
    await users.create(email="eve@example.org", name="Eve")
    with pytest.raises(Conflict) as caught:
        await users.change_email(made.uid, "eve@example.org")
    assert caught.value.path == ("email",)
    assert await users.by_email("ada@example.org", consistent=True) == made


async def test_two_users_racing_for_one_address_leave_one_holder(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    eve = await users.create(email="eve@example.org", name="Eve")
    results = await outcomes(
        users.change_email(ada.uid, "new@example.org"),
        users.change_email(eve.uid, "new@example.org"),
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    holder = await users.by_email("new@example.org", consistent=True)
    assert holder in results
    free = [await users.email_exists(f"{name}@example.org") for name in ("ada", "eve")]
    assert free.count(True) == 1


async def test_one_user_changing_twice_at_once_holds_one_address(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    await outcomes(
        users.change_email(ada.uid, "one@example.org"),
        users.change_email(ada.uid, "two@example.org"),
    )
    taken = [await users.email_exists(f"{name}@example.org") for name in ("ada", "one", "two")]
    assert taken.count(True) == 1
    user = await users.get(ada.uid, consistent=True)
    assert await users.by_email(user.email, consistent=True) == user


async def test_a_google_account_is_linked_once_and_to_one_user(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    eve = await users.create(email="eve@example.org", name="Eve")
    linked = await users.link_google(ada.uid, "g-1")
    assert await users.by_google_sub("g-1", consistent=True) == linked
    assert await users.link_google(ada.uid, "g-1") == linked
    with pytest.raises(Conflict):
        await users.link_google(ada.uid, "g-2")
    with pytest.raises(Conflict):
        await users.link_google(eve.uid, "g-1")
    assert await users.by_google_sub("g-2", consistent=True) is None


async def test_two_accounts_linked_to_one_user_at_once_leave_one(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    results = await outcomes(users.link_google(ada.uid, "g-1"), users.link_google(ada.uid, "g-2"))
    assert sum(isinstance(result, Conflict) for result in results) == 1
    found = [await users.by_google_sub(sub, consistent=True) for sub in ("g-1", "g-2")]
    assert found.count(None) == 1


async def test_a_user_is_deactivated_and_activated(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    assert (await users.set_state(ada.uid, UserState.INACTIVE)).state is UserState.INACTIVE
    assert (await users.set_state(ada.uid, UserState.ACTIVE)).state is UserState.ACTIVE
    with pytest.raises(InvalidInput):
        await users.set_state(ada.uid, UserState.DELETING)


async def test_nothing_leaves_deletion(users, dynamo):
    ada = await users.create(email="ada@example.org", name="Ada")
    marked = await users.begin_deletion(ada.uid)
    assert marked.state is UserState.DELETING
    assert await users.begin_deletion(ada.uid) == marked
    for call in (
        users.set_state(ada.uid, UserState.ACTIVE),
        users.update(ada.uid, name="Back"),
        users.change_email(ada.uid, "back@example.org"),
        users.link_google(ada.uid, "g-1"),
    ):
        with pytest.raises(Conflict):
            await call
    assert await users.get(ada.uid, consistent=True) == marked
    assert await dynamo.get(keys.totals(ada.uid), consistent=True) is None


async def test_deletion_begun_while_activated_is_not_lost(users):
    for n in range(5):
        ada = await users.create(email=f"ada{n}@example.org", name="Ada")
        await outcomes(users.set_state(ada.uid, UserState.ACTIVE), users.begin_deletion(ada.uid))
        assert (await users.get(ada.uid, consistent=True)).state is UserState.DELETING


async def test_a_purge_needs_the_mark(users):
    ada = await users.create(email="ada@example.org", name="Ada")
    with pytest.raises(Conflict):
        await users.purge(ada.uid)
    assert await users.get(ada.uid, consistent=True) == ada


@pytest.mark.slow
async def test_a_purge_leaves_nothing_of_one_user_and_all_of_the_others(users, harness):
    ada = await users.create(email="ada@example.org", name="Ada", google_sub="g-1")
    eve = await users.create(email="eve@example.org", name="Eve")
    for user in (ada, eve):
        for is_public in (True, False):
            await harness.completed(user, is_public=is_public)
        await harness.running(user)
        await harness.pending(user)
    of_eve = [item for item in await harness.everything() if eve.uid in str(item)]
    await users.begin_deletion(ada.uid)
    await users.purge(ada.uid)
    left = await harness.everything()
    assert not [item for item in left if ada.uid in str(item) or "ada@" in str(item)]
    assert [item for item in left if eve.uid in str(item)] == of_eve
    assert await users.by_google_sub("g-1", consistent=True) is None
    assert [user.uid for user in (await users.list(PageWindow())).records] == [eve.uid]
    assert len(await harness.entries()) == 4
    await users.purge(ada.uid)


class Hydra:
    """A store of histories in which an earlier history appears after each removal."""

    def __init__(self, dynamo: Dynamo) -> None:
        self.dynamo = dynamo

    async def delete(self, uid: str, ulid: str) -> None:
        await self.dynamo.delete(keys.history(uid, ulid))
        if int(ulid):
            earlier = str(int(ulid) - 1)
            await self.dynamo.put({**keys.history(uid, earlier), "h": earlier})


@pytest.mark.slow
async def test_a_purge_goes_on_until_two_passes_find_nothing(dynamo):
    users = UserStore(dynamo, Bodies(dynamo), Hydra(dynamo), Ticks())
    ada = await users.create(email="ada@example.org", name="Ada")
    await dynamo.put({**keys.history(ada.uid, "6"), "h": "6"})
    await users.begin_deletion(ada.uid)
    await users.purge(ada.uid)
    assert await items_of(dynamo, keys.user_partition(ada.uid)) == []


@pytest.mark.slow
async def test_a_purge_that_crashed_is_finished_by_the_next(users, harness, faults):
    ada = await users.create(email="ada@example.org", name="Ada")
    for _ in range(3):
        await harness.completed(ada, is_public=True)
    await users.begin_deletion(ada.uid)
    for operation in ("TransactWriteItems", "BatchWriteItem"):
        faults.crash(operation)
        (crash,) = await outcomes(users.purge(ada.uid))
        assert type(crash).__name__ == "Crash"
        assert await users.email_exists("ada@example.org")
    await users.purge(ada.uid)
    assert not [item for item in await harness.everything() if ada.uid in str(item)]


@pytest.mark.slow
async def test_a_running_execution_of_a_deleted_user_leaves_nothing(users, harness):
    ada = await users.create(email="ada@example.org", name="Ada")
    running = await harness.running(ada, is_public=True)
    await users.begin_deletion(ada.uid)
    await outcomes(
        harness.executions.complete(running, harness.outcome(running)), users.purge(ada.uid)
    )
    await users.purge(ada.uid)
    assert not [item for item in await harness.everything() if ada.uid in str(item)]


@pytest.mark.slow
async def test_of_purges_at_once_each_finds_the_user_gone(users, dynamo):
    """A client repeats a request before the first one has ended."""
    ada = await users.create(email="ada@example.org", name="Ada")
    await users.begin_deletion(ada.uid)
    await asyncio.gather(*(users.purge(ada.uid) for _ in range(3)))
    assert await items_of(dynamo, keys.user_partition(ada.uid)) == []


async def test_what_arrives_during_a_purge_goes_too(users, dynamo):
    ada = await users.create(email="ada@example.org", name="Ada")
    await users.begin_deletion(ada.uid)
    purge = asyncio.create_task(users.purge(ada.uid))
    for n in range(5):
        await dynamo.put({**keys.code_body(ada.uid, f"late{n}"), "v": 1, "tp": "body"})
    await purge
    assert await items_of(dynamo, keys.user_partition(ada.uid)) == []


@pytest.mark.slow
async def test_all_users_are_listed_newest_first_by_the_index(users, dynamo):
    made = [
        (await users.create(email=f"user{n:02d}@example.org", name=f"User {n}")).uid
        for n in range(25)
    ]
    # Items of other kinds cost nothing, because the list does not scan the table.
    await dynamo.batch_write(
        puts=[{"PK": f"P#x#{n}", "SK": "M", "text": "x" * 900} for n in range(200)]
    )
    with metered() as meter:
        first = await users.list(PageWindow(size=20))
    assert [user.uid for user in first.records] == sorted(made, reverse=True)[:20]
    assert (first.has_next, first.has_previous) == (True, False)
    assert meter.requests == 1
    assert meter.read_units <= 2.5
    rest = await users.list(PageWindow(size=20, after=first.end))
    assert [user.uid for user in rest.records] == sorted(made, reverse=True)[20:]
    assert (rest.has_next, rest.has_previous) == (False, True)
    back = await users.list(PageWindow(size=20, before=rest.start, from_end=True))
    assert back.records == first.records


async def test_reads_cost_what_the_budget_says(users):
    ada = await users.create(email="ada@example.org", name="Ada", google_sub="g-1")
    with metered() as by_id:
        await users.get(ada.uid)
    assert (by_id.requests, by_id.read_units) == (1, 0.5)
    with metered() as by_email:
        await users.by_email("ada@example.org")
    assert (by_email.requests, by_email.read_units) == (2, 1)
    with metered() as by_account:
        await users.by_google_sub("g-1")
    assert (by_account.requests, by_account.read_units) == (2, 1)
    with metered() as taken:
        await users.email_exists("ada@example.org")
    assert (taken.requests, taken.read_units) == (1, 1)
    with metered() as totals:
        await users.totals(ada.uid)
    assert (totals.requests, totals.read_units) == (1, 0.5)
