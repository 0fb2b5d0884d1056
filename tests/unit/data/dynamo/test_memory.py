"""Memory that operations share: the order of waiting, and answers of slow clients."""

import asyncio
from contextlib import suppress

import pytest

from graphql_api.data.dynamo import memory
from graphql_api.data.dynamo.memory import AnswerMemory, AnswerShare, MemoryBudget, NoMemory
from graphql_api.data.limits import KB, UNSHARED_BYTES


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_callers_get_memory_in_the_order_in_which_they_came() -> None:
    budget, order = MemoryBudget(10), []

    async def use(name: str, size: int) -> None:
        await budget.take(size)
        order.append(name)

    await budget.take(8)
    waiting = []
    for name, size in (("large", 9), ("small", 1), ("middle", 5)):
        waiting.append(asyncio.create_task(use(name, size)))
        await settle()
    assert order == []  # the small one would fit, but must not overtake the large one
    budget.give_back(8)
    await settle()
    assert order == ["large", "small"]
    budget.give_back(9)
    await asyncio.gather(*waiting)
    assert order == ["large", "small", "middle"]
    assert budget.free_bytes == 10 - 1 - 5


async def test_a_caller_that_waited_too_long_takes_nothing() -> None:
    budget = MemoryBudget(10, wait_s=0.01)
    await budget.take(4)
    with pytest.raises(NoMemory):
        await budget.take(7)
    assert not budget.has_waiters
    assert budget.take_now(6)
    budget.give_back(10)
    assert budget.free_bytes == 10


@pytest.mark.parametrize("is_served", [True, False])
async def test_a_cancelled_caller_takes_nothing_and_lets_the_next_one_go(is_served: bool) -> None:  # noqa: FBT001 - a parameter of the test
    budget = MemoryBudget(10)
    await budget.take(10)
    first = asyncio.create_task(budget.take(10))
    second = asyncio.create_task(budget.take(3))
    await settle()
    if is_served:
        budget.give_back(10)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    if not is_served:
        budget.give_back(10)
    await second
    assert budget.free_bytes == 7


async def test_a_caller_that_wants_more_than_everything_gets_everything() -> None:
    budget = MemoryBudget(10)
    async with budget.hold(50):
        assert budget.free_bytes == 0
    assert budget.free_bytes == 10


async def test_a_request_takes_its_memory_once() -> None:
    answers = AnswerMemory(1000 * KB)
    share = AnswerShare(answers)
    await asyncio.gather(*(share.take(600 * KB) for _ in range(3)))
    assert share.take_now(600 * KB)
    assert answers.budget.free_bytes == 400 * KB
    share.shrink(100 * KB)
    assert answers.budget.free_bytes == 900 * KB
    share.shrink(UNSHARED_BYTES)
    share.release()
    assert answers.budget.free_bytes == 1000 * KB


async def test_slow_answers_are_ended_only_while_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "SLOW_ANSWER_S", 0.05)
    monkeypatch.setattr(memory, "_TICK_S", 0.01)
    answers = AnswerMemory(1000 * KB)
    slow, ended = AnswerShare(answers), asyncio.Event()
    await slow.take(900 * KB)
    with answers.sending(ended.set):
        await asyncio.sleep(0.2)
        assert not ended.is_set()
        waiting = asyncio.create_task(AnswerShare(answers).take(500 * KB))
        await asyncio.wait_for(ended.wait(), 60)
    slow.release()
    await asyncio.wait_for(waiting, 60)
