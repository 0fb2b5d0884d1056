import asyncio

import pytest

from graphql_api.data.errors import Unavailable
from graphql_api.data.reservations import Turns


async def test_calls_of_one_user_take_turns_and_others_do_not_wait() -> None:
    turns, running, most = Turns(), {"ada": 0, "bob": 0}, {"ada": 0, "bob": 0}
    together = 0

    async def call(uid: str) -> None:
        nonlocal together
        async with turns.of(uid):
            running[uid] += 1
            most[uid] = max(most[uid], running[uid])
            together = max(together, sum(running.values()))
            await asyncio.sleep(0)
            running[uid] -= 1

    await asyncio.gather(*(call(uid) for uid in ("ada", "bob") * 10))
    assert most == {"ada": 1, "bob": 1}
    assert together == 2


async def test_locks_are_kept_only_while_somebody_needs_them() -> None:
    turns = Turns()

    async def call(number: int) -> None:
        async with turns.of(f"user-{number % 50}"):
            await asyncio.sleep(0)

    calls = asyncio.gather(*map(call, range(200)))
    await asyncio.sleep(0)
    assert len(turns) == 50
    await calls
    assert len(turns) == 0


async def test_a_call_that_fails_or_is_cancelled_gives_its_turn_away() -> None:
    turns = Turns()

    async def hold() -> None:
        async with turns.of("ada"):
            await asyncio.sleep(60)

    with pytest.raises(ZeroDivisionError):
        async with turns.of("ada"):
            raise ZeroDivisionError
    holder, waiter = asyncio.create_task(hold()), asyncio.create_task(hold())
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    assert len(turns) == 0
    async with asyncio.timeout(25), turns.of("ada"):
        pass


async def test_who_waits_too_long_is_told_so_and_the_holder_is_not_disturbed() -> None:
    turns = Turns(timeout_s=0.01)
    async with turns.of("ada"):
        with pytest.raises(Unavailable):
            async with turns.of("ada"):
                pass
        assert len(turns) == 1
    assert len(turns) == 0
