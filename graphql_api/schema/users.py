"""User accounts. An account is visible only to its owner and to administrators."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from graphql_api.context import effective_role
from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.data.enums import Role, UserState
from graphql_api.resolvers import histories, usage, users
from graphql_api.resolvers.paging import PageRequest
from graphql_api.schema import ids
from graphql_api.schema.connections import (
    After,
    Before,
    Connection,
    First,
    Last,
    Node,
    connection,
)
from graphql_api.schema.fields import field
from graphql_api.schema.histories import History
from graphql_api.schema.info import Info
from graphql_api.schema.plans import Plan
from graphql_api.schema.usage import Usage

Platform = Annotated[
    str | None,
    strawberry.argument(description="Only histories of problems of this platform."),
]
Language = Annotated[
    str | None,
    strawberry.argument(
        description="Only histories in this programming language, given by its key, name or alias."
    ),
]


@strawberry.type(description="Number of a user's executions in one programming language.")
class LanguageCount:
    """Number of executions in one language."""

    language: str = strawberry.field(
        description="Key of the programming language, such as `python`."
    )
    count: int = strawberry.field(description="Number of judged executions in this language.")


@strawberry.type(description="All-time counters of a user.")
class UserStats:
    """Counters of a user. Each judged execution updates them."""

    executions: int = strawberry.field(description="Number of judged executions.")
    accepted: int = strawberry.field(description="Number of executions with the verdict AC.")
    problems_solved: int = strawberry.field(
        description="Number of different problems with at least one accepted execution."
    )
    public_histories: int = strawberry.field(
        description="Number of the user's histories in the public feed."
    )
    by_language: list[LanguageCount] = strawberry.field(
        description="Number of judged executions in each programming language, highest number "
        "first."
    )


@strawberry.type(
    description="A user account. Only the user and administrators may see the account."
)
class User(Node):
    """A user account."""

    record: strawberry.Private[records.User]
    name: str = strawberry.field(description="Display name that other users see.")
    email: str = strawberry.field(description="E-mail address that the user signs in with.")
    state: UserState = strawberry.field(description="State of the account.")
    created_at: datetime = strawberry.field(description="Time of the first sign-in.")

    @classmethod
    def from_record(cls, record: records.User) -> Self:
        """Convert a stored user to its GraphQL type."""
        return cls(
            record=record,
            id=ids.user_id(record.uid),
            name=record.name,
            email=record.email,
            state=record.state,
            created_at=to_datetime(record.created_at),
        )

    @field(description="Role of the user.")
    def role(self, info: Info) -> Role:
        """Return ADMIN if `ADMIN_EMAILS` contains the user's address, otherwise the stored role."""
        return effective_role(self.record, info.context.settings)

    @field(description="Plan that sets the user's daily limits. Null if the plan cannot be read.")
    async def plan(self, info: Info) -> Plan | None:
        """Read the plan, which is cached for a minute."""
        return Plan.from_record(await usage.plan_of(info.context, self.record))

    @field(
        description="Public and private histories of the user, newest first. Null if the "
        "histories cannot be read."
    )
    async def histories(
        self,
        info: Info,
        *,
        platform: Platform = None,
        language: Language = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[History] | None:
        """Read a page of the user's histories."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await histories.list_of_user(
            info.context, self.record.uid, page, platform, language
        )
        return connection(listing, History.from_record)

    @field(
        description="The user's use of the daily limits on the last `days` UTC days. The list has "
        "one entry per day, and the current day is first. Null if the use cannot be read."
    )
    async def usage(
        self,
        info: Info,
        days: Annotated[
            int,
            strawberry.argument(
                description="Number of days to return, 1 to 90 (default 1, which returns only the "
                "current day)."
            ),
        ] = 1,
    ) -> list[Usage] | None:
        """Read the usage of the last `days` days."""
        usages = await usage.usage(info.context, self.record, days)
        return [Usage.from_record(day.used, day.plan) for day in usages]

    @field(description="All-time counters of the user.")
    async def stats(self, info: Info) -> UserStats | None:
        """Read the all-time counters."""
        totals, by_language = await users.totals(info.context, self.record)
        most_first = sorted(by_language.items(), key=lambda entry: (-entry[1], entry[0]))
        return UserStats(
            executions=totals.executions,
            accepted=totals.accepted,
            problems_solved=totals.problems_solved,
            public_histories=totals.public_histories,
            by_language=[LanguageCount(language=name, count=count) for name, count in most_first],
        )
