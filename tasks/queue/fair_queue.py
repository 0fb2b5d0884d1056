"""Fair queues: users take turns, regardless of the number of messages that each user has sent.

Each user has a lane, and each turn serves one message of a lane. A message may require
capabilities. Such a message waits until a worker with all of them fetches messages; other messages
of the same lane overtake it. Each message may have a deduplication key. A new message replaces a
waiting message with the same key and takes its position.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from dramatiq import Message
from redis import Redis

SCRIPT = Path(__file__).with_suffix(".lua")
# The separator between the capabilities in an option of a message.
SEPARATOR = ","
# The names of the options in a message.
LANE, REQUIRED, DEDUP_KEY = "lane", "needs", "about"


def message_options(
    lane: str, required: Collection[str] = (), dedup_key: str | None = None
) -> dict[str, Any]:
    """Return the options of a message that waits in a lane for a worker with these capabilities.

    Without a deduplication key, the message never replaces another message.
    """
    options = {LANE: lane, REQUIRED: SEPARATOR.join(sorted(set(required)))}
    return options if dedup_key is None else {**options, DEDUP_KEY: dedup_key}


class FairQueue:
    """The fair queues in one Redis.

    `capabilities` contains the languages of this process. None means that the process can run all
    messages.
    """

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client, self._namespace = client, namespace
        self._script = client.register_script(SCRIPT.read_text())
        self.capabilities: Collection[str] | None = None

    def put(self, queue_name: str, message_id: str, data: bytes) -> bool:
        """Add a message to its lane. Return False if the message has no lane."""
        options = Message.decode(data).options
        if LANE not in options:
            return False
        place = options[LANE], options.get(REQUIRED, ""), options.get(DEDUP_KEY, message_id)
        self._script(keys=[self._key(queue_name)], args=["put", message_id, data, *place])
        return True

    def take(self, queue_name: str, acks: str, room: int) -> list[bytes]:
        """Remove and return at most `room` messages, and add their ids to the Redis set `acks`."""
        takes_all = int(self.capabilities is None)
        arguments: list[Any] = ["take", acks, room, takes_all, *(self.capabilities or ())]
        taken: list[bytes] = self._script(keys=[self._key(queue_name)], args=arguments)
        return taken

    def has_waiting(self, queue_name: str) -> bool:
        """Return whether a message with any capabilities is waiting in a queue."""
        return bool(self._client.exists(f"{self._key(queue_name)}.needs"))

    def can_run(self, data: bytes) -> bool:
        """Return whether this process has all capabilities that a message requires."""
        required = Message.decode(data).options.get(REQUIRED, "")
        return self.capabilities is None or set(required.split(SEPARATOR)) <= {
            "",
            *self.capabilities,
        }

    def _key(self, queue_name: str) -> str:
        return f"{self._namespace}:{queue_name}"
