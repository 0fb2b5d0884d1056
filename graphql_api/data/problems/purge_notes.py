"""Purge notes. A purge note schedules the removal of one version of a problem's test set.

When the note is due, the sweeper removes the version, unless it is the current version. While the
note exists, the version number cannot be used for a new test set. This is also true for another
problem with the same name.
"""

from dataclasses import dataclass

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Item
from graphql_api.data.records import ProblemKey

# This time is longer than any worker uses a set, and longer than the writing of a set takes.
GRACE_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class PurgeNote:
    """The version of a test set that the sweeper removes, unless it is the current version."""

    platform: str
    number: str
    version: int


def make_note(problem: ProblemKey, version: int, now: int) -> Item:
    """Return the item of a purge note that is due `GRACE_MS` after `now` (epoch ms).

    The note schedules the removal of one version of the problem's test set.
    """
    due = keys.purge_due(keys.problem_partition(*problem), now + GRACE_MS)
    note = {"v": 1, "tp": "purge", "pf": problem.platform, "pn": problem.number, "tcv": version}
    return {**keys.case_purge(*problem, version), **due, **note}


def read_note(item: Item) -> PurgeNote:
    """Convert an item to a purge note."""
    return PurgeNote(item["pf"], item["pn"], item["tcv"])
