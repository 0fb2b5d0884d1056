"""Custom runs in a real sandbox, from the board on a real Redis and back to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from graphql_api.data.enums import RunStatus
from graphql_api.data.limits import RUN_OUTPUT_BYTES
from graphql_api.data.redis.custom_runs import (
    CLAIM_LIFE_MS,
    RunAnswer,
    RunBoard,
    RunRequest,
    open_run_board,
)
from judge.judge import Judge
from tasks.handlers.custom_runs import CustomRunHandler, truncate_output
from tests.support.judging import WatchedJudge
from tests.support.senders import RecordingSender
from tests.support.settings import make_settings
from tests.support.waiting import PATIENCE_S, wait_until_async

pytestmark = [pytest.mark.slow, pytest.mark.redis, pytest.mark.sandbox]

ECHO = RunRequest(
    language="python",
    code="import sys\nsys.stdout.write(sys.stdin.read())\n",
    stdin="한글\x00\r\n",
    time_limit_ms=2000,
    memory_limit_kb=262_144,
)


@pytest.fixture
async def board(redis_url: str) -> AsyncIterator[RunBoard]:
    async with open_run_board(make_settings(redis_url=redis_url)) as found:
        yield found


@pytest.fixture
def sent() -> RecordingSender:
    return RecordingSender()


@pytest.fixture
def make_runs(
    board: RunBoard, judge: Judge, sent: RecordingSender
) -> Iterator[Callable[..., CustomRunHandler]]:
    with ThreadPoolExecutor(4) as threads:

        def make(judge: Judge = judge, **settings: Any) -> CustomRunHandler:
            return CustomRunHandler(
                settings=make_settings(**settings),
                board=board,
                judge=judge,
                sender=sent,
                threads=threads,
            )

        yield make


@pytest.fixture
def runs(make_runs: Callable[..., CustomRunHandler]) -> CustomRunHandler:
    return make_runs()


async def begun(board: RunBoard, run_id: str) -> None:
    """Wait until a worker has claimed the run."""

    async def check() -> bool:
        return await board.has_begun(run_id)

    await wait_until_async(f"the claim of {run_id}", check)


async def answer_of(runs: CustomRunHandler, board: RunBoard, request: RunRequest) -> RunAnswer:
    await board.put_request("one", request)
    await runs.run("ann", "one")
    found = await board.get_answer("one")
    assert found is not None
    return found


async def test_a_program_reads_its_input_and_its_output_comes_back_unchanged(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    found = await answer_of(runs, board, ECHO)
    assert (found.status, found.output, found.error) == (RunStatus.OK, ECHO.stdin, "")
    assert (found.exit_code, found.signal, found.compile_output) == (0, None, "")
    assert found.cpu_ms >= 0
    assert found.wall_ms > 0
    assert found.peak_kb > 0
    assert await board.get_request("one") is None


@pytest.mark.parametrize(
    ("language", "code", "status", "said"),
    [
        ("python", "raise SystemExit(3)", RunStatus.RE, ""),
        ("python", "raise ValueError('so')", RunStatus.RE, "ValueError: so"),
        ("python", "while True: pass", RunStatus.TLE, ""),
        ("python", "import time; time.sleep(60)", RunStatus.ILE, ""),
        ("python", "x = b'x' * (512 << 20); print(len(x))", RunStatus.MLE, ""),
        ("python", "while True: print('x' * 100000)", RunStatus.OLE, ""),
        ("c", "#include <stdlib.h>\nint main(void) { abort(); }", RunStatus.RE, ""),
    ],
)
async def test_the_status_describes_how_the_program_ended(
    *,
    runs: CustomRunHandler,
    board: RunBoard,
    language: str,
    code: str,
    status: RunStatus,
    said: str,
) -> None:
    # The shorter the limit, the smaller is the share of a CPU that a loaded host must give.
    time_limit_ms = {RunStatus.TLE: 50, RunStatus.ILE: 500}.get(status, 10_000)
    request = replace(ECHO, language=language, code=code, time_limit_ms=time_limit_ms)
    found = await answer_of(runs, board, request)
    assert found.status is status
    assert said in found.error
    assert (found.signal == "SIGABRT") == (language == "c")


async def test_what_does_not_compile_comes_back_with_what_the_compiler_said(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    found = await answer_of(runs, board, replace(ECHO, language="cpp", code="int main() { retrun"))
    assert found.status is RunStatus.CE
    assert "retrun" in found.compile_output
    assert (found.output, found.exit_code) == ("", None)


async def test_long_output_and_error_are_cut_at_64_kb_and_said_to_be(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    code = "import sys\nprint('é' * 60000)\nsys.stderr.write('e' * 70000)\n"
    found = await answer_of(runs, board, replace(ECHO, code=code))
    assert found.status is RunStatus.OK
    assert (found.output_truncated, found.error_truncated) == (True, True)
    assert set(found.output) == {"é"}
    assert len(found.output.encode()) == RUN_OUTPUT_BYTES
    assert found.error == "e" * RUN_OUTPUT_BYTES


async def test_a_language_that_is_not_here_is_no_answer_of_the_program(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    found = await answer_of(runs, board, replace(ECHO, language="cobol"))
    assert found.status is None
    assert "cobol" in found.message


async def test_what_is_answered_or_withdrawn_is_not_run_again(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    first = await answer_of(runs, board, ECHO)
    await runs.run("ann", "one")
    assert await board.get_answer("one") == first
    await board.put_request("two", ECHO)
    await board.withdraw("two")
    await runs.run("ann", "two")
    assert await board.get_answer("two") is None


async def test_all_waiting_callers_get_the_first_of_two_answers(board: RunBoard) -> None:
    waiting = [asyncio.create_task(board.wait("one", 10)) for _ in range(5)]
    await asyncio.sleep(0.1)
    first = RunAnswer(status=RunStatus.OK, output="first")
    await board.put_answer("one", first)
    await board.put_answer("one", RunAnswer(status=RunStatus.RE, output="second"))
    assert await asyncio.gather(*waiting) == [first] * 5
    assert await board.wait("one", 1) == first


async def test_no_answer_in_time_is_none(board: RunBoard) -> None:
    assert await board.wait("nobody", 0.2) is None


async def test_an_interrupted_run_ends_its_program_and_is_run_by_the_next(
    runs: CustomRunHandler, board: RunBoard
) -> None:
    slow = replace(ECHO, code="import time\ntime.sleep(8)", time_limit_ms=10_000)
    await board.put_request("one", slow)
    running = asyncio.create_task(runs.run("ann", "one"))
    await begun(board, "one")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await board.get_answer("one") is None
    assert await board.get_request("one") == slow


async def test_while_one_worker_has_a_run_others_look_again_later(
    make_runs: Callable[..., CustomRunHandler], judge: Judge, board: RunBoard, sent: RecordingSender
) -> None:
    watched = WatchedJudge(judge)
    runs = make_runs(watched)
    await board.put_request("one", ECHO)
    running = asyncio.create_task(runs.run("ann", "one"))
    await begun(board, "one")
    await runs.run("ann", "one")
    assert sent.runs == [("ann", "one", "python", CLAIM_LIFE_MS)]
    assert await board.get_answer("one") is None
    watched.may_return.set()
    await running
    assert await board.get_answer("one") is not None
    assert not await board.has_begun("one")


async def test_a_claim_lasts_while_the_program_runs_and_not_for_long_after_a_crash(
    make_runs: Callable[..., CustomRunHandler],
    judge: Judge,
    board: RunBoard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("graphql_api.data.redis.custom_runs", "tasks.handlers.custom_runs"):
        monkeypatch.setattr(f"{module}.CLAIM_LIFE_MS", 1500)
    watched = WatchedJudge(judge)
    await board.put_request("one", ECHO)
    running = asyncio.create_task(make_runs(watched).run("ann", "one"))
    await begun(board, "one")
    await asyncio.sleep(2)
    assert not await board.begin("one", "another")
    watched.may_return.set()
    await running
    await board.put_request("two", ECHO)
    assert await board.begin("two", "of a worker that dies")

    async def claimed() -> bool:
        return await board.begin("two", "another")

    await wait_until_async("the end of the dead worker's claim", claimed)


async def test_a_withdrawn_run_is_stopped(
    runs: CustomRunHandler, board: RunBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.handlers.custom_runs.CLAIM_LIFE_MS", 300)
    await board.put_request(
        "one", replace(ECHO, code="import time\ntime.sleep(90)", time_limit_ms=50_000)
    )
    running = asyncio.create_task(runs.run("ann", "one"))
    await begun(board, "one")
    await board.withdraw("one")
    await asyncio.wait_for(running, PATIENCE_S)
    assert await board.get_answer("one") is None


async def test_compiling_and_running_take_no_longer_than_the_settings_say(
    make_runs: Callable[..., CustomRunHandler], board: RunBoard
) -> None:
    await board.put_request(
        "one", replace(ECHO, code="import time\ntime.sleep(60)", time_limit_ms=10_000)
    )
    await make_runs(run_seconds=2).run("ann", "one")
    found = await board.get_answer("one")
    assert found is not None
    assert found.status is RunStatus.ILE
    # Compiling takes a part of the time and leaves at least one second.
    assert 1000 <= found.wall_ms < 10_000


async def test_a_compiler_that_takes_too_long_is_stopped(
    make_runs: Callable[..., CustomRunHandler], board: RunBoard
) -> None:
    deep = "template<int n, int m> struct F { static const long v = F<n-1,m>::v + F<n-1,m+1>::v; };"
    base = "template<int m> struct F<0, m> { static const long v = m; };"
    code = f"{deep}\n{base}\nint main() {{ return F<800, 0>::v; }}"
    await board.put_request("one", replace(ECHO, language="cpp", code=code))
    await make_runs(run_seconds=2).run("ann", "one")
    found = await board.get_answer("one")
    assert found is not None
    assert found.status is RunStatus.CE
    assert (
        "The compiler was stopped. The limit of 2000 ms of wall time was exceeded."
        in found.compile_output
    )


@pytest.mark.parametrize(
    ("raw", "shown", "is_cut"),
    [
        (b"", "", False),
        (b"x" * RUN_OUTPUT_BYTES, "x" * RUN_OUTPUT_BYTES, False),
        (b"x" * (RUN_OUTPUT_BYTES + 1), "x" * RUN_OUTPUT_BYTES, True),
        (
            b"x" + "é".encode() * (RUN_OUTPUT_BYTES // 2),
            "x" + "é" * (RUN_OUTPUT_BYTES // 2 - 1),
            True,
        ),
        (b"\xff", "\ufffd", False),
        (b"\xff" * RUN_OUTPUT_BYTES, "\ufffd" * (RUN_OUTPUT_BYTES // 3), True),
    ],
)
def test_text_is_cut_between_characters(raw: bytes, shown: str, *, is_cut: bool) -> None:
    assert truncate_output(raw) == (shown, is_cut)
