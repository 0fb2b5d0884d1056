"""Runs on own input in a real sandbox, from the board of a real Redis and back to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from graphql_api.data.runs import RunAnswer, RunBoard, RunRequest, open_run_board
from graphql_api.data.words import RunStatus
from tasks.judge import Judge
from tasks.runs import SHOWN_BYTES, Runs, shortened
from tests.conftest import make_settings

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
def runs(board: RunBoard, judge: Judge) -> Iterator[Runs]:
    with ThreadPoolExecutor(4) as threads:
        yield Runs(board=board, judge=judge, threads=threads)


async def answer_of(runs: Runs, board: RunBoard, request: RunRequest) -> RunAnswer:
    await board.ask("one", request)
    await runs.run("one")
    found = await board.answered("one")
    assert found is not None
    return found


async def test_a_program_reads_its_input_and_its_output_comes_back_unchanged(
    runs: Runs, board: RunBoard
) -> None:
    found = await answer_of(runs, board, ECHO)
    assert (found.status, found.output, found.error) == (RunStatus.OK, ECHO.stdin, "")
    assert (found.exit_code, found.signal, found.compile_output) == (0, None, "")
    assert found.cpu_ms >= 0
    assert found.wall_ms > 0
    assert found.peak_kb > 0
    assert await board.request("one") is None


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
async def test_how_it_ended_is_told(
    *, runs: Runs, board: RunBoard, language: str, code: str, status: RunStatus, said: str
) -> None:
    request = replace(ECHO, language=language, code=code, time_limit_ms=500)
    found = await answer_of(runs, board, request)
    assert found.status is status
    assert said in found.error
    assert (found.signal == "SIGABRT") == (language == "c")


async def test_what_does_not_compile_comes_back_with_what_the_compiler_said(
    runs: Runs, board: RunBoard
) -> None:
    found = await answer_of(runs, board, replace(ECHO, language="cpp", code="int main() { retrun"))
    assert found.status is RunStatus.CE
    assert "retrun" in found.compile_output
    assert (found.output, found.exit_code) == ("", None)


async def test_long_output_and_error_are_cut_at_64_kb_and_said_to_be(
    runs: Runs, board: RunBoard
) -> None:
    code = "import sys\nprint('é' * 60000)\nsys.stderr.write('e' * 70000)\n"
    found = await answer_of(runs, board, replace(ECHO, code=code))
    assert found.status is RunStatus.OK
    assert (found.output_truncated, found.error_truncated) == (True, True)
    assert set(found.output) == {"é"}
    assert len(found.output.encode()) == SHOWN_BYTES
    assert found.error == "e" * SHOWN_BYTES


async def test_a_language_that_is_not_here_is_no_answer_of_the_program(
    runs: Runs, board: RunBoard
) -> None:
    found = await answer_of(runs, board, replace(ECHO, language="cobol"))
    assert found.status is None
    assert "cobol" in found.message


async def test_what_is_answered_or_withdrawn_is_not_run_again(runs: Runs, board: RunBoard) -> None:
    first = await answer_of(runs, board, ECHO)
    await runs.run("one")
    assert await board.answered("one") == first
    await board.ask("two", ECHO)
    await board.withdraw("two")
    await runs.run("two")
    assert await board.answered("two") is None


async def test_of_two_answers_the_first_stands_and_all_who_wait_get_it(board: RunBoard) -> None:
    waiting = [asyncio.create_task(board.wait("one", 10)) for _ in range(5)]
    await asyncio.sleep(0.1)
    first = RunAnswer(status=RunStatus.OK, output="first")
    await board.answer("one", first)
    await board.answer("one", RunAnswer(status=RunStatus.RE, output="second"))
    assert await asyncio.gather(*waiting) == [first] * 5
    assert await board.wait("one", 1) == first


async def test_no_answer_in_time_is_none(board: RunBoard) -> None:
    assert await board.wait("nobody", 0.2) is None


async def test_an_interrupted_run_ends_its_program_and_is_run_by_the_next(
    runs: Runs, board: RunBoard
) -> None:
    slow = replace(ECHO, code="import time\ntime.sleep(8)", time_limit_ms=10_000)
    await board.ask("one", slow)
    running = asyncio.create_task(runs.run("one"))
    await asyncio.sleep(0.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await board.answered("one") is None
    assert await board.request("one") == slow


@pytest.mark.parametrize(
    ("raw", "shown", "is_cut"),
    [
        (b"", "", False),
        (b"x" * SHOWN_BYTES, "x" * SHOWN_BYTES, False),
        (b"x" * (SHOWN_BYTES + 1), "x" * SHOWN_BYTES, True),
        (b"x" + "é".encode() * (SHOWN_BYTES // 2), "x" + "é" * (SHOWN_BYTES // 2 - 1), True),
        (b"\xff", "\ufffd", False),
        (b"\xff" * SHOWN_BYTES, "\ufffd" * (SHOWN_BYTES // 3), True),
    ],
)
def test_text_is_cut_between_characters(raw: bytes, shown: str, *, is_cut: bool) -> None:
    assert shortened(raw) == (shown, is_cut)
