import multiprocessing
import threading
import time

import pytest

from judge.sandbox import slots
from judge.sandbox.slots import SlotPool, WaitCancelled
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def pool(tmp_path):
    pool = SlotPool(tmp_path, 2)
    yield pool
    pool.close()


def test_each_holder_has_a_slot_of_its_own(pool):
    with pool.take() as one, pool.take() as other:
        assert {one, other} == {0, 1}


def test_who_waits_is_woken_when_a_slot_is_freed(pool, monkeypatch):
    monkeypatch.setattr(slots, "LOCAL_POLL_S", 60)
    got = threading.Event()

    def wait():
        with pool.take():
            got.set()

    with pool.take(), pool.take():
        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.05)
        assert not got.is_set()
    assert got.wait(45)
    waiter.join()


def test_waiting_ends_when_cancelled(pool):
    with pool.take(), pool.take(), pytest.raises(WaitCancelled), pool.take(lambda: True):
        pass


def test_pools_of_the_same_directory_share_the_slots(pool, tmp_path):
    other = SlotPool(tmp_path, 2)
    with pool.take() as one, other.take() as two:
        assert {one, two} == {0, 1}
        with pytest.raises(WaitCancelled), other.take(lambda: True):
            pass
    other.close()


def hold(directory, ready):
    with SlotPool(directory, 1).take():
        ready.set()
        time.sleep(60)


@pytest.mark.slow
def test_what_a_killed_process_held_is_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path, ready))
    process.start()
    assert ready.wait(PATIENCE_S)
    pool = SlotPool(tmp_path, 1)
    with pytest.raises(WaitCancelled), pool.take(lambda: True):
        pass
    process.kill()
    process.join()
    with pool.take() as slot:
        assert slot == 0
    pool.close()
    process.close()
