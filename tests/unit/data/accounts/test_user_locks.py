import asyncio

import pytest

from graphql_api.data.accounts.user_locks import UserLocks
from graphql_api.data.errors import Unavailable


async def test_calls_of_one_user_take_locks_and_others_do_not_wait() -> None:
    locks, running, most = UserLocks(), {"ada": 0, "bob": 0}, {"ada": 0, "bob": 0}
    together = 0

    async def call(uid: str) -> None:
        nonlocal together
        async with locks.hold(uid):
            running[uid] += 1
            most[uid] = max(most[uid], running[uid])
            together = max(together, sum(running.values()))
            await asyncio.sleep(0)
            running[uid] -= 1

    await asyncio.gather(*(call(uid) for uid in ("ada", "bob") * 10))
    assert most == {"ada": 1, "bob": 1}
    assert together == 2


async def test_locks_are_kept_only_while_they_are_used() -> None:
    locks = UserLocks()

    async def call(number: int) -> None:
        async with locks.hold(f"user-{number % 50}"):
            await asyncio.sleep(0)

    calls = asyncio.gather(*map(call, range(200)))
    await asyncio.sleep(0)
    assert len(locks) == 50
    await calls
    assert len(locks) == 0


async def test_a_call_that_fails_or_is_cancelled_gives_its_turn_away() -> None:
    locks = UserLocks()

    async def hold() -> None:
        async with locks.hold("ada"):
            await asyncio.sleep(60)

    with pytest.raises(ZeroDivisionError):
        async with locks.hold("ada"):
            raise ZeroDivisionError
    holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    assert len(locks) == 0
    async with asyncio.timeout(25), locks.hold("ada"):
        pass


async def test_a_wait_that_is_too_long_fails_and_leaves_the_holder_alone() -> None:
    locks = UserLocks(timeout_s=0.01)
    async with locks.hold("ada"):
        with pytest.raises(Unavailable):
            async with locks.hold("ada"):
                pass
        assert len(locks) == 1
    assert len(locks) == 0
