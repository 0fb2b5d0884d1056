"""Purge notes: each names a test set to remove when the note is due, unless it is the current set.

While a note exists, no writer uses the version of its set again, not even a writer of another
problem with the same name.
"""

from dataclasses import dataclass

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Item
from graphql_api.data.records import ProblemKey

# Longer than the time for which a worker uses a set, and than the time of writing a set.
GRACE_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class PurgeNote:
    """A test set that is due for removal, unless it is the current set."""

    platform: str
    number: str
    version: int


def make_note(problem: ProblemKey, version: int, now: int) -> Item:
    """Return the item of a note that is due `GRACE_MS` after `now` (epoch ms)."""
    due = keys.purge_due(keys.problem_partition(*problem), now + GRACE_MS)
    note = {"v": 1, "tp": "purge", "pf": problem.platform, "pn": problem.number, "tcv": version}
    return {**keys.case_purge(*problem, version), **due, **note}


def read_note(item: Item) -> PurgeNote:
    """Return the note in an item."""
    return PurgeNote(item["pf"], item["pn"], item["tcv"])
