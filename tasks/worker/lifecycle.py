"""The life of one worker process: sandbox first, then event loop and stores, then messages."""

from contextlib import AsyncExitStack
from typing import Any

import structlog
from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread, set_event_loop_thread
from dramatiq.middleware import Middleware

from graphql_api.config import Settings
from graphql_api.logs import configure_logging
from judge.judge import Judge
from judge.sandbox.errors import SandboxUnavailable
from tasks.queue.sender import BULK_QUEUE, EXECUTION_QUEUE, RUN_QUEUE
from tasks.worker.announcer import Bell
from tasks.worker.container import (
    JOBS_AT_ONCE,
    executions_at_once,
    judge_config,
    open_container,
    runs_at_once,
    threads_needed,
)

# sysexits.h: something that the machine lacks, and a failure of the software.
EXIT_NO_SANDBOX = 69
EXIT_NOT_OPENED = 70
LOOP_START_S = 10.0

_log = structlog.stdlib.get_logger(__name__)


class WorkerLifecycle(Middleware):
    """Opens what actors need before a worker consumes, closes it after the last message.

    A process that cannot judge safely, or cannot open what it required, ends before it consumes.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._judge: Judge | None = None
        self._bell = Bell()
        self._opened = AsyncExitStack()

    def after_process_boot(self, broker: Any) -> None:  # noqa: ARG002 - dramatiq's signature
        """Set this process's log format."""
        configure_logging(self._settings)

    def before_worker_boot(self, broker: Any, worker: Worker) -> None:
        """Start the judge, the event loop and everything that actors share.

        Raises:
            SystemExit: there is no working sandbox, or something could not be opened.
        """
        judge = self._judge = self._start_judge(broker)
        worker.worker_threads = max(worker.worker_threads, threads_needed(self._settings))
        worker.queue_prefetch = worker.worker_threads
        broker.prefetch[EXECUTION_QUEUE] = executions_at_once(self._settings)
        broker.prefetch[RUN_QUEUE] = runs_at_once(self._settings)
        broker.prefetch[BULK_QUEUE] = JOBS_AT_ONCE
        loop = EventLoopThread(_log)
        # A process that ends early must not wait for its loop.
        loop.daemon = True
        loop.start(timeout=LOOP_START_S)
        set_event_loop_thread(loop)
        resources = open_container(self._settings, broker, judge, self._bell)
        try:
            loop.run_coroutine(self._opened.enter_async_context(resources))
        except Exception:  # noqa: BLE001 - it is logged, and the process ends
            _log.exception("worker not started")
            judge.close()
            raise SystemExit(EXIT_NOT_OPENED) from None

    def _start_judge(self, broker: Any) -> Judge:
        judge = Judge(judge_config(self._settings))

        def take_what_it_can() -> None:
            broker.fair_queue.capabilities = frozenset(judge.languages)
            self._bell.ring()

        try:
            judge.start(take_what_it_can)
        except SandboxUnavailable as error:
            _log.critical("no sandbox: this worker judges nothing", reason=str(error))
            raise SystemExit(EXIT_NO_SANDBOX) from None
        return judge

    def after_worker_shutdown(self, broker: Any, worker: Worker) -> None:  # noqa: ARG002
        """Close it all, in reverse."""
        loop = get_event_loop_thread()
        if loop is not None:
            loop.run_coroutine(self._opened.aclose())
            loop.stop()  # type: ignore[no-untyped-call]
            set_event_loop_thread(None)
        if self._judge is not None:
            self._judge.close()
