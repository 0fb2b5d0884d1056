"""The named fields behind the table's short attributes: the one place that maps items to records.

Times are epoch milliseconds (UTC), ids are ULIDs. Every item carries its format version in `v`; a record
reads items of its own and of older formats, and refuses newer ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

Item = dict[str, Any]


class Role(StrEnum):
    """What a user may do."""

    USER = "USER"
    EDITOR = "EDITOR"
    ADMIN = "ADMIN"


class UserState(StrEnum):
    """Whether a user may sign in."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETING = "DELETING"


class ProblemState(StrEnum):
    """Who finds a problem: everyone only when COMPLETED."""

    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    COMPLETED = "COMPLETED"
    DELETED = "DELETED"


class HistoryStatus(StrEnum):
    """Where an execution stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Verdict(StrEnum):
    """What the judge says of a test, or of a whole execution."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    ILE = "ILE"
    MLE = "MLE"
    OLE = "OLE"
    RE = "RE"
    CE = "CE"
    IE = "IE"
    SKIPPED = "SKIPPED"


class Comparer(StrEnum):
    """How a program's output is held against the expected one."""

    TOKENS = "TOKENS"
    TOKENS_IGNORE_CASE = "TOKENS_IGNORE_CASE"
    LINES = "LINES"
    EXACT = "EXACT"
    FLOAT = "FLOAT"
    CHECKER = "CHECKER"
    INTERACTIVE = "INTERACTIVE"


class Action(StrEnum):
    """What a plan limits, per UTC day."""

    EXECUTION = "execution"
    HINT = "hint"
    RUN = "run"


class UnknownFormat(Exception):
    """An item of a newer format than this code reads: deploy the newer code before it writes."""
