"""One run of code on the caller's own input, from message to answer.

A run changes nothing, so that running it twice is harmless: the first answer stands.
"""

import time
from concurrent.futures import Executor
from functools import partial
from threading import Event

import structlog

from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.runs import RunAnswer, RunBoard, RunRequest
from graphql_api.data.words import RunStatus, Verdict
from tasks.interruptible import in_thread
from tasks.judge import Judge, LanguageUnavailable
from tasks.own_runs import OwnRun, run_once

SHOWN_BYTES = 64 * 1024

_log = structlog.stdlib.get_logger(__name__)


class Runs:
    """Runs on one worker process."""

    def __init__(
        self, *, board: RunBoard, judge: Judge, threads: Executor, clock: Clock = now_ms
    ) -> None:
        self._board, self._judge, self._threads, self._clock = board, judge, threads, clock

    async def run(self, run_id: str, *, sent_at_ms: int | None = None) -> None:
        """Run what is asked for under an id, unless it is answered or withdrawn.

        Raises:
            Unavailable: Redis did not answer; another attempt may succeed while someone waits.
        """
        queue_ms = 0 if sent_at_ms is None else max(0, self._clock() - sent_at_ms)
        request = await self._board.request(run_id)
        if request is None:
            _log.debug("nothing to run", run=run_id)
            return
        began = time.perf_counter()
        answer = await self._answer(request)
        await self._board.answer(run_id, answer)
        _log.info(
            "ran",
            run=run_id,
            language=request.language,
            status=str(answer.status or answer.message),
            queue_ms=queue_ms,
            total_ms=round((time.perf_counter() - began) * 1000),
        )

    async def _answer(self, request: RunRequest) -> RunAnswer:
        stop = Event()
        work = partial(
            run_once,
            self._judge,
            request.language,
            request.code,
            request.stdin.encode(),
            time_limit_ms=request.time_limit_ms,
            memory_limit_kb=request.memory_limit_kb,
            cancelled=stop.is_set,
        )
        try:
            return _answer_of(await in_thread(self._threads, work, stop))
        except LanguageUnavailable as error:
            return RunAnswer(status=None, message=str(error))
        except Exception as error:  # noqa: BLE001 - whoever waits is to know at once
            _log.exception("not run")
            return RunAnswer(status=None, message=type(error).__name__)


def _answer_of(run: OwnRun) -> RunAnswer:
    if run.verdict is Verdict.IE:
        return RunAnswer(status=None, message=run.message)
    output, output_truncated = shortened(run.output)
    error, error_truncated = shortened(run.error)
    return RunAnswer(
        status=RunStatus.OK if run.verdict is Verdict.AC else RunStatus(str(run.verdict)),
        message=run.message,
        compile_output=run.compile_output,
        output=output,
        output_truncated=output_truncated,
        error=error,
        error_truncated=error_truncated,
        cpu_ms=run.cpu_ms,
        wall_ms=run.wall_ms,
        peak_kb=run.peak_kb,
        exit_code=run.exit_code,
        signal=run.signal,
    )


def shortened(raw: bytes) -> tuple[str, bool]:
    """Return at most 64 KB of text, and whether something is missing at its end."""
    whole = raw[: SHOWN_BYTES + 4].decode("utf-8", "replace").encode()
    if len(raw) <= SHOWN_BYTES and len(whole) <= SHOWN_BYTES:
        return whole.decode(), False
    return whole[:SHOWN_BYTES].decode("utf-8", "ignore"), True
