"""The migration of e-mail addresses to their normal form."""

from collections import defaultdict

from graphql_api.data import keys
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import Change, absent, equals
from graphql_api.data.dynamo.transactions import Delete, Put, Update
from graphql_api.data.errors import InvalidInput
from graphql_api.data.migrations.migration import Item, Obstacle, is_card
from graphql_api.data.names import normalise_email
from graphql_api.data.records import User


class EmailMigration:
    """Replaces the e-mail addresses of users by their normal forms.

    The address is stored in the item of the user, and in the key of an item that makes the address
    unique. One transaction changes both items, so the API may run during the migration.
    """

    name = "e-mail addresses"

    def __init__(self, dynamo: Dynamo) -> None:
        self._dynamo = dynamo
        self._changing: dict[str, list[str]] = defaultdict(list)
        self._invalid: list[str] = []
        self._blocked: set[str] = set()

    def survey(self, item: Item) -> None:
        """Remember the user in `item` if the user's address is not valid or will change."""
        if not is_card(item, User):
            return
        address = _normalise(item)
        if address is None:
            self._invalid.append(item["u"])
        elif address != item["em"]:
            self._changing[address].append(item["u"])

    async def find_obstacles(self) -> list[Obstacle]:
        """Return the users who cannot be changed.

        The address of such a user is not valid, or has the same normal form as the address of
        another user. Cost: 1 read unit per address that will change.
        """
        obstacles = [
            Obstacle(
                (uid,),
                "The e-mail address is not valid, so the user cannot sign in. Change the address "
                "or delete the user.",
            )
            for uid in self._invalid
        ]
        for address, uids in self._changing.items():
            taken = await self._dynamo.get(keys.unique_email(address), consistent=True)
            owners = sorted({*uids, *([taken["u"]] if taken else [])})
            if len(owners) > 1:
                self._blocked.add(address)
                obstacles.append(
                    Obstacle(
                        tuple(owners),
                        f"These users have the same e-mail address {address}. Delete all but one "
                        "of these users, or change their addresses.",
                    )
                )
        return obstacles

    def applies_to(self, item: Item) -> bool:
        """Return whether the item is a user whose address is valid but not in normal form.

        For a user whom `find_obstacles` has returned, the result is False.
        """
        if not is_card(item, User):
            return False
        return _normalise(item) not in {None, item["em"], *self._blocked}

    def comes_last(self, item: Item) -> bool:  # noqa: ARG002 - all items are independent
        """Return False: users can be rewritten in any order."""
        return False

    async def rewrite(self, item: Item) -> None:
        """Change the address of one user. Cost: one transaction of 8 write units."""
        former, address, uid = item["em"], normalise_email(item["em"]), item["u"]
        is_own = absent() | equals("u", uid)
        unique_item = {**keys.unique_email(address), "v": 1, "tp": "guard", "u": uid}
        await self._dynamo.transact(
            [
                Update(keys.user(uid), Change({"em": address}), equals("em", former), 1),
                Put(unique_item, is_own),
                Delete(keys.unique_email(former), is_own),
            ]
        )


def _normalise(user: Item) -> str | None:
    """Return the normal form of a user's e-mail address, or None if the address is not valid."""
    try:
        return normalise_email(user["em"])
    except InvalidInput:
        return None
