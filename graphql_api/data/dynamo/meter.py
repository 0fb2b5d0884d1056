"""What store operations cost: requests, capacity units and time, counted per operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was answered."""

    operation: str
    read_units: float
    write_units: float
    elapsed_ms: float
    attempts: int


@dataclass(slots=True)
class Meter:
    """The calls made while it was on."""

    calls: list[Call] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """The number of requests, each retry counted."""
        return sum(call.attempts for call in self.calls)

    @property
    def read_units(self) -> float:
        """Read capacity consumed."""
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> float:
        """Write capacity consumed, index copies included."""
        return sum(call.write_units for call in self.calls)


_METERS: ContextVar[tuple[Meter, ...]] = ContextVar("meters", default=())


@contextmanager
def metered() -> Iterator[Meter]:
    """Count the calls made inside the block and in the tasks that it starts."""
    meter = Meter()
    token = _METERS.set((*_METERS.get(), meter))
    try:
        yield meter
    finally:
        _METERS.reset(token)


def record(call: Call) -> None:
    """Add a call to every meter that is on."""
    for meter in _METERS.get():
        meter.calls.append(call)
