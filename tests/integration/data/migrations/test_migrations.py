"""Migrations of a table that the previous version wrote."""

from typing import Any

import pytest

from graphql_api.config import Settings
from graphql_api.context import effective_role
from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.enums import Role
from graphql_api.data.errors import Conflict
from graphql_api.data.migrations.runner import Report, all_migrations, migrate
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.records import NO_PID, PID
from graphql_api.data.stores import Stores
from tests.support.former_items import (
    DOMAIN,
    FORMER_DOMAIN,
    FORMER_PLATFORM,
    PLATFORM,
    fill,
    make_former,
    read_table,
)

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]

ANN, FORMER_ANN = f"ann@{DOMAIN}", f"ann@{FORMER_DOMAIN}"


class Killed(BaseException):
    """The end of a run that was killed."""


async def run(dynamo: Dynamo, *, is_dry_run: bool = False) -> Report:
    return await migrate(dynamo, all_migrations(dynamo), is_dry_run=is_dry_run)


async def kill_after(writes: int, dynamo: Dynamo, patch: pytest.MonkeyPatch) -> None:
    """Run the migrations, and end the run after this number of writes."""
    left = writes

    def limit(name: str) -> None:
        write = getattr(dynamo, name)

        async def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return await write(*arguments, **options)

        patch.setattr(dynamo, name, counted)

    with patch.context() as patched:
        patch = patched
        for name in ("transact", "update"):
            limit(name)
        with pytest.raises(BaseExceptionGroup) as caught:
            await run(dynamo)
        assert caught.value.subgroup(Killed) is not None


async def test_a_table_of_the_previous_version_becomes_todays(
    stores: Stores, dynamo: Dynamo
) -> None:
    await fill(stores)
    todays = await read_table(dynamo)
    await make_former(dynamo)
    former = await read_table(dynamo)
    assert former.keys().isdisjoint(
        key for key in todays if key[0].startswith(("E#", "P#", f"TG#{PLATFORM}"))
    )

    report = await run(dynamo)

    assert report.is_complete
    assert await read_table(dynamo) == todays


async def test_items_without_a_pid_stay_those_of_one_problem(
    stores: Stores, dynamo: Dynamo
) -> None:
    history = await fill(stores)
    await make_former(dynamo)
    await run(dynamo)
    assert not any(PID in item for item in (await read_table(dynamo)).values())

    first = await stores.problems.get(PLATFORM, "1", consistent=True)
    assert first is not None
    assert first.pid == NO_PID
    assert await stores.problems.by_legacy_id(1) == first.id
    texts = await stores.problems.statement(first.id)
    assert texts is not None
    assert await stores.problems.run_count(first.id) == 1
    assert (await stores.rejudges.of_problem(first.id)).histories == [history.key]
    stored = await stores.tests.with_problem(*first.key)
    assert stored is not None
    assert len(stored.tests) == 2
    kept = await stores.histories.get(*history.key, consistent=True)
    assert kept is not None
    assert kept.problem_id == first.id

    await stores.problems.delete(*first.key)
    second = await stores.problems.create(
        NewProblem(platform=PLATFORM, number="1", title="Another", legacy_id=1)
    )
    assert second.pid != NO_PID
    assert await stores.problems.by_legacy_id(1) == second.id
    assert (await stores.rejudges.of_problem(second.id)).histories == []
    assert (await run(dynamo)).wanted.total() == 0


async def test_a_second_run_rewrites_nothing(stores: Stores, dynamo: Dynamo) -> None:
    await fill(stores)
    await make_former(dynamo)
    first = await run(dynamo)
    assert first.rewritten.total() > 20
    second = await run(dynamo)
    assert (second.wanted.total(), second.is_complete) == (0, True)


async def test_a_dry_run_counts_the_items_and_writes_nothing(
    stores: Stores, dynamo: Dynamo
) -> None:
    await fill(stores)
    await make_former(dynamo)
    before = await read_table(dynamo)
    report = await run(dynamo, is_dry_run=True)
    assert report.wanted["e-mail addresses"] == 2
    assert report.wanted["tags"] == 2
    assert report.wanted["platforms and problem numbers"] > 20
    assert not report.is_complete
    assert await read_table(dynamo) == before


