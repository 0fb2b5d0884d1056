"""The HTTP protocol of the API: uvicorn's protocol with bounds on time, bytes and connections.

Without a time limit, a client could keep connections open at no cost. Each connection would use a
file descriptor and memory of the server, and would delay the shutdown of the server.
`docs/operations.md` contains the command line that selects this protocol. The reasons for the
limits are in `docs/decisions/0022-slow-clients.md`.
"""

import asyncio
import fcntl
import http
import os
import socket
import struct
import termios
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

import httptools
import orjson
import structlog
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from graphql_api.data.limits import KB
from graphql_api.http.joined_writes import JoinedWrites

# Key of the scope's extensions in which this protocol marks its requests.
EXTENSION = "algoitny.bounded"
# Options of uvicorn for every API process.
SERVER_OPTIONS = (
    "--http=graphql_api.http.protocol:BoundedHttpProtocol",
    "--timeout-keep-alive=75",
    "--timeout-graceful-shutdown=20",
    "--no-access-log",
)

_log = structlog.stdlib.get_logger(__name__)


class Phase(Enum):
    """The part of a request that a connection receives next."""

    NEW = "new"
    IDLE = "idle"
    HEADER = "header"
    BODY = "body"
    ENDED = "ended"


@dataclass(slots=True)
class Stopwatch:
    """The total time, and the time since data was last received or sent (both in seconds)."""

    total_s: float = 0.0
    stalled_s: float = 0.0

    def add(self, elapsed_s: float, *, has_progress: bool = False) -> None:
        """Add elapsed seconds. If `has_progress`, set the seconds since the last progress to 0."""
        self.total_s += elapsed_s
        self.stalled_s = 0.0 if has_progress else self.stalled_s + elapsed_s


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. Its limits are checked every `TICK_S` seconds.

    The time limits measure how long the server waits for the client. They exclude the time in which
    the application computes the answer or has stopped reading the body.
    """

    # Time for the header of a request. It starts with the connection or with the first byte of a
    # later request. `--timeout-keep-alive` limits the time between two requests.
    HEADER_S: ClassVar[float] = 15.0
    # Time without progress in receiving a body or in sending an answer.
    STALL_S: ClassVar[float] = 15.0
    # Time for receiving one request, and time for sending answers until all bytes have arrived.
    TOTAL_S: ClassVar[float] = 120.0
    TICK_S: ClassVar[float] = 1.0
    # Time in which the rest of a rejected request is discarded. If this data arrived after the end
    # of the connection, the connection would be reset, and the client's system would drop the
    # answer.
    LINGER_S: ClassVar[float] = 2.0
    # Open connections of one process. With files and database connections, they fit in the usual
    # limit of 1,024 file descriptors.
    CONNECTIONS: ClassVar[int] = 768
    HEADER_BYTES: ClassVar[int] = 64 * KB
    HEADER_FIELDS: ClassVar[int] = 100
    # Bytes of a piece, which is parsed at once. A piece contains at most 113 pipelined requests.
    # The next piece is parsed after all these requests are answered.
    PIECE_BYTES: ClassVar[int] = 2 * KB

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        # The API supports no other protocol, such as WebSocket, to which a client could upgrade.
        self.ws_protocol_class = None
        self._phase = Phase.NEW
        self.phase_since = self.loop.time()
        self._receiving, self._sending, self._waiting = Stopwatch(), Stopwatch(), Stopwatch()
        self._has_received = False
        self._unsent = 0
        self._unparsed = b""
        # Bytes since the start of the header, or since the last part of the body.
        self._overhead = 0
        self._upgrade_head: bytes | None = None
        self._timer: asyncio.TimerHandle | None = None

    # Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Accept a new connection.

        If the process has more than CONNECTIONS connections, end another connection that waits for
        its client. If none is waiting, reject the new connection with status 503.
        """
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type] # it has all methods of a transport
        self._timer = self.loop.call_later(self.TICK_S, self._tick)
        if len(self.connections) > self.CONNECTIONS and not self._make_room():
            self._reject(
                http.HTTPStatus.SERVICE_UNAVAILABLE,
                "Too many connections are open. Try again later.",
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the checks of the connection's limits."""
        self._enter(Phase.ENDED)
        self._unparsed = b""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _make_room(self) -> bool:
        """End another connection if too many are open. Return False if no connection can be ended.

        Only a connection that waits for its client can be ended. Choose the remote address with
        the most connections. Of its waiting connections, end the one that has waited longest.
        """
        others = [
            other
            for other in self.connections
            if isinstance(other, BoundedHttpProtocol) and not other.transport.is_closing()
        ]
        if len(others) <= self.CONNECTIONS:
            return True
        held = Counter(other.address for other in others)
        waiting = [other for other in others if other is not self and not other.is_working]
        if not waiting:
            return False
        victim = min(waiting, key=lambda other: (-held[other.address], other.phase_since))
        _log.info(
            "The connection was closed, because too many connections are open.",
            client=victim.address,
        )
        victim._abort()  # noqa: SLF001 - of the same class
        return True

    @property
    def address(self) -> str:
        """The address of the client, or of the proxy in front of the API."""
        return self.client[0] if self.client else ""

    @property
    def is_working(self) -> bool:
        """True while the application computes the answer to a completely received request."""
        # After the start of the response, the connection waits for the client, which may read a
        # large answer slowly.
        return (
            self._phase in (Phase.IDLE, Phase.HEADER)
            and self._is_answering
            and not self.cycle.response_started
        )

    @property
    def _is_answering(self) -> bool:
        # The attribute is None until the first request, although its type does not include None.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _enter(self, phase: Phase) -> None:
        if self._phase is not Phase.ENDED:
            self._phase, self.phase_since = phase, self.loop.time()

    # Receiving

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, or keep them until earlier requests are answered."""
        self._unset_keepalive_if_required()
        self._has_received = True
        if self._phase is Phase.ENDED:
            return
        self._unparsed += data
        self._parse()

    def _parse(self) -> None:
        view, offset = memoryview(self._unparsed), 0
        while offset < len(view) and not self.pipeline and self._phase is not Phase.ENDED:
            piece = view[offset : offset + self.PIECE_BYTES]
            offset += self._parse_piece(piece)
        self._unparsed = b"" if self._phase is Phase.ENDED else bytes(view[offset:])
        if self._unparsed:
            self.flow.pause_reading()

    def _parse_piece(self, piece: memoryview) -> int:
        """Parse a piece of at most PIECE_BYTES. Return the number of parsed bytes."""
        parsed = len(piece)
        self._overhead += parsed
        try:
            parsed = self._feed(piece)
        except httptools.HttpParserError:
            self._reject(
                http.HTTPStatus.BAD_REQUEST,
                "The request is not valid HTTP/1.1. Correct the request.",
            )
        if self._overhead > self.HEADER_BYTES:
            self._reject_header()
        return parsed

    def _feed(self, piece: memoryview) -> int:
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            # The parser stops after the header, because it expects another protocol there.
            self._ignore_upgrade()
            return int(upgrade.args[0])
        return len(piece)

    def _ignore_upgrade(self) -> None:
        """Parse the header of a request again, but leave out the field `Upgrade`.

        If a request has this field, the parser does not read the request's body. RFC 9110,
        section 7.8, allows a server to ignore the field.
        """
        head, self._upgrade_head = self._upgrade_head, None
        if head is None:
            self._reject(
                http.HTTPStatus.METHOD_NOT_ALLOWED,
                "The method is not allowed. Send a GET or POST request.",
            )
            return
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as in uvicorn
        self.parser.feed_data(head)

    def _read_head(self) -> bytes | None:
        """Return the header without its `Upgrade` fields, or None if the method is CONNECT."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            return None
        version = self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))

    def on_message_begin(self) -> None:
        """Start measuring the time until the header of a request is complete."""
        super().on_message_begin()
        self._enter(Phase.HEADER)
        self._receiving, self._overhead = Stopwatch(), min(self._overhead, self.PIECE_BYTES)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a field to the header of the request. Trailer fields after a body are ignored."""
        if self._phase is Phase.HEADER:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, unless its header is too large or contains `Upgrade`."""
        if len(self.headers) > self.HEADER_FIELDS:
            self._reject_header()
        elif self.parser.should_upgrade():
            self._upgrade_head = self._read_head()
        elif self._phase is Phase.HEADER:
            self.scope["extensions"] = {EXTENSION: {}}
            super().on_headers_complete()
            self._enter(Phase.BODY)
            self._overhead = 0

    def on_body(self, body: bytes) -> None:
        """Add a part of the body to the request."""
        self._overhead = 0
        if self._phase is Phase.BODY:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop measuring the time for receiving a request."""
        if self._phase is Phase.BODY:
            self._enter(Phase.IDLE)
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Parse the bytes that arrived while a request was answered."""
        super().on_response_complete()
        self._unset_keepalive_if_required()
        if self._unparsed and not self.transport.is_closing():
            self._parse()

    # Rejecting

    def send_400_response(self, msg: str) -> None:
        """Answer with status 400 and end the connection."""
        self._reject(http.HTTPStatus.BAD_REQUEST, msg)

    def _reject_header(self) -> None:
        message = (
            f"The header of the request must have at most {self.HEADER_FIELDS} fields and "
            f"{self.HEADER_BYTES // KB} KB."
        )
        self._reject(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)

    def _reject(self, status: http.HTTPStatus, message: str) -> None:
        """Stop receiving, and end the connection after the current answer.

        The client gets `status` and `message`, except in two cases: an earlier request is still
        being answered, or the answer to this request has started.
        """
        phase = self._phase
        if phase is Phase.ENDED:
            return
        self._enter(Phase.ENDED)
        _log.info(
            "The connection was closed.", status=status.value, reason=message, client=self.address
        )
        if phase is not Phase.BODY and self._is_answering:
            # An earlier request is still being answered. The connection ends after this answer.
            self.cycle.keep_alive = False
        elif phase is Phase.BODY and (self.pipeline or self.cycle.response_started):
            self.transport.close()
        else:
            self._answer(status, message)
            if phase is Phase.NEW:
                self.transport.close()
            else:
                self._end_gently()
            if phase is Phase.BODY:
                self.cycle.disconnected = True
                self.cycle.message_event.set()

    def _answer(self, status: http.HTTPStatus, message: str) -> None:
        code = "UNAVAILABLE" if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else "BAD_REQUEST"
        body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})
        fields = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        head = b"".join(b"%b: %b\r\n" % field for field in fields)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))

    def _end_gently(self) -> None:
        """Close the connection after LINGER_S seconds, and discard the bytes received until then.

        An immediate close could make the client's system drop the answer.
        """
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(self.LINGER_S, self.transport.close)

    # Time

    def _tick(self) -> None:
        """Update the measured times, and end the connection if a time limit is exceeded."""
        self._timer = self.loop.call_later(self.TICK_S, self._tick)
        unsent = self._count_unsent()
        if unsent:
            self._sending.add(self.TICK_S, has_progress=unsent != self._unsent)
        else:
            self._sending = Stopwatch()
        self._unsent = unsent
        if self._phase in (Phase.HEADER, Phase.BODY) and not self.flow.read_paused:
            self._receiving.add(self.TICK_S, has_progress=self._has_received)
        self._has_received = False
        is_waiting = self._phase in (Phase.NEW, Phase.IDLE) and not (self._is_answering or unsent)
        self._waiting = self._waiting if is_waiting else Stopwatch()
        self._waiting.add(self.TICK_S)
        self._end_if_slow(is_waiting=is_waiting)

    def _end_if_slow(self, *, is_waiting: bool) -> None:
        sending, receiving = self._sending, self._receiving
        if sending.stalled_s >= self.STALL_S or sending.total_s >= self.TOTAL_S:
            _log.info(
                "The connection was closed.",
                reason="The client read the response too slowly.",
                client=self.address,
            )
            self._abort()
        elif is_waiting and self._waiting.total_s >= self._waiting_limit_s:
            self.transport.close()
        elif self._phase is Phase.HEADER and receiving.total_s >= self.HEADER_S:
            self._time_out(
                f"The header did not arrive within {self.HEADER_S:g} s. Send the request again."
            )
        elif self._phase is Phase.BODY and receiving.stalled_s >= self.STALL_S:
            self._time_out(
                f"No part of the body arrived within {self.STALL_S:g} s. Send the request again."
            )
        elif self._phase is Phase.BODY and receiving.total_s >= self.TOTAL_S:
            self._time_out(
                f"The request did not arrive within {self.TOTAL_S:g} s. Send the request again."
            )

    def _time_out(self, message: str) -> None:
        self._reject(http.HTTPStatus.REQUEST_TIMEOUT, message)

    def _abort(self) -> None:
        """End the connection immediately, and drop its unsent bytes."""
        with suppress(OSError, ValueError):
            descriptor = self.transport.get_extra_info("socket").fileno()
            with socket.socket(fileno=os.dup(descriptor)) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    @property
    def _waiting_limit_s(self) -> float:
        return self.HEADER_S if self._phase is Phase.NEW else self.timeout_keep_alive

    def _count_unsent(self) -> int:
        """Return the number of bytes that the client's system has not acknowledged."""
        unsent = self.transport.get_write_buffer_size()
        # The ioctl fails if the socket is closed.
        with suppress(OSError, ValueError):
            descriptor = self.transport.get_extra_info("socket").fileno()
            queued = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
            unsent += struct.unpack("i", queued)[0]
        return unsent
