"""Queues in which users take turns: each has a lane, and the next message is the next lane's.

Whoever sends two hundred messages at once is served one in a round, like those who send one. A
message may also name abilities that it needs, and stays in its lane until a worker that has them
all has room, while others of the lane pass it. What it is about waits once: sent again, it keeps
its place. These are options of a message: `lane`, `needs` and `about`.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from dramatiq import Message
from redis import Redis

SCRIPT = Path(__file__).with_suffix(".lua")
# Between abilities.
SEPARATOR = ","


def options(lane: str, needs: Collection[str] = (), about: str | None = None) -> dict[str, Any]:
    """Return the options of a message that waits in a lane for who has all that it needs.

    Without `about` it is about something of its own.
    """
    found = {"lane": lane, "needs": SEPARATOR.join(sorted(set(needs)))}
    return found if about is None else {**found, "about": about}


class Lanes:
    """The lanes of all queues on one Redis; `abilities` None takes every message."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self._script = client.register_script(SCRIPT.read_text())
        self.abilities: Collection[str] | None = None

    def put(self, queue_name: str, message_id: str, data: bytes) -> bool:
        """Let a message wait in its lane; False where it names none."""
        found = Message.decode(data).options
        if "lane" not in found:
            return False
        place = found["lane"], found.get("needs", ""), found.get("about", message_id)
        self._script(keys=[self._key(queue_name)], args=["put", message_id, data, *place])
        return True

    def take(self, queue_name: str, acks: str, room: int) -> list[bytes]:
        """Return at most `room` messages, which are in the set `acks` from then on."""
        is_able_to_all = int(self.abilities is None)
        arguments: list[Any] = ["take", acks, room, is_able_to_all, *(self.abilities or ())]
        taken: list[bytes] = self._script(keys=[self._key(queue_name)], args=arguments)
        return taken

    def has_waiting(self, queue_name: str) -> bool:
        """Tell whether anything waits in a lane of a queue, whoever may run it."""
        return bool(self._client.exists(f"{self._key(queue_name)}.needs"))

    def are_for_us(self, data: bytes) -> bool:
        """Tell whether this process is able to run a message."""
        needs = Message.decode(data).options.get("needs", "")
        return self.abilities is None or set(needs.split(SEPARATOR)) <= {"", *self.abilities}

    def _key(self, queue_name: str) -> str:
        return f"{self._namespace}:{queue_name}"
