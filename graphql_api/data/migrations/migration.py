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
    """Users or problems that a migration cannot change.

    `objects` contains user ids or problem names. `reason` explains the cause and the remedy.
    """

    objects: tuple[str, ...]
    reason: str


class Migration(Protocol):
    """One change of the form of stored items.

    The progress of a migration is not stored. Only items in the old form are rewritten, each with
    one conditional write or one transaction. So after an interruption, the migration can be run
    again. A second run of a complete migration changes nothing.
    """

    name: str

    def survey(self, item: Item) -> None:
        """Collect data for `find_obstacles`. Called once for each item, before all rewrites."""

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the objects that cannot be rewritten. Called once, after all calls of `survey`."""

    def applies_to(self, item: Item) -> bool:
        """Return whether the item must be rewritten. Called after `find_obstacles`."""

    def comes_last(self, item: Item) -> bool:
        """Return whether the item must be rewritten after all other items."""

    async def rewrite(self, item: Item) -> None:
        """Rewrite the item, unless another request has changed the item since it was read.

        Raises:
            TransactionFailed, ConditionFailed, DomainError: another request changed the item, or an
                item with the new key already exists.
        """


def is_card(item: Item, record: type[Record]) -> bool:
    """Return whether an item is a card of the class `record`.

    A card is the main item of an entity, such as a user. For a copy of a card in a list, the result
    is False.
    """
    return item.get("tp") == record.entity and item["SK"] == keys.META


def is_unchanged(item: Item) -> Condition:
    """Require that the stored item has the same attributes as `item`.

    Attributes that contain bytes are not compared. If such an attribute of an item changes, another
    attribute or the key always changes too.
    """
    conditions = [equals(name, value) for name, value in item.items() if _is_compared(value)]
    joined = conditions[0]
    for condition in conditions[1:]:
        joined &= condition
    return joined


def _is_compared(value: object) -> bool:
    return not isinstance(value, bytes) and value is not None
