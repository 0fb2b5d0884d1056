"""The memory of another process. It is measured all the time, so that no peak is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAUSE_S = 0.005


@dataclass
class Peak:
    """The largest resident memory that was seen, in KB."""

    kb: int


def read_memory_kb(pid: int) -> int:
    """Return the resident memory of a process, in KB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)


@contextmanager
def sampled_memory(pid: int) -> Iterator[Peak]:
    """Measure the memory of a process every few milliseconds during the block."""
    peak, ended = Peak(read_memory_kb(pid)), threading.Event()

    def sample() -> None:
        while not ended.wait(PAUSE_S):
            peak.kb = max(peak.kb, read_memory_kb(pid))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
    peak.kb = max(peak.kb, read_memory_kb(pid))
