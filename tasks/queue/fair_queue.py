"""Fair queues: users take turns, regardless of the number of messages that each user has sent.

The waiting messages of one user are a lane. The lanes take turns, and in each turn a worker gets
one message of the lane. A message may require capabilities, which are languages. Such a message
waits until a worker with all these capabilities fetches messages. In the meantime, other messages
of the same lane may be fetched first. A message may have a deduplication key. A new message
replaces a waiting message with the same key, and takes the position of the replaced message.

While other lanes are waiting, the workers of a host hold only a limited number of messages of one
lane. Each message that a worker holds takes one place. Some places are reserved. A lane can use a
reserved place only if the host holds none of the lane's messages.
"""

import socket
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dramatiq import Message
from redis import Redis

SCRIPT = Path(__file__).with_suffix(".lua")
# The separator between the capabilities in an option of a message.
SEPARATOR = ","
# The names of the options in a message.
LANE, REQUIRED, DEDUP_KEY = "lane", "needs", "about"
MESSAGE_ID = "redis_message_id"
NO_LIMIT = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Places:
    """The limits of the messages that one process holds at the same time, for one queue.

    Each message that the process holds takes one place, even before the message is processed. A
    lane consists of the messages of one user.

    - `total` is the number of places.
    - `reserved` is the number of reserved places. A lane can use a reserved place only if no
      process of this host holds one of the lane's messages.
    - `per_lane` is the maximum number of messages of one lane that all processes of this host
      together hold while other lanes are waiting.
    """

    total: int
    reserved: int = 0
    per_lane: int = NO_LIMIT


def message_options(
    lane: str, required: Collection[str] = (), dedup_key: str | None = None
) -> dict[str, Any]:
    """Return the options of a message for the lane `lane` (the waiting messages of one user).

    `required` contains the capabilities that a worker needs for the message. If `dedup_key` is
    None, the message never replaces another message.
    """
    options = {LANE: lane, REQUIRED: SEPARATOR.join(sorted(set(required)))}
    return options if dedup_key is None else {**options, DEDUP_KEY: dedup_key}


class FairQueue:
    """The fair queues in one Redis. In each queue, the waiting messages of one user are a lane.

    `worker` is the id of this process in dramatiq. `host` is the name of the host of this process.
    `capabilities` contains the languages of this process (None: the process accepts all messages).
    """

    def __init__(self, client: Redis, namespace: str, worker: str) -> None:
        self._client, self._namespace, self._worker = client, namespace, worker
        self.host = socket.gethostname()
        self._script = client.register_script(SCRIPT.read_text())
        self.capabilities: Collection[str] | None = None

    def put(self, queue_name: str, message_id: str, data: bytes) -> bool:
        """Add a message to its lane (the waiting messages of one user).

        Return False if the message has no lane.
        """
        message = Message.decode(data)
        if LANE not in message.options:
            return False
        # The id begins with the lane, so that the script can read the lanes of held messages.
        unique = f"{message.options[LANE]}\n{message_id}"
        data = message.copy(options={MESSAGE_ID: unique}).encode()
        arguments: list[str | bytes] = ["put", unique, data, *_place_of(message, message_id)]
        self._script(keys=[self._key(queue_name)], args=arguments)
        return True

    def put_back(self, queue_name: str, data: bytes) -> bool:
        """Put a message of this process back at the beginning of its lane.

        A lane contains the waiting messages of one user. Return False if the message has no lane.
        """
        message = Message.decode(data)
        if LANE not in message.options:
            return False
        message_id = message.options[MESSAGE_ID]
        acks = f"{self._namespace}:__acks__.{self._worker}.{queue_name}"
        arguments: list[Any] = ["put_back", message_id, data, *_place_of(message, message_id), acks]
        self._script(keys=[self._key(queue_name)], args=arguments)
        return True

    def take(self, queue_name: str, room: int, places: Places) -> list[bytes]:
        """Take at most `room` messages from the queue. This process then holds the messages.

        `room` is the number of messages that this process can still accept.
        """
        origin = queue_name, self._namespace, self._worker, self.host
        limits = room, places.reserved, places.per_lane
        takes_all = int(self.capabilities is None)
        arguments: list[Any] = ["take", *origin, *limits, takes_all, *(self.capabilities or ())]
        taken: list[bytes] = self._script(keys=[self._key(queue_name)], args=arguments)
        return taken

    def has_waiting(self, queue_name: str) -> bool:
        """Return whether a message is waiting in a queue, whatever capabilities it requires."""
        return bool(self._client.exists(f"{self._key(queue_name)}.needs"))

    def _key(self, queue_name: str) -> str:
        return f"{self._namespace}:{queue_name}"


def _place_of(message: Message[Any], message_id: str) -> tuple[str, str, str]:
    """Return the lane, the required capabilities and the deduplication key of a message.

    A lane consists of the messages of one user.
    """
    options = message.options
    return options[LANE], options.get(REQUIRED, ""), options.get(DEDUP_KEY, message_id)
