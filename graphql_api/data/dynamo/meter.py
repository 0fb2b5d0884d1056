"""Measurement of DynamoDB requests: their number, capacity units and time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """One successful call of DynamoDB. `attempts` also counts the failed attempts of the call."""

    operation: str
    read_units: float
    write_units: float
    elapsed_ms: float
    attempts: int


@dataclass(slots=True)
class Meter:
    """The calls that were made inside a `metered` block."""

    calls: list[Call] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """Number of requests, including retries."""
        return sum(call.attempts for call in self.calls)

    @property
    def read_units(self) -> float:
        """Consumed read capacity units."""
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> float:
        """Consumed write capacity units, including the units for updates of indexes."""
        return sum(call.write_units for call in self.calls)


_METERS: ContextVar[tuple[Meter, ...]] = ContextVar("meters", default=())


@contextmanager
def metered() -> Iterator[Meter]:
    """Record the calls that are made in this block and in tasks started in this block."""
    meter = Meter()
    token = _METERS.set((*_METERS.get(), meter))
    try:
        yield meter
    finally:
        _METERS.reset(token)


def record(call: Call) -> None:
    """Add a call to every active meter."""
    for meter in _METERS.get():
        meter.calls.append(call)
