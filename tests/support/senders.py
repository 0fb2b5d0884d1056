"""A task sender that records the messages instead of sending them."""

from collections.abc import Collection
from dataclasses import dataclass, field

from tasks.queue.sender import TaskSender


@dataclass
class RecordingSender(TaskSender):
    """Records every message; `delay_ms` is None for a message that is due at once.

    `required` maps each id to the required languages of its messages, the latest last. `sends_runs`
    is the result of `send_run`.
    """

    sent: list[tuple[str, str, int | None]] = field(default_factory=list)
    runs: list[tuple[str, str, str, int | None]] = field(default_factory=list)
    jobs: list[tuple[str, str, int | None]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    required: dict[str, list[set[str]]] = field(default_factory=dict)
    sends_runs: bool = True

    async def send_execution(
        self,
        uid: str,
        ulid: str,
        language: str,
        *,
        required: Collection[str] = (),
        delay_ms: int | None = None,
    ) -> None:
        assert language
        self.sent.append((uid, ulid, delay_ms))
        self.required.setdefault(ulid, []).append({language, *required})

    async def send_run(
        self, uid: str, run_id: str, language: str, *, delay_ms: int | None = None
    ) -> bool:
        self.runs.append((uid, run_id, language, delay_ms))
        return self.sends_runs

    async def send_job(
        self, uid: str, ulid: str, *, required: Collection[str] = (), delay_ms: int | None = None
    ) -> None:
        self.jobs.append((uid, ulid, delay_ms))
        self.required.setdefault(ulid, []).append(set(required))

    async def send_job_cancellation(self, ulid: str) -> None:
        self.ended.append(("job", ulid))

    async def send_cancellation(self, uid: str, ulid: str) -> None:
        self.ended.append((uid, ulid))

    @property
    def ulids(self) -> list[str]:
        """The ids of the executions sent."""
        return [ulid for _, ulid, _ in self.sent]