@pytest.mark.parametrize("writes", [0, 1, 3, 4, 9, 20, 35])
async def test_a_killed_run_is_completed_by_the_next_one(
    stores: Stores, dynamo: Dynamo, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    await fill(stores)
    todays = await read_table(dynamo)
    await make_former(dynamo)
    await kill_after(writes, dynamo, monkeypatch)
    assert await read_table(dynamo) != todays
    report = await run(dynamo)
    assert report.is_complete
    assert await read_table(dynamo) == todays


async def test_users_with_equal_addresses_are_listed_and_not_changed(
    stores: Stores, dynamo: Dynamo
) -> None:
    await fill(stores)
    await make_former(dynamo)
    ann = await stores.users.by_email(ANN)
    assert ann is not None
    twin = await stores.users.create(email="twin@example.org", name="Twin")
    await dynamo.delete(keys.unique_email(twin.email))
    await dynamo.put({**keys.unique_email(ANN), "v": 1, "tp": "guard", "u": twin.uid})
    item = await dynamo.get(keys.user(twin.uid), consistent=True)
    assert item is not None
    await dynamo.put({**item, "em": ANN})
    before = await read_table(dynamo)

    report = await run(dynamo)

    assert [obstacle.objects for obstacle in report.obstacles] == [
        tuple(sorted([ann.uid, twin.uid]))
    ]
    after = await read_table(dynamo)
    for uid in (ann.uid, twin.uid):
        key = (f"U#{uid}", "M")
        assert after[key]["em"] == before[key]["em"]
    assert (f"E#bob@{DOMAIN}", "M") in after
    assert not report.is_complete


async def test_problems_with_equal_names_are_listed_and_not_changed(
    stores: Stores, dynamo: Dynamo
) -> None:
    await fill(stores)
    await make_former(dynamo)
    new = NewProblem(platform=PLATFORM, number="1", title="Another")
    await stores.problems.create(new)
    before = await read_table(dynamo)

    report = await run(dynamo)

    assert [obstacle.objects for obstacle in report.obstacles] == [("caf\\xe9/1", "cafe\\u0301/1")]
    after = await read_table(dynamo)
    for platform in (PLATFORM, FORMER_PLATFORM):
        partition = f"P#{platform}#1"
        kept = {key for key in before if key[0] == partition}
        assert kept == {key for key in after if key[0] == partition}
        assert len(kept) > 1
    assert (f"P#{PLATFORM}#2", "M") in after
    assert (f"P#{FORMER_PLATFORM}#2", "M") not in after


async def test_items_of_a_removed_problem_do_not_move_to_another_problem(
    stores: Stores, dynamo: Dynamo
) -> None:
    history = await fill(stores)
    await make_former(dynamo)
    await stores.problems.delete(FORMER_PLATFORM, "1")
    await stores.problems.create(NewProblem(platform=PLATFORM, number="1", title="Another"))
    report = await run(dynamo)
    assert report.is_complete
    kept = await stores.histories.get(history.uid, history.ulid, consistent=True)
    assert kept is not None
    assert kept.platform == FORMER_PLATFORM


async def test_users_and_problems_are_found_before_the_migration(
    stores: Stores, dynamo: Dynamo, settings: Settings
) -> None:
    history = await fill(stores)
    await make_former(dynamo)
    for email in (ANN, FORMER_ANN, f"ANN@{FORMER_DOMAIN.upper()}"):
        user = await stores.users.by_email(email, consistent=True)
        assert user is not None
        assert (user.uid, user.email) == (history.uid, FORMER_ANN)
        with pytest.raises(Conflict):
            await stores.users.create(email=email, name="Another")
    former = await stores.users.get(history.uid)
    assert former is not None
    admins = settings.model_copy(update={"admin_emails": (ANN,)})
    assert effective_role(former, admins) is Role.ADMIN
    problem = await stores.problems.get(FORMER_PLATFORM, "1")
    assert problem is not None


async def test_a_user_in_the_former_form_can_change_the_address_and_be_deleted(
    stores: Stores, dynamo: Dynamo
) -> None:
    history = await fill(stores)
    await make_former(dynamo)
    changed = await stores.users.change_email(history.uid, ANN)
    assert changed.email == ANN
    bob = await stores.users.by_email(f"bob@{DOMAIN}")
    assert bob is not None
    await stores.users.begin_deletion(bob.uid)
    await stores.users.purge(bob.uid)
    emails = {key[0] for key in await read_table(dynamo) if key[0].startswith("E#")}
    assert emails == {f"E#{ANN}"}
