"""The slots of a host: their number, their order between owners, and killed processes."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.sandbox import slot_table, slots
from judge.sandbox.slots import SlotPool, WaitCancelled
from tests.support.waiting import PATIENCE_S, wait_until


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[SlotPool]:
    pool = SlotPool(tmp_path, 2)
    yield pool
    pool.close()


@pytest.fixture
def single(tmp_path: Path) -> Iterator[SlotPool]:
    """A pool with one slot."""
    pool = SlotPool(tmp_path, 1)
    yield pool
    pool.close()


class Crowd:
    """Threads that take a slot. Each writes its name to `granted` and holds until `release`."""

    def __init__(self) -> None:
        self.granted: list[str] = []
        self._events: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def join(self, pool: SlotPool, name: str, cancelled: Callable[[], bool] | None = None) -> None:
        """Start a thread of the owner whose name is the first letter, and wait until it waits."""
        before = waiting_count(pool) + len(self.granted)
        self._events[name] = threading.Event()
        thread = threading.Thread(target=self._hold, args=(pool, name, cancelled))
        self._threads.append(thread)
        thread.start()
        wait_until(f"{name} to wait", lambda: waiting_count(pool) + len(self.granted) > before)

    def _hold(self, pool: SlotPool, name: str, cancelled: Callable[[], bool] | None) -> None:
        with contextlib.suppress(WaitCancelled), pool.take(cancelled, name[0]):
            self.granted.append(name)
            assert self._events[name].wait(PATIENCE_S)

    def release(self, name: str, *, then: int) -> None:
        """End a thread's hold and wait until `then` slots have been granted altogether."""
        self._events[name].set()
        wait_until(f"{then} grants", lambda: len(self.granted) >= then)

    def end(self) -> None:
        for event in self._events.values():
            event.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.end()


def waiting_count(pool: SlotPool) -> int:
    """Return the number of threads of all processes that wait for a slot."""
    return len(pool._table._waiting())


def test_each_holder_has_a_slot_of_its_own(pool: SlotPool) -> None:
    with pool.take() as one, pool.take() as other:
        assert {one, other} == {0, 1}


def test_who_waits_is_woken_when_a_slot_is_freed(
    single: SlotPool, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "LOCAL_POLL_S", 600)
    with single.take():
        crowd.join(single, "a")
    wait_until("the grant", lambda: crowd.granted, timeout_s=60)


def test_waiting_ends_when_cancelled(pool: SlotPool) -> None:
    with pool.take(), pool.take(), pytest.raises(WaitCancelled), pool.take(lambda: True):
        pass
    assert waiting_count(pool) == 0


def test_a_cancelled_wait_ends_at_once_if_the_pool_is_asked_to_check(
    single: SlotPool, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "LOCAL_POLL_S", 600)
    stop = threading.Event()
    with single.take():
        crowd.join(single, "a", stop.is_set)
        stop.set()
        single.recheck_cancelled()
        wait_until("the end of the wait", lambda: waiting_count(single) == 0, timeout_s=60)
    assert crowd.granted == []


def test_pools_of_the_same_directory_share_the_slots(pool: SlotPool, tmp_path: Path) -> None:
    other = SlotPool(tmp_path, 2)
    with pool.take() as one, other.take() as two:
        assert {one, two} == {0, 1}
        with pytest.raises(WaitCancelled), other.take(lambda: True):
            pass
    other.close()


@pytest.mark.parametrize("foreign", [False, True], ids=["one process", "two processes"])
def test_a_user_without_a_slot_gets_the_next_one_before_all_threads_of_others(
    pool: SlotPool, crowd: Crowd, tmp_path: Path, *, foreign: bool
) -> None:
    other = SlotPool(tmp_path, 2) if foreign else pool
    for name in ("a1", "b1", "a2", "a3", "b2", "b3"):
        crowd.join(pool, name)
    crowd.join(other, "new")
    crowd.release("a1", then=3)
    assert crowd.granted == ["a1", "b1", "new"]
    crowd.end()
    if foreign:
        other.close()


