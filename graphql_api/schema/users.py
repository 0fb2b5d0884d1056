"""Users as they and administrators see them."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from graphql_api.context import effective_role
from graphql_api.data import records
from graphql_api.data.clock import to_datetime
from graphql_api.resolvers import histories, users
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
from graphql_api.schema.enums import Role
from graphql_api.schema.errors import Info
from graphql_api.schema.fields import field
from graphql_api.schema.histories import History
from graphql_api.schema.usage import Plan, Usage

Platform = Annotated[str | None, strawberry.argument(description="Only of this platform.")]
Language = Annotated[
    str | None, strawberry.argument(description="Only in this language: id, name or alias.")
]


@strawberry.type(description="How many executions there were in one language.")
class LanguageCount:
    """One language's share."""

    language: str = strawberry.field(description="The id of the language.")
    count: int = strawberry.field(description="How many were judged.")


@strawberry.type(description="A user's counters over all time.")
class UserStats:
    """Written with each execution that is judged."""

    executions: int = strawberry.field(description="Executions judged.")
    accepted: int = strawberry.field(description="Executions accepted.")
    problems_solved: int = strawberry.field(description="Problems solved at least once.")
    public_histories: int = strawberry.field(description="Histories in the public feed.")
    by_language: list[LanguageCount] = strawberry.field(
        description="Executions by language, most first."
    )


@strawberry.type(description="A user, as they themselves and administrators see them.")
class User(Node):
    """Somebody who signs in."""

    record: strawberry.Private[records.User]
    name: str = strawberry.field(description="What others see.")
    email: str = strawberry.field(description="The address they sign in with.")
    created_at: datetime = strawberry.field(description="When they first signed in.")

    @classmethod
    def from_record(cls, record: records.User) -> Self:
        """Return a user as GraphQL shows it."""
        return cls(
            record=record,
            id=ids.user_id(record.uid),
            name=record.name,
            email=record.email,
            created_at=to_datetime(record.created_at),
        )

    @field(description="What they may do.")
    def role(self, info: Info) -> Role:
        """Return the role, `ADMIN_EMAILS` counted in."""
        return effective_role(self.record, info.context.settings)

    @field(description="Their plan.")
    async def plan(self, info: Info) -> Plan:
        """Read the plan, cached for a minute."""
        return Plan.from_record(await users.plan_of(info.context, self.record))

    @field(description="Their executions, newest first.")
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
    ) -> Connection[History]:
        """Read a page of histories."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await histories.list_of_user(
            info.context, self.record.uid, page, platform, language
        )
        return connection(listing, History.from_record)

    @field(description="What they used, day by day in UTC, today first.")
    async def usage(
        self,
        info: Info,
        days: Annotated[
            int, strawberry.argument(description="So many days, 1 to 90; today alone unless told.")
        ] = 1,
    ) -> list[Usage]:
        """Read the days' counters."""
        found = await users.usage(info.context, self.record, days)
        return [Usage.from_record(day.used, day.plan) for day in found]

    @field(description="Their counters over all time.")
    async def stats(self, info: Info) -> UserStats:
        """Read the totals."""
        totals, by_language = await users.totals(info.context, self.record)
        most_first = sorted(by_language.items(), key=lambda entry: (-entry[1], entry[0]))
        return UserStats(
            executions=totals.executions,
            accepted=totals.accepted,
            problems_solved=totals.problems_solved,
            public_histories=totals.public_histories,
            by_language=[LanguageCount(language=name, count=count) for name, count in most_first],
        )
