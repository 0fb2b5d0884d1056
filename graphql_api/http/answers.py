"""Answers that are sent in parts. The memory of an answer is freed after the client has read it."""

import asyncio

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graphql_api.data.dynamo.memory import AnswerShare
from graphql_api.data.limits import KB

PART_BYTES = 64 * KB

_log = structlog.stdlib.get_logger(__name__)


class AnswerResponse(Response):
    """A response whose memory is reserved until the client has read the answer.

    The memory belongs to the process's budget for large answers. Before each part, the server waits
    until its send buffer is nearly empty. If the client reads too slowly and other operations need
    the memory, the connection is closed before the end of the answer.
    """

    def __init__(self, response: Response, share: AnswerShare) -> None:
        self._share = share
        self.status_code, self.raw_headers = response.status_code, response.raw_headers
        self.body, self.background = response.body, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer in parts, and then release its memory."""
        del scope, receive
        limit = asyncio.timeout(None)
        try:
            async with limit:
                with self._share.memory.sending(lambda: _end(limit)):
                    await self._send(send)
        except TimeoutError:
            # The server closes the connection, because the answer is incomplete.
            _log.info(
                "The connection was closed, because the client read a large answer too slowly "
                "while other operations needed its memory."
            )
        finally:
            self._share.release()

    async def _send(self, send: Send) -> None:
        body = memoryview(self.body)
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        for start in range(0, max(len(body), 1), PART_BYTES):
            end = start + PART_BYTES
            await send(
                {
                    "type": "http.response.body",
                    "body": bytes(body[start:end]),
                    "more_body": end < len(body),
                }
            )


def _end(limit: asyncio.Timeout) -> None:
    limit.reschedule(asyncio.get_running_loop().time())
