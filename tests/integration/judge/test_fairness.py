"""Fairness: two users have many slow programs, and other users wait for a slot."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graphql_api.data.enums import CheckerConvention, Comparer, Verdict
from graphql_api.data.records import Checker
from judge.custom_run import run_custom
from judge.judge import Judge
from judge.models import JudgeCancelled
from judge.sandbox.sandbox import SlotSession
from judge.sandbox.slot_table import digest_owner
from judge.sandbox.slots import SlotPool
from tests.support.judging import ask, open_judge, write_cases
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

ATTACKERS = ("mallory", "trudy")
THREADS_PER_ATTACKER = 3
# Enough programs to see that the attackers have reached a steady state.
SOME = 12
SLEEPS = "import time\ntime.sleep(0.3)\nprint(1)"
SPINS = "import time\nwhile time.process_time() < 0.3: pass\nprint(1)"
COMPILES = """
constexpr int work() {{
    int sum = {number};
    for (int i = 0; i < 10; i++) for (int j = 0; j < 40000; j++) sum ^= j;
    return sum;
}}
constexpr int result = work();
int main() {{ return result == 0; }}
"""
_numbers = itertools.count()
Attack = Callable[[Judge, Path, str, threading.Event], object]


def fresh(code: str) -> str:
    """Return Python code that was not compiled before."""
    return f"{code}  # {next(_numbers)}"


def submit(judge: Judge, folder: Path, code: str, owner: str, stop: threading.Event) -> object:
    tests = write_cases(folder, *[("", "1")] * 20)
    return ask(judge, "python", fresh(code), tests, owner=owner, cancelled=stop.is_set)


def sleepers(judge: Judge, folder: Path, owner: str, stop: threading.Event) -> object:
    return submit(judge, folder, SLEEPS, owner, stop)


def spinners(judge: Judge, folder: Path, owner: str, stop: threading.Event) -> object:
    return submit(judge, folder, SPINS, owner, stop)


def compilers(judge: Judge, folder: Path, owner: str, stop: threading.Event) -> object:
    code = COMPILES.format(number=next(_numbers))
    tests = write_cases(folder, ("", ""))
    return ask(judge, "cpp", code, tests, owner=owner, cancelled=stop.is_set)


def custom_runs(judge: Judge, _folder: Path, owner: str, stop: threading.Event) -> object:
    return run_as(judge, fresh(SLEEPS), owner, stop.is_set)


def run_as(judge: Judge, code: str, owner: str, cancelled: Callable[[], bool] | None) -> Any:
    """Run Python code for an owner, with the limits of a custom run."""
    return run_custom(
        judge,
        "python",
        code,
        b"",
        time_limit_ms=5000,
        memory_limit_kb=128 * 1024,
        wall_ms=20_000,
        owner=owner,
        cancelled=cancelled,
    )


def submit_one(judge: Judge, folder: Path, owner: str) -> Any:
    tests = write_cases(folder, ("", "1"))
    return ask(judge, "python", fresh("print(1)"), tests, owner=owner)


def submit_checked(judge: Judge, folder: Path, owner: str) -> Any:
    return submit_with(judge, folder, owner, Comparer.CHECKER, "exit(42)")


def submit_interactive(judge: Judge, folder: Path, owner: str) -> Any:
    return submit_with(judge, folder, owner, Comparer.INTERACTIVE, "input()\nexit(42)")


def submit_with(judge: Judge, folder: Path, owner: str, comparer: Comparer, code: str) -> Any:
    """Submit a program to a problem whose checker was not compiled before."""
    checker = Checker(language="python", code=fresh(code), convention=CheckerConvention.ICPC)
    tests = write_cases(folder, ("", "1"))
    more = {"owner": owner, "comparer": comparer, "checker": checker}
    return ask(judge, "python", fresh("print(1)"), tests, **more)


def run_one(judge: Judge, _folder: Path, owner: str) -> Any:
    return run_as(judge, fresh("print(1)"), owner, None)


# The requests of the users who come during an attack, one after the other.
NEWCOMERS: dict[str, Callable[[Judge, Path, str], Any]] = {
    "ada": submit_one,
    "bob": submit_checked,
    "cy": submit_interactive,
    "dan": run_one,
}


@pytest.fixture(scope="module", params=[1, 2], ids=["one slot", "two slots"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Judge]:
    work_dir = tmp_path_factory.mktemp("judge")
    with open_judge(work_dir, slots=request.param, languages=("python", "cpp")) as judge:
        yield judge


@dataclass
class Events:
    """The events of the slots, in order: (waits, owner), (gets, owner) and (runs, "")."""

    all: list[tuple[str, str]] = field(default_factory=list)

    @property
    def program_count(self) -> int:
        return sum(kind == "runs" for kind, _ in self.all)

    def programs_before(self, owner: str) -> list[int]:
        """Return the number of programs that started during each of an owner's waits."""
        counts: list[int] = []
        runs = begun = 0
        for kind, of in self.all:
            runs += kind == "runs"
            if (kind, of) == ("waits", owner):
                begun = runs
            elif (kind, of) == ("gets", owner):
                counts.append(runs - begun)
        return counts


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    events = Events()
    names = {digest_owner(owner): owner for owner in (*ATTACKERS, *NEWCOMERS)}
    wait = SlotPool._wait

    def recording_wait(self: SlotPool, waiter: Any) -> int:
        events.all.append(("waits", names[waiter.owner]))
        slot = wait(self, waiter)
        events.all.append(("gets", names[waiter.owner]))
        return slot

    def recording(run: Any) -> Any:
        def record(self: SlotSession, *given: Any, **named: Any) -> Any:
            events.all.append(("runs", ""))
            return run(self, *given, **named)

        return record

    monkeypatch.setattr(SlotPool, "_wait", recording_wait)
    for name in ("run", "run_pair"):
        monkeypatch.setattr(SlotSession, name, recording(getattr(SlotSession, name)))
    return events


@contextmanager
def attacking(judge: Judge, folder: Path, attack: Attack) -> Iterator[None]:
    """Let each attacker repeat the attack in several threads during the block."""
    stop = threading.Event()

    def repeat(owner: str, scratch: Path) -> None:
        scratch.mkdir()
        with suppress(JudgeCancelled):
            while not stop.is_set():
                attack(judge, scratch, owner, stop)

    threads = [
        threading.Thread(target=repeat, args=(owner, folder / f"{owner}-{number}"))
        for owner in ATTACKERS
        for number in range(THREADS_PER_ATTACKER)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)


@pytest.mark.parametrize(
    "attack",
    [
        sleepers,
        *(pytest.param(each, marks=pytest.mark.thorough) for each in (spinners, compilers)),
        pytest.param(custom_runs, marks=pytest.mark.thorough),
    ],
)
def test_a_user_without_a_slot_waits_once_for_at_most_one_program_of_each_other_user(
    judge: Judge, tmp_path: Path, events: Events, attack: Attack
) -> None:
    (tmp_path / "new").mkdir()
    with attacking(judge, tmp_path, attack):
        wait_until("the attack", lambda: events.program_count >= SOME)
        for owner, request in NEWCOMERS.items():
            assert request(judge, tmp_path / "new", owner).verdict is Verdict.AC
    waits = {owner: events.programs_before(owner) for owner in NEWCOMERS}
    # A program and its checker are compiled and run in the same turn.
    assert {owner: len(counts) for owner, counts in waits.items()} == dict.fromkeys(NEWCOMERS, 1)
    # Each attacker may have waited longer without a slot, for one program. Each has three threads.
    assert all(max(counts) <= len(ATTACKERS) for counts in waits.values()), waits
