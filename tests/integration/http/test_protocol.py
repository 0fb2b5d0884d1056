"""The HTTP protocol with sockets, in a real uvicorn process with short limits."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from graphql_api.cli.local.process import HOST, free_port
from graphql_api.http.protocol import BoundedHttpProtocol
from tests.support.paths import ROOT
from tests.support.protocol_app import LARGE_BYTES, ScaledProtocol
from tests.support.system import Program
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

Connect = Callable[[], socket.socket]
KEEP_ALIVE_S = 2
GET = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /%b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
# Java's HttpClient sends these fields with each first request.
JAVA = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAM\r\n"
)
WEBSOCKET = (
    b"Connection: keep-alive, Upgrade\r\nupgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


def make_server(port: int, folder: Path) -> Program:
    """Return uvicorn with the scaled protocol, not started yet."""
    command = ["-m", "uvicorn", "tests.support.protocol_app:app", "--host", HOST]
    command += ["--port", str(port), "--http", "tests.support.protocol_app:ScaledProtocol"]
    command += ["--timeout-keep-alive", str(KEEP_ALIVE_S), "--timeout-graceful-shutdown", "60"]
    return Program("protocol", command, {"PATH": "", "PYTHONPATH": str(ROOT)}, folder / "log")


def wait_until_listening(server: Program) -> None:
    wait_until("the server's start", lambda: "Uvicorn running" in server.log())


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    found = free_port()
    with make_server(found, tmp_path_factory.mktemp("protocol")) as server:
        wait_until_listening(server)
        yield found


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Open connections that are closed at the end of the test."""
    opened: list[socket.socket] = []

    def open_one() -> socket.socket:
        connection = socket.create_connection((HOST, port), 60)
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.close()


def read_all(connection: socket.socket) -> bytes:
    """Read until the server ends the connection."""
    received = bytearray()
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return bytes(received)


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read the status and the body of one answer, but no byte after them."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {head!r}"
        head += byte
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return int(head.split()[1]), body


def echo(connection: socket.socket) -> dict[str, Any]:
    status, body = read_answer(connection)
    assert status == 200, body
    found: dict[str, Any] = json.loads(body)
    return found


def counts(connect: Connect) -> dict[str, int]:
    connection = connect()
    connection.sendall(GET % b"counts")
    found: dict[str, int] = echo(connection)
    return found


def send_slowly(connection: socket.socket, data: bytes, pause_s: float) -> None:
    """Send byte after byte until the server ends the connection."""
    try:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause_s)
    except OSError:
        pass


