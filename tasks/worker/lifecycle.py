"""The lifecycle of a worker process: start the sandbox, open the stores, then process messages."""

from contextlib import AsyncExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread, set_event_loop_thread
from dramatiq.middleware import Middleware

from graphql_api.config import Settings
from graphql_api.logs import configure_logging
from graphql_api.private_folders import make_private_folder
from judge.judge import Judge
from judge.sandbox.errors import SandboxUnavailable
from tasks.queue.fair_queue import Places
from tasks.queue.sender import BULK_QUEUE, EXECUTION_QUEUE, RUN_QUEUE
from tasks.worker.container import (
    JOB_CONCURRENCY,
    custom_run_places,
    execution_places,
    host_name,
    judge_config,
    open_container,
    thread_count,
)

# The exit codes EX_UNAVAILABLE and EX_SOFTWARE of sysexits.h.
EXIT_NO_SANDBOX = 69
EXIT_NOT_OPENED = 70
LOOP_START_S = 10.0

_log = structlog.stdlib.get_logger(__name__)


class WorkerLifecycle(Middleware):
    """Middleware that opens a worker's container before the first message and closes it at the end.

    If the sandbox does not work or a store cannot be reached, the process ends before the first
    message.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._judge: Judge | None = None
        self._languages_changed = Event()
        self._opened = AsyncExitStack()

    def after_process_boot(self, broker: Any) -> None:  # noqa: ARG002 - dramatiq's signature
        """Set the log format of this process."""
        configure_logging(self._settings)

    def before_worker_boot(self, broker: Any, worker: Worker) -> None:
        """Start the judge and the event loop, and open the container.

        Raises:
            SystemExit: the sandbox does not work, or the container could not be opened.
        """
        judge = self._judge = self._start_judge(broker)
        worker.worker_threads = max(worker.worker_threads, thread_count(self._settings))
        worker.queue_prefetch = worker.worker_threads
        broker.fair_queue.host = host_name(self._settings)
        broker.places[EXECUTION_QUEUE] = execution_places(self._settings)
        broker.places[RUN_QUEUE] = custom_run_places(self._settings)
        broker.places[BULK_QUEUE] = Places(JOB_CONCURRENCY)
        loop = EventLoopThread(_log)
        # If the process ends here, it must not wait for the thread of its event loop.
        loop.daemon = True
        loop.start(timeout=LOOP_START_S)
        set_event_loop_thread(loop)
        container = open_container(self._settings, broker, judge, self._languages_changed)
        try:
            loop.run_coroutine(self._opened.enter_async_context(container))
        except Exception:  # noqa: BLE001 - it is logged, and the process ends
            _log.exception("The worker was not started.")
            judge.close()
            raise SystemExit(EXIT_NOT_OPENED) from None

    def _start_judge(self, broker: Any) -> Judge:
        _restrict(self._settings.work_dir)
        judge = Judge(judge_config(self._settings))

        def update_languages() -> None:
            broker.fair_queue.capabilities = frozenset(judge.languages)
            self._languages_changed.set()

        try:
            judge.start(update_languages)
        except SandboxUnavailable as error:
            _log.critical(
                "The worker was not started, because its sandbox is unavailable.", reason=str(error)
            )
            raise SystemExit(EXIT_NO_SANDBOX) from None
        return judge

    def after_worker_shutdown(self, broker: Any, worker: Worker) -> None:  # noqa: ARG002
        """Close the container, the event loop and the judge."""
        loop = get_event_loop_thread()
        if loop is not None:
            loop.run_coroutine(self._opened.aclose())
            loop.stop()  # type: ignore[no-untyped-call]
            set_event_loop_thread(None)
        if self._judge is not None:
            self._judge.close()


def _restrict(work_dir: Path) -> None:
    """Create the work directory so that only its owner may enter it.

    The directory contains hidden tests.
    """
    make_private_folder(work_dir)
    with suppress(PermissionError):  # if another user owns the directory, the sandbox reports it
        work_dir.chmod(0o700)