def test_a_slot_goes_to_the_user_with_the_fewest_and_not_to_the_oldest_thread(
    pool: SlotPool, crowd: Crowd
) -> None:
    for name in ("a1", "a2", "a3", "b1"):
        crowd.join(pool, name)
    crowd.release("a1", then=3)
    # Each holds one slot, and Ada's thread has waited longest.
    crowd.release("b1", then=4)
    assert crowd.granted == ["a1", "a2", "b1", "a3"]


def test_users_take_turns_on_one_slot_however_many_threads_each_has(
    single: SlotPool, crowd: Crowd
) -> None:
    for name in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
        crowd.join(single, name)
    for count in range(2, 8):
        crowd.release(crowd.granted[-1], then=count)
    assert crowd.granted == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]


def test_a_holder_gives_way_only_to_those_who_would_get_the_slot_before_it(
    pool: SlotPool, crowd: Crowd
) -> None:
    with pool.take(owner="a") as first:
        assert not pool.is_wanted(first)
        with pool.take(owner="b") as second:
            crowd.join(pool, "a2")
            assert pool.is_wanted(first), "it takes turns with the same user's other submission"
            assert not pool.is_wanted(second), "Ada holds one already"
            crowd.join(pool, "new")
            assert pool.is_wanted(first)
            assert pool.is_wanted(second)


def test_a_submission_does_not_give_way_to_itself(single: SlotPool, crowd: Crowd) -> None:
    stop = threading.Event()
    with single.take(stop.is_set, "a") as slot:
        crowd.join(single, "a2", stop.is_set)
        assert not single.is_wanted(slot)
        crowd.join(single, "a3")
        assert single.is_wanted(slot)


def test_an_owner_who_waited_without_a_slot_keeps_it_after_the_first_program(
    single: SlotPool, crowd: Crowd
) -> None:
    for name in ("x1", "a1", "b1"):
        crowd.join(single, name)
    crowd.release("x1", then=2)
    assert crowd.granted == ["x1", "a1"]
    assert single.is_wanted(0)
    assert not single.should_give_way(0)


def test_an_owner_who_had_a_slot_during_the_wait_gives_way_after_each_program(
    single: SlotPool, crowd: Crowd
) -> None:
    for name in ("a1", "a2", "b1", "b2"):
        crowd.join(single, name)
    crowd.release("a1", then=2)
    crowd.release("b1", then=3)
    assert crowd.granted == ["a1", "b1", "a2"]
    assert single.should_give_way(0)


def test_an_owner_with_two_slots_gives_way_to_one_without(pool: SlotPool, crowd: Crowd) -> None:
    with pool.take(owner="a") as first, pool.take(owner="a") as second:
        assert not pool.should_give_way(first)
        crowd.join(pool, "new")
        assert pool.should_give_way(first)
        assert pool.should_give_way(second)


def test_who_gives_way_gets_the_slot_after_those_who_waited(single: SlotPool, crowd: Crowd) -> None:
    with single.take(owner="a") as slot:
        for name in ("b1", "c1"):
            crowd.join(single, name)
        for name in ("b1", "c1"):
            crowd._events[name].set()
        assert single.retake(slot) == slot
        assert crowd.granted == ["b1", "c1"]
        with pytest.raises(WaitCancelled), single.take(lambda: True):
            pass


def test_who_is_cancelled_after_giving_way_holds_no_slot(single: SlotPool, crowd: Crowd) -> None:
    stop = threading.Event()
    with contextlib.suppress(WaitCancelled), single.take(stop.is_set, "a") as slot:
        crowd.join(single, "b1")
        stop.set()
        single.retake(slot)
        pytest.fail("The wait was not cancelled.")
    wait_until("the grant", lambda: crowd.granted == ["b1"])
    crowd.end()
    with single.take() as slot:
        assert slot == 0


def test_more_threads_than_the_table_has_records_still_get_their_slots(
    single: SlotPool, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot_table, "WAITERS", 2)
    with single.take():
        for name in ("a1", "a2"):
            crowd.join(single, name)
        late = threading.Thread(target=lambda: crowd._hold(single, "late", None))
        crowd._events["late"] = threading.Event()
        late.start()
    for name, count in (("a1", 2), ("a2", 3)):
        crowd.release(name, then=count)
    assert set(crowd.granted) == {"a1", "a2", "late"}
    crowd.end()
    late.join()


