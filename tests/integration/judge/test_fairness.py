"""Fairness: two users have many slow programs, and a third user waits for a slot."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from graphql_api.data.enums import Verdict
from judge.custom_run import run_custom
from judge.judge import Judge
from judge.models import JudgeCancelled
from judge.sandbox.sandbox import SlotSession
from judge.sandbox.slots import SlotPool
from tests.support.judging import ask, open_judge, write_cases
from tests.support.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

ATTACKERS = ("mallory", "trudy")
THREADS_PER_ATTACKER = 3
# Enough programs to see that the attackers have reached a steady state.
SOME = 6
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


def submit(judge: Judge, folder: Path, code: str, owner: str, stop: threading.Event) -> object:
    tests = write_cases(folder, *[("", "1")] * 20)
    return ask(judge, "python", code, tests, owner=owner, cancelled=stop.is_set)


def sleepers(judge: Judge, folder: Path, owner: str, stop: threading.Event) -> object:
    return submit(judge, folder, SLEEPS, owner, stop)


def spinners(judge: Judge, folder: Path, owner: str, stop: threading.Event) -> object:
    return submit(judge, folder, SPINS, owner, stop)


def compilers(judge: Judge, _folder: Path, owner: str, stop: threading.Event) -> object:
    code = COMPILES.format(number=next(_numbers))
    return ask(judge, "cpp", code, [], owner=owner, cancelled=stop.is_set)


def custom_runs(judge: Judge, _folder: Path, owner: str, stop: threading.Event) -> object:
    return run_as(judge, SLEEPS, owner, stop.is_set)


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


@pytest.fixture(scope="module", params=[1, 2], ids=["one slot", "two slots"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Judge]:
    work_dir = tmp_path_factory.mktemp("judge")
    with open_judge(work_dir, slots=request.param, languages=("python", "cpp")) as judge:
        yield judge


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Everything that happens in the slots: (waits, owner), (gets, owner) and (runs, "")."""
    events: list[tuple[str, str]] = []
    take, run = SlotPool.take, SlotSession.run

    @contextmanager
    def recording_take(self: SlotPool, cancelled: Any = None, owner: str = "") -> Iterator[int]:
        events.append(("waits", owner))
        with take(self, cancelled, owner) as slot:
            events.append(("gets", owner))
            yield slot

    def recording_run(self: SlotSession, *given: Any, **named: Any) -> Any:
        events.append(("runs", ""))
        return run(self, *given, **named)

    monkeypatch.setattr(SlotPool, "take", recording_take)
    monkeypatch.setattr(SlotSession, "run", recording_run)
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


def programs_before(events: list[tuple[str, str]], owner: str) -> list[int]:
    """Return the number of programs that started during each of an owner's waits for a slot."""
    counts: list[int] = []
    runs = begun = 0
    for kind, of in events:
        runs += kind == "runs"
        if (kind, of) == ("waits", owner):
            begun = runs
        elif (kind, of) == ("gets", owner):
            counts.append(runs - begun)
    return counts


@pytest.mark.parametrize(
    "attack",
    [
        sleepers,
        *(pytest.param(each, marks=pytest.mark.thorough) for each in (spinners, compilers)),
        pytest.param(custom_runs, marks=pytest.mark.thorough),
    ],
)
def test_a_user_without_a_slot_waits_for_at_most_one_program_of_each_other_user(
    judge: Judge, tmp_path: Path, events: list[tuple[str, str]], attack: Attack
) -> None:
    (tmp_path / "new").mkdir()
    tests = write_cases(tmp_path / "new", ("", "1"))
    with attacking(judge, tmp_path, attack):
        wait_until("the attack", lambda: events.count(("runs", "")) >= SOME)
        code = f"print(1)  # {next(_numbers)}"
        assert ask(judge, "python", code, tests, owner="new").verdict is Verdict.AC
        assert run_as(judge, code, "new too", None).verdict is Verdict.AC
    waits = programs_before(events, "new") + programs_before(events, "new too")
    # The check of the syntax and the test of the submission; the custom run.
    assert len(waits) == 3
    # Each attacker may have waited longer without a slot, for one program. Each has three threads.
    assert max(waits) <= len(ATTACKERS)
