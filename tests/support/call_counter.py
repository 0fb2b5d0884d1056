"""Work measured in function calls, a number that does not depend on the load of the host."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class CallCounter:
    """Number of Python and C functions that this thread called."""

    count: int = 0


@contextmanager
def counted_calls() -> Iterator[CallCounter]:
    """Count the calls of this thread in the block, without those of other threads."""
    calls = CallCounter()

    def note(_: FrameType, event: str, __: object) -> None:
        if event in {"call", "c_call"}:
            calls.count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)
