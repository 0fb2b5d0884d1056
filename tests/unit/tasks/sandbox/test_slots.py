import multiprocessing
import threading
import time

import pytest

from tasks.sandbox.slots import SlotPool, WaitCancelled


@pytest.fixture
def pool(tmp_path):
    pool = SlotPool(tmp_path, 2)
    yield pool
    pool.close()


def test_each_holder_has_a_slot_of_its_own(pool):
    with pool.take() as one, pool.take() as other:
        assert {one, other} == {0, 1}


def test_a_freed_slot_is_taken_at_once(pool):
    got = []

    def wait():
        with pool.take() as slot:
            got.append((slot, time.monotonic()))

    with pool.take(), pool.take():
        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.05)
        assert got == []
        freed = time.monotonic()
    waiter.join()
    assert got[0][1] - freed < 0.05


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
    assert ready.wait(20)
    pool = SlotPool(tmp_path, 1)
    with pytest.raises(WaitCancelled), pool.take(lambda: True):
        pass
    process.kill()
    process.join()
    with pool.take() as slot:
        assert slot == 0
    pool.close()
    process.close()
