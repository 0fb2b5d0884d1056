"""The migration of platforms and problem numbers to their normal form, which is NFC."""

import unicodedata
from collections import defaultdict
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, absent
from graphql_api.data.dynamo.transactions import Delete, Put
from graphql_api.data.migrations.migration import Item, Obstacle, is_card, is_unchanged
from graphql_api.data.records import Problem, ProblemKey

# The attributes that contain a platform or a number. The normal form of a key is the key of the
# normal forms, because no combining mark composes with the separators `#` and `:`.
_NAMED = ("PK", "SK", "pf", "pn", *keys.INDEX_KEYS, *map(keys.remembered, keys.INDEX_KEYS))


class ProblemNameMigration:
    """Gives problems the normal form of their name, with everything that carries the name.

    These are the parts of the problem, its list entries, its executions with their feed entries and
    receipts, solved marks and jobs. An item whose key changes is copied and removed in one
    transaction. The cards of the problems come last: a run that was killed finds the card, and so
    the items that are left. Items of a problem without a card stay as they are, because another
    problem may have the normal form of the name.
    """

    name = "platforms and problem numbers"

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo
        self._former: dict[ProblemKey, list[ProblemKey]] = defaultdict(list)
        self._movable: set[ProblemKey] = set()

    def survey(self, item: Item) -> None:
        """Note the problems whose name changes."""
        if is_card(item, Problem):
            former = ProblemKey(item["pf"], item["pn"])
            normal = _normalise_key(former)
            if normal != former:
                self._former[normal].append(former)

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the problems with equal names. Cost: 1 read unit per changing problem."""
        obstacles = []
        for normal, former in self._former.items():
            taken = await self._dynamo.get(keys.problem(*normal), consistent=True)
            if len(former) == 1 and taken is None:
                self._movable.add(former[0])
                continue
            names = [*former, *([normal] if taken else [])]
            reason = (
                "These problems have the same name, because their platforms and numbers differ "
                "only in the encoding of letters. Delete all but one of these problems "
                "permanently."
            )
            obstacles.append(Obstacle(tuple(sorted(map(_show, names))), reason))
        return obstacles

    def applies_to(self, item: Item) -> bool:
        """Whether the item carries the name of a problem that can be renamed."""
        return bool(self._movable) and _problem_of(item) in self._movable

    def comes_last(self, item: Item) -> bool:
        """Whether the item is the card of a problem."""
        return is_card(item, Problem)

    async def rewrite(self, item: Item) -> None:
        """Rename one item. Cost: one update, or one transaction if the item's key changes."""
        renamed = _rename(item)
        if keys.of_item(renamed) == keys.of_item(item):
            changes = {
                name: renamed[name] for name in _NAMED if renamed.get(name) != item.get(name)
            }
            await self._dynamo.update(keys.of_item(item), Change(changes), is_unchanged(item))
            return
        await self._dynamo.transact(
            [Put(renamed, absent()), Delete(keys.of_item(item), is_unchanged(item))]
        )


def _normalise_key(key: ProblemKey) -> ProblemKey:
    return ProblemKey(*(unicodedata.normalize("NFC", part) for part in key))


def _problem_of(item: Item) -> ProblemKey | None:
    """Return the problem to which the item belongs, or None if it belongs to no problem."""
    if isinstance(item.get("pf"), str) and isinstance(item.get("pn"), str):
        return ProblemKey(item["pf"], item["pn"])
    kind, *name = item["PK"].split("#")
    return ProblemKey(*name) if kind == "P" and len(name) == len(ProblemKey._fields) else None


def _rename(item: Item) -> dict[str, Any]:
    named = {name: unicodedata.normalize("NFC", item[name]) for name in _NAMED if name in item}
    return {**item, **named}


def _show(key: ProblemKey) -> str:
    """Return a problem's name in a form in which different encodings differ."""
    return "/".join(part.encode("ascii", "backslashreplace").decode() for part in key)