def refusal(answer: bytes) -> tuple[int, str]:
    """Return the status and the message of an answer before the end of a connection."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head, answer
    (error,) = json.loads(body)["errors"]
    assert error["extensions"]["code"] in {"BAD_REQUEST", "UNAVAILABLE"}
    return int(head.split()[1]), error["message"]


def test_a_connection_without_a_byte_is_ended(connect: Connect) -> None:
    assert read_all(connect()) == b""


@pytest.mark.parametrize("before", [b"", GET % b"first"])
def test_half_a_header_gets_408(connect: Connect, before: bytes) -> None:
    connection = connect()
    if before:
        connection.sendall(before)
        assert echo(connection)["path"] == "/first"
    connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nX-Head")
    assert refusal(read_all(connection)) == (
        408,
        "The header did not arrive within 1 s. Send the request again.",
    )


def test_a_header_that_makes_progress_forever_gets_408(connect: Connect) -> None:
    connection = connect()
    with ThreadPoolExecutor(1) as sender:
        sender.submit(send_slowly, connection, b"GET / HTTP/1.1\r\nX: " + b"x" * 100, 0.1)
        assert refusal(read_all(connection))[0] == 408
        connection.close()


def test_half_a_body_gets_408_and_the_application_a_disconnect(connect: Connect) -> None:
    before = counts(connect)["disconnects"]
    connection = connect()
    connection.sendall(POST % (b"echo", 99) + b"{")
    assert refusal(read_all(connection)) == (
        408,
        "No part of the body arrived within 1 s. Send the request again.",
    )
    assert counts(connect)["disconnects"] == before + 1


def test_a_body_that_makes_progress_forever_gets_408(connect: Connect) -> None:
    connection = connect()
    connection.sendall(POST % (b"echo", 10_000))
    with ThreadPoolExecutor(1) as sender:
        sender.submit(send_slowly, connection, b"x" * 200, 0.1)
        assert refusal(read_all(connection)) == (
            408,
            "The request did not arrive within 3 s. Send the request again.",
        )
        connection.close()


def test_the_time_that_the_application_works_does_not_count(connect: Connect) -> None:
    connection = connect()
    connection.sendall(GET % b"work" + GET % b"next")
    assert read_answer(connection) == (200, b"worked")
    assert echo(connection)["path"] == "/next"


def test_a_body_that_the_application_does_not_read_yet_is_not_late(connect: Connect) -> None:
    connection, size = connect(), 8 * 1024 * 1024
    connection.sendall(POST % (b"unread", size) + bytes(size))
    assert read_answer(connection) == (200, b"%d" % size)


def slow_reader(connect: Connect) -> socket.socket:
    connection = connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(GET % b"large")
    return connection


def test_a_reader_without_progress_is_ended(connect: Connect) -> None:
    connection = slow_reader(connect)
    time.sleep(ScaledProtocol.STALL_S * 3)
    assert len(read_all(connection)) < LARGE_BYTES


def test_a_reader_that_makes_progress_forever_is_ended(connect: Connect) -> None:
    connection, received = slow_reader(connect), 0
    try:
        while part := connection.recv(16_384):
            received += len(part)
            time.sleep(0.02)
    except ConnectionResetError:
        pass
    assert received < LARGE_BYTES


def test_a_reader_that_pauses_gets_the_whole_answer(connect: Connect) -> None:
    connection, received = connect(), 0
    connection.sendall(GET % b"large")
    while received < LARGE_BYTES:
        part = connection.recv(LARGE_BYTES // 8)
        assert part, f"ended after {received} bytes"
        received += len(part)
        time.sleep(0.01)


@pytest.mark.parametrize(
    "fields", [JAVA, WEBSOCKET, b"Connection: upgrade\r\nUpgrade: TLS/1.0\r\n"]
)
@pytest.mark.parametrize(
    ("head", "sent", "body"),
    [
        (b"GET /up?a=b HTTP/1.1\r\n", b"", ""),
        (b"POST /up HTTP/1.1\r\nContent-Length: 5\r\n", b"hello", "hello"),
        (b"POST /up HTTP/1.1\r\nContent-Length: 0\r\n", b"", ""),
        (
            b"POST /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
            b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
            "hello!",
        ),
    ],
)
def test_an_upgrade_is_ignored_and_the_next_request_is_served(
    connect: Connect, fields: bytes, head: bytes, sent: bytes, body: str
) -> None:
    stream = head + b"Host: x\r\n" + fields + b"\r\n" + sent + POST % (b"next", 3) + b"two"
    for piece_bytes in (1, 50, len(stream)):
        connection = connect()
        for start in range(0, len(stream), piece_bytes):
            connection.sendall(stream[start : start + piece_bytes])
        first, second = echo(connection), echo(connection)
        assert (first["path"], first["body"]) == ("/up", body)
        assert (second["path"], second["body"]) == ("/next", "two")
        assert "host" in first["headers"]
        assert "upgrade" not in first["headers"]


def test_a_tunnel_is_refused(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n")
    assert refusal(read_all(connection))[0] == 405


def test_pipelined_requests_are_answered_in_order_and_wait_in_bounded_number(
    connect: Connect,
) -> None:
    connection, number = connect(), 2000
    with ThreadPoolExecutor(1) as sender:
        sender.submit(connection.sendall, b"".join(GET % b"%d" % i for i in range(number)))
        answers = [echo(connection)["path"] for _ in range(number)]
    assert answers == [f"/{i}" for i in range(number)]
    shortest = len(b"GET / HTTP/1.1\r\n\r\n")
    assert counts(connect)["longest_pipeline"] <= BoundedHttpProtocol.PIECE_BYTES // shortest


def test_an_invalid_request_after_a_valid_one_does_not_take_its_answer(connect: Connect) -> None:
    connection = connect()
    connection.sendall(GET % b"valid" + b"no HTTP\r\n\r\n")
    assert echo(connection)["path"] == "/valid"
    assert read_all(connection) == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000,
        b"GET /" + b"x" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 101 + b"\r\n",
    ],
)
def test_a_large_header_gets_431(connect: Connect, sent: bytes) -> None:
    connection = connect()
    connection.sendall(sent)
    assert refusal(read_all(connection)) == (
        431,
        "The header of the request must have at most 100 fields and 64 KB.",
    )


@pytest.mark.parametrize("rest", [b"0\r\nX: " + b"x" * 70_000, b"5;" + b"x" * 70_000])
def test_bytes_of_a_body_that_carry_no_data_are_bounded(connect: Connect, rest: bytes) -> None:
    connection = connect()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head + b"5\r\nhello\r\n" + rest)
    assert refusal(read_all(connection))[0] == 431


def test_trailer_fields_do_not_become_header_fields(connect: Connect) -> None:
    connection = connect()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head + b"0\r\nAuthorization: Bearer x\r\n\r\n" + GET % b"next")
    first = echo(connection)
    assert (first["body"], "authorization" in first["headers"]) == ("", False)
    assert echo(connection)["path"] == "/next"


def test_header_and_body_of_a_short_answer_arrive_together(connect: Connect) -> None:
    connection = connect()
    for _ in range(20):
        connection.sendall(GET % b"echo")
        head, _, body = connection.recv(64 * 1024).partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head.lower()


@pytest.mark.parametrize("path", [b"echo", b"early"])
def test_an_idle_connection_is_ended(connect: Connect, path: bytes) -> None:
    connection = connect()
    connection.sendall(POST % (path, 5) + b"he")
    if path == b"early":
        read_answer(connection)
    connection.sendall(b"llo")
    if path == b"echo":
        read_answer(connection)
    assert read_all(connection) == b""


def test_many_connections_of_one_client_do_not_keep_another_from_its_answer(
    connect: Connect,
) -> None:
    held = [connect() for _ in range(3 * ScaledProtocol.CONNECTIONS)]
    for connection in held[::2]:
        try:
            connection.sendall(POST % (b"echo", 99) + b"{")
        except OSError:
            continue
    assert counts(connect)["most_connections"] <= ScaledProtocol.CONNECTIONS


def test_clients_that_do_not_read_their_large_answers_make_room_for_others(
    connect: Connect,
) -> None:
    unread = [connect() for _ in range(ScaledProtocol.CONNECTIONS)]
    for connection in unread:
        connection.sendall(GET % b"large")
    for connection in unread:
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    other = connect()
    other.sendall(GET % b"echo")
    status, _ = read_answer(other)
    assert status == 200


def test_a_process_that_works_on_all_its_connections_answers_503(connect: Connect) -> None:
    working = [connect() for _ in range(ScaledProtocol.CONNECTIONS)]
    for connection in working:
        connection.sendall(GET % b"work")
    time.sleep(0.5)
    assert refusal(read_all(connect())) == (503, "Too many connections are open. Try again later.")
    assert {read_answer(connection) for connection in working} == {(200, b"worked")}


def test_slow_clients_do_not_keep_a_process_from_its_graceful_end(tmp_path: Path) -> None:
    port = free_port()
    half = (b"", b"GET / HT", POST % (b"echo", 99) + b"{", GET % b"large", GET % b"large" * 100)
    with ExitStack() as stack:
        server = stack.enter_context(make_server(port, tmp_path))
        wait_until_listening(server)
        for sent in half:
            connection = socket.create_connection((HOST, port), 60)
            stack.enter_context(connection).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(sent)
        time.sleep(0.5)
        server.stop()
        # The limits ended all connections before the server would have cancelled its requests.
        assert "Cancel" not in server.log()
        assert "Finished server process" in server.log()
