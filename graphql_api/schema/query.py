"""What can be read."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import histories, jobs, languages, plans, problems, users
from graphql_api.resolvers.paging import PageRequest
from graphql_api.resolvers.problems import ProblemFilter
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
from graphql_api.schema.enums import JobKind, JobStatus, ProblemState
from graphql_api.schema.errors import Info
from graphql_api.schema.fields import field
from graphql_api.schema.histories import History
from graphql_api.schema.jobs import Job
from graphql_api.schema.languages import Language as LanguageType
from graphql_api.schema.nodes import find_node, find_nodes
from graphql_api.schema.problems import Problem
from graphql_api.schema.usage import Plan
from graphql_api.schema.users import Language, Platform, User

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type(
    description="Everything that can be read. An argument that cannot be honoured is an error with "
    "its code in `extensions`; what the viewer may not see is null."
)
class Query:
    """The roots of reading."""

    @field(description="The node of a global id; null where the viewer sees none.")
    async def node(self, info: Info, id: GlobalId) -> Node | None:  # noqa: A002 - Relay's name
        """Find a node."""
        return await find_node(info.context, id)

    @field(description="The nodes of at most 100 global ids, null where there is none.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")],
    ) -> list[Node | None]:
        """Find nodes."""
        return await find_nodes(info.context, list(ids))

    @field(description="Who is signed in; null when nobody is.")
    async def viewer(self, info: Info) -> User | None:
        """Read the viewer."""
        found = await users.viewer(info.context)
        return User.from_record(found) if found else None

    @field(description="The problem of that platform and number.")
    async def problem(
        self,
        info: Info,
        platform: Annotated[str, strawberry.argument(description="Where it comes from.")],
        number: Annotated[str, strawberry.argument(description="Its name there.")],
    ) -> Problem | None:
        """Read a problem."""
        found = await problems.find_by_name(info.context, platform, number)
        return Problem.from_record(found) if found else None

    @field(description="Problems, newest first.")
    async def problems(
        self,
        info: Info,
        *,
        platform: Platform = None,
        language: Annotated[
            str | None, strawberry.argument(description="Only with a solution in this language.")
        ] = None,
        tag: Annotated[str | None, strawberry.argument(description="Only with this tag.")] = None,
        state: Annotated[
            ProblemState | None,
            strawberry.argument(
                description="Unless COMPLETED, for editors; COMPLETED if left out."
            ),
        ] = None,
        search: Annotated[
            str | None, strawberry.argument(description="Only with these words in the title.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Problem]:
        """Read a page of problems."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        wanted = ProblemFilter(
            platform=platform,
            language=language,
            tag=tag,
            state=state or ProblemState.COMPLETED,
            search=search,
        )
        listing = await problems.list_problems(info.context, page, wanted)
        return connection(listing, Problem.from_record)

    @field(description="A history: the viewer's own, or a public one.")
    async def history(self, info: Info, id: GlobalId) -> History | None:  # noqa: A002 - the schema's
        """Read a history."""
        found = await histories.find(info.context, ids.history_key(id, "id"))
        return History.from_record(found) if found else None

    @field(description="Executions that were made public, last published first.")
    async def public_feed(
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
        """Read a page of the feed."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await histories.public_feed(info.context, page, platform, language)
        return connection(listing, History.from_record)

    @field(description="The plans; administrators also see those not active.")
    async def plans(self, info: Info) -> list[Plan]:
        """Read the plans."""
        return [Plan.from_record(plan) for plan in await plans.list_plans(info.context)]

    @field(description="The languages that this deployment's workers can run.")
    async def languages(self, info: Info) -> list[LanguageType]:
        """Read what the workers announce."""
        found = await languages.list_available(info.context)
        return [LanguageType.from_record(language) for language in found]

    @field(description="A job; null for who is no editor.")
    async def job(self, info: Info, id: GlobalId) -> Job | None:  # noqa: A002 - the schema's
        """Read a job."""
        found = await jobs.find(info.context, ids.job_key(id, "id"))
        return Job.from_record(found) if found else None

    @field(description="Jobs, newest first; for editors.")
    async def jobs(
        self,
        info: Info,
        *,
        kind: Annotated[
            JobKind | None, strawberry.argument(description="Only of this kind.")
        ] = None,
        status: Annotated[
            JobStatus | None, strawberry.argument(description="Only in this status.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Job]:
        """Read a page of jobs."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await jobs.list_jobs(info.context, page, kind, status)
        return connection(listing, Job.from_record)

    @field(description="All users, newest first; for administrators.")
    async def users(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User]:
        """Read a page of users."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        return connection(await users.list_users(info.context, page), User.from_record)