def hold(directory: Path, name: str, ready: Any) -> None:
    """Take the only slot in another process, and hold it until SIGUSR1 arrives."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    pool = SlotPool(directory, 1)
    ready.set()
    with pool.take(owner=name[0]):
        with (directory / "grants").open("a") as grants:
            grants.write(f"{name} ")
        signal.sigwait({signal.SIGUSR1})


class Processes:
    """Processes that take the only slot, each for the owner whose name is the first letter."""

    def __init__(self, directory: Path) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._directory = directory
        self._all: dict[str, Any] = {}

    def start(self, name: str, pool: SlotPool, waiting: int) -> None:
        """Start a process, and wait until `waiting` threads of the host wait for a slot."""
        ready = self._context.Event()
        process = self._context.Process(target=hold, args=(self._directory, name, ready))
        process.start()
        self._all[name] = process
        assert ready.wait(PATIENCE_S)
        wait_until(f"{name} to wait", lambda: waiting_count(pool) == waiting)

    def signal(self, name: str, number: int) -> None:
        os.kill(self._all[name].pid, number)
        if number == signal.SIGKILL:
            self._all[name].join()

    def grants(self, count: int) -> list[str]:
        """Wait for this number of grants, and return the names in their order."""
        path = self._directory / "grants"
        wait_until(
            f"{count} grants", lambda: path.exists() and path.read_text().count(" ") >= count
        )
        return path.read_text().split()

    def end(self) -> None:
        for process in self._all.values():
            process.kill()
            process.join()
            process.close()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path)
    yield processes
    processes.end()


@pytest.mark.slow
def test_what_a_killed_process_held_is_free(single: SlotPool, processes: Processes) -> None:
    processes.start("ada", single, waiting=0)
    assert processes.grants(1) == ["ada"]
    with pytest.raises(WaitCancelled), single.take(lambda: True):
        pass
    processes.signal("ada", signal.SIGKILL)
    with single.take() as slot:
        assert slot == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_or_stopped_process_does_not_keep_others_waiting(
    single: SlotPool, processes: Processes, number: int
) -> None:
    with single.take(owner="x"):
        processes.start("ada", single, waiting=1)
        processes.start("bob", single, waiting=2)
        processes.signal("ada", number)
    assert processes.grants(1) == ["bob"]


@pytest.mark.slow
def test_users_of_many_processes_take_turns(single: SlotPool, processes: Processes) -> None:
    names = ("a1", "a2", "a3", "b1", "b2", "c1")
    with single.take(owner="x"):
        for count, name in enumerate(names, 1):
            processes.start(name, single, waiting=count)
    for count in range(1, len(names)):
        processes.signal(processes.grants(count)[-1], signal.SIGUSR1)
    assert processes.grants(len(names)) == ["a1", "b1", "c1", "a2", "b2", "a3"]


@pytest.mark.slow
def test_no_slot_is_given_twice_and_none_is_lost_among_killed_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=take_often, args=(tmp_path, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    counts = [tmp_path / f"count-{n}" for n in range(4)]
    for number, worker in enumerate(workers[:2]):
        wait_until("some grants", lambda n=number: size(counts[n]) > 20)  # type: ignore[misc]
        worker.kill()
    for worker in workers:
        worker.join(PATIENCE_S)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL] * 2 + [0, 0]
    pool = SlotPool(tmp_path, 2)
    with pool.take() as one, pool.take() as other:
        assert {one, other} == {0, 1}
    pool.close()


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def take_often(directory: Path, number: int) -> None:
    """Take slots in four threads. Fail if another process is in the same slot."""
    pool = SlotPool(directory, 2)
    faults: list[int] = []

    def work(owner: str) -> None:
        for _ in range(100):
            with pool.take(owner=owner) as slot:
                marker = directory / f"{slot}.pid"
                marker.write_text(str(os.getpid()))
                with (directory / f"count-{number}").open("a") as count:
                    count.write(".")
                if marker.read_text() != str(os.getpid()):
                    faults.append(slot)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in "aabc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(len(faults))
