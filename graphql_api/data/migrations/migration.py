"""The interface of a migration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graphql_api.data import keys
from graphql_api.data.dynamo.expressions import Condition, equals
from graphql_api.data.records import Record

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Objects that a migration leaves unchanged, and the reason with its remedy.

    `objects` contains the ids of users, or the names of problems.
    """

    objects: tuple[str, ...]
    reason: str


class Migration(Protocol):
    """One change of stored items.

    A migration has no stored state: whether an item must be rewritten is decided by the item alone,
    and each rewrite is one conditional write or transaction. So a migration that was killed is
    completed by running it again, and running it once more changes nothing.
    """

    name: str

    def survey(self, item: Item) -> None:
        """Collect the data of `find_obstacles`. Called once for each item, before any rewrite."""

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the objects that cannot be rewritten. Called once, after all calls of `survey`."""

    def applies_to(self, item: Item) -> bool:
        """Whether the item must be rewritten. Called after `find_obstacles`."""

    def comes_last(self, item: Item) -> bool:
        """Whether the item is rewritten only after all items for which this is False."""

    async def rewrite(self, item: Item) -> None:
        """Rewrite the item, unless it was changed after it was read.

        Raises:
            TransactionFailed, ConditionFailed, DomainError: the item was changed by another
                request, or its new key exists.
        """


def is_card(item: Item, record: type[Record]) -> bool:
    """Whether the item is the card of a record of this class, and not a copy of it in a list."""
    return item.get("tp") == record.entity and item["SK"] == keys.META


def is_unchanged(item: Item) -> Condition:
    """Require that the stored item has the attributes of `item`, apart from its compressed bytes.

    The bytes of a body never change without its other attributes or its key.
    """
    conditions = [equals(name, value) for name, value in item.items() if _is_compared(value)]
    joined = conditions[0]
    for condition in conditions[1:]:
        joined &= condition
    return joined


def _is_compared(value: object) -> bool:
    return not isinstance(value, bytes) and value is not None
