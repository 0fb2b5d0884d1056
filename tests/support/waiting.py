"""Waiting for something to happen, with a time limit that a slow host does not reach."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 120.0


def wait_until(what: str, check: Callable[[], T | None], *, timeout_s: float = PATIENCE_S) -> T:
    """Return the first true value of `check`; fail if there is none within `timeout_s`."""
    ends_at = time.monotonic() + timeout_s
    while not (value := check()):
        assert time.monotonic() < ends_at, f"{what} did not happen within {timeout_s} s"
        time.sleep(0.02)
    return value


async def wait_until_async(
    what: str, check: Callable[[], Awaitable[T | None]], *, timeout_s: float = PATIENCE_S
) -> T:
    """Return the first true value of `check`; fail if there is none within `timeout_s`."""
    ends_at = time.monotonic() + timeout_s
    while not (value := await check()):
        assert time.monotonic() < ends_at, f"{what} did not happen within {timeout_s} s"
        await asyncio.sleep(0.05)
    return value
