"""The migration of tags to their normal form."""

from collections.abc import Sequence
from dataclasses import replace

from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.errors import InvalidInput
from graphql_api.data.migrations.migration import Item, Obstacle, is_card
from graphql_api.data.names import normalise_tag
from graphql_api.data.problems.cards import Decision, ProblemCards, check_size
from graphql_api.data.records import Problem


class TagMigration:
    """Replaces the tags of problems by their normal forms.

    One transaction changes the card of a problem and the problem's entries in the lists of tags. So
    the API may run during the migration.
    """

    name = "tags"

    def __init__(self, dynamo: Dynamo) -> None:
        self._cards = ProblemCards(dynamo)
        self._invalid: list[str] = []

    def survey(self, item: Item) -> None:
        """If the item is a problem with a tag that is not valid, remember the problem."""
        if is_card(item, Problem) and _normalise(item.get("tg", ())) is None:
            self._invalid.append(f"{item['pf']}/{item['pn']}")

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the problems with a tag that is not valid."""
        reason = (
            "At least one tag of the problem is too long or has no visible character. Change the "
            "tags of the problem."
        )
        return [Obstacle((name,), reason) for name in self._invalid]

    def applies_to(self, item: Item) -> bool:
        """Return whether the item is the card of a problem with a tag that is not in normal form.

        For a problem with a tag that is not valid, the result is False.
        """
        tags = tuple(item.get("tg", ()))
        return is_card(item, Problem) and _normalise(tags) not in (None, tags)

    def comes_last(self, item: Item) -> bool:  # noqa: ARG002 - all items are independent
        """Return False: cards can be rewritten in any order."""
        return False

    async def rewrite(self, item: Item) -> None:
        """Change a problem's tags and list entries. Cost: one read and one transaction."""

        async def decide(expected: Problem) -> Decision:
            tags = _normalise(expected.tags)
            if tags is None:
                return Decision(expected)
            return Decision(check_size(replace(expected, tags=tags)))

        await self._cards.change(item["pf"], item["pn"], decide)


def _normalise(tags: Sequence[str]) -> tuple[str, ...] | None:
    """Return the normal forms of tags without duplicates, or None if a tag is not valid."""
    try:
        return tuple(dict.fromkeys(map(normalise_tag, tags)))
    except InvalidInput:
        return None
