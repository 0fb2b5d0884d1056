"""Handles custom runs (code on the caller's own input), from the message to the answer.

A claim is the right to execute a run. While one worker holds the claim on a run, other workers do
not start the run. So a second message for the same run usually has no effect. In rare cases, two
workers execute the same run. This does no harm, because a run changes no data and only the first
answer is kept.
"""

import asyncio
import time
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from threading import Event

import structlog
from ulid import ULID

from graphql_api.config import Settings
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.enums import RunStatus, Verdict
from graphql_api.data.errors import Unavailable
from graphql_api.data.limits import RUN_OUTPUT_BYTES
from graphql_api.data.redis.custom_runs import CLAIM_LIFE_MS, RunAnswer, RunBoard, RunRequest
from graphql_api.data.text import truncate_utf8
from judge.custom_run import CustomRun, run_custom
from judge.judge import Judge, LanguageUnavailable
from judge.models import JudgeCancelled
from tasks.handlers.concurrency import run_in_thread
from tasks.handlers.leases import keep_renewed
from tasks.queue.sender import TaskSender

_log = structlog.stdlib.get_logger(__name__)


class CustomRunHandler:
    """The handler of messages for custom runs."""

    def __init__(
        self,
        *,
        settings: Settings,
        board: RunBoard,
        judge: Judge,
        sender: TaskSender,
        threads: Executor,
        clock: Clock = now_ms,
    ) -> None:
        self._wall_ms = settings.run_seconds * 1000
        self._board, self._judge, self._sender = board, judge, sender
        self._threads, self._clock = threads, clock

    async def run(self, uid: str, run_id: str, *, sent_at_ms: int | None = None) -> None:
        """Run the code of a request, unless the request was answered or withdrawn.

        If another worker has claimed the run, send the message again with a delay. `uid` is the
        user who waits for the answer and whose share of the slots is used. `sent_at_ms` is the time
        at which the message was sent (epoch milliseconds), only for the log.

        Raises:
            Unavailable: Redis did not answer. Another attempt may succeed while the user is
                waiting.
        """
        queue_ms = 0 if sent_at_ms is None else max(0, self._clock() - sent_at_ms)
        request, token = await self._board.get_request(run_id), str(ULID())
        if request is None:
            _log.debug(
                "The custom run needs no work, because it was already answered or withdrawn.",
                run=run_id,
            )
        elif await self._board.begin(run_id, token):
            await self._run_claimed(uid, run_id, request, token, queue_ms)
        else:
            await self._sender.send_run(uid, run_id, request.language, delay_ms=CLAIM_LIFE_MS)

    async def _run_claimed(
        self, uid: str, run_id: str, request: RunRequest, token: str, queue_ms: int
    ) -> None:
        began = time.perf_counter()
        renew = partial(self._renew, run_id, token)
        try:
            async with keep_renewed(renew, CLAIM_LIFE_MS, asyncio.Event()) as lost:
                answer = await self._answer(uid, request, lost)
            await self._board.put_answer(run_id, answer)
        except JudgeCancelled:
            _log.info(
                "The worker lost its claim on the custom run, so the run was stopped.", run=run_id
            )
            return
        finally:
            with suppress(Unavailable):
                await self._board.release(run_id, token)
        _log.info(
            "ran",
            run=run_id,
            language=request.language,
            status=str(answer.status or answer.message),
            queue_ms=queue_ms,
            total_ms=round((time.perf_counter() - began) * 1000),
        )

    async def _renew(self, run_id: str, token: str, _life_ms: int) -> bool:
        return await self._board.renew(run_id, token)

    async def _answer(self, uid: str, request: RunRequest, stop: Event) -> RunAnswer:
        work = partial(
            run_custom,
            self._judge,
            request.language,
            request.code,
            request.stdin.encode(),
            time_limit_ms=request.time_limit_ms,
            memory_limit_kb=request.memory_limit_kb,
            wall_ms=self._wall_ms,
            owner=uid,
            cancelled=stop.is_set,
        )
        try:
            return _answer_of(await run_in_thread(self._threads, work, stop))
        except JudgeCancelled:
            raise
        except LanguageUnavailable as error:
            return RunAnswer(status=None, message=str(error))
        except Exception as error:  # noqa: BLE001 - the waiting caller must get an answer
            _log.exception("The custom run failed.")
            return RunAnswer(status=None, message=type(error).__name__)


def _answer_of(run: CustomRun) -> RunAnswer:
    if run.verdict is Verdict.IE:
        return RunAnswer(status=None, message=run.message)
    output, output_truncated = truncate_output(run.output)
    error, error_truncated = truncate_output(run.error)
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


def truncate_output(raw: bytes) -> tuple[str, bool]:
    """Return the first 64 KB of an output as text, and True if the output is not complete."""
    text = truncate_utf8(raw, RUN_OUTPUT_BYTES)
    return text, len(raw) > RUN_OUTPUT_BYTES or text != raw.decode("utf-8", "replace")
