"""A sender of custom runs whose worker answers them on the run board of a real Redis."""

import asyncio
from collections.abc import Callable
from typing import Any

from graphql_api.data.enums import RunStatus
from graphql_api.data.redis.custom_runs import RunAnswer, RunRequest
from tests.support.senders import RecordingSender

ANSWER = RunAnswer(
    status=RunStatus.RE,
    compile_output="a warning",
    output="out",
    output_truncated=True,
    error="err",
    cpu_ms=12,
    wall_ms=34,
    peak_kb=5600,
    exit_code=3,
)
Answering = Callable[[RunRequest], RunAnswer | None]


class AnsweringSender(RecordingSender):
    """A sender with a worker that answers each message."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[RunRequest] = []
        self.answer: Answering = lambda _: ANSWER
        self.begins, self.takes_s = False, 0.05
        self.board: Any = None
        self.sends = asyncio.Event()
        self.sends.set()
        self.answers = asyncio.Event()
        self.answers.set()
        self.work: set[asyncio.Task[None]] = set()

    async def send_run(self, uid: str, run_id: str, language: str, **more: Any) -> bool:
        await self.sends.wait()
        await super().send_run(uid, run_id, language, **more)
        self.work.add(asyncio.create_task(self._work(run_id)))
        return True

    async def _work(self, run_id: str) -> None:
        request = await self.board.get_request(run_id)
        if self.begins:
            await self.board.begin(run_id, "a worker")
        await asyncio.sleep(self.takes_s)
        await self.answers.wait()
        if request is not None:
            self.seen.append(request)
            answer = self.answer(request)
            if answer is not None:
                await self.board.put_answer(run_id, answer)
