"""The migration of platforms and problem numbers to their normal form, which is Unicode NFC."""

import unicodedata
from collections import defaultdict
from typing import Any

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, absent
from graphql_api.data.dynamo.transactions import Delete, Put
from graphql_api.data.migrations.migration import Item, Obstacle, is_card, is_unchanged
from graphql_api.data.records import Problem, ProblemKey

# The attributes that contain a platform or a number. A key can be normalised as one text, because
# no combining mark composes with the separators `#` and `:`.
_NAMED = ("PK", "SK", "pf", "pn", *keys.INDEX_KEYS, *map(keys.remembered, keys.INDEX_KEYS))


class ProblemNameMigration:
    """Replaces the names of problems by their normal forms, in all items that contain a name.

    The name of a problem consists of the platform and the number. It is stored in all items of the
    problem, and in items of submissions, of quota, of jobs and of lists. If the name is in the key,
    the item is copied to the new key, and the old item is removed, in one transaction.

    The card (main item) of a problem is rewritten after all other items. So after an interruption,
    the next run finds the card in the old form and rewrites the remaining items. If a problem has
    no card, its other items are not changed, because another problem may already have the normal
    form of its name.
    """

    name = "platforms and problem numbers"

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo
        self._former: dict[ProblemKey, list[ProblemKey]] = defaultdict(list)
        self._movable: set[ProblemKey] = set()

    def survey(self, item: Item) -> None:
        """Remember a problem whose name will change."""
        if is_card(item, Problem):
            former = ProblemKey(item["pf"], item["pn"])
            normal = _normalise_key(former)
            if normal != former:
                self._former[normal].append(former)

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the problems whose names have equal normal forms.

        Cost: 1 read unit per name that will change.
        """
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
        """Return whether the item contains the name of a problem that can be renamed."""
        return bool(self._movable) and _problem_of(item) in self._movable

    def comes_last(self, item: Item) -> bool:
        """Return whether the item is the card (main item) of a problem, which is rewritten last."""
        return is_card(item, Problem)

    async def rewrite(self, item: Item) -> None:
        """Replace the problem's name in one item by its normal form.

        Cost: one update, or one transaction if the key changes.
        """
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
    """Return the name of the problem to which an item belongs, or None if it belongs to none."""
    if isinstance(item.get("pf"), str) and isinstance(item.get("pn"), str):
        return ProblemKey(item["pf"], item["pn"])
    kind, *name = item["PK"].split("#")
    return ProblemKey(*name) if kind == "P" and len(name) == len(ProblemKey._fields) else None


def _rename(item: Item) -> dict[str, Any]:
    named = {name: unicodedata.normalize("NFC", item[name]) for name in _NAMED if name in item}
    return {**item, **named}


def _show(key: ProblemKey) -> str:
    """Return a problem's name with escape sequences in place of letters beyond ASCII.

    Two names can look equal although their Unicode characters differ. The escape sequences show the
    difference.
    """
    return "/".join(part.encode("ascii", "backslashreplace").decode() for part in key)
