"""The query fields, which read data."""

from typing import Annotated

import strawberry

from graphql_api.data.enums import JobKind, JobStatus, ProblemState
from graphql_api.resolvers import feed, histories, jobs, languages, plans, problems, users
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
from graphql_api.schema.fields import field
from graphql_api.schema.histories import History
from graphql_api.schema.info import Info
from graphql_api.schema.jobs import Job
from graphql_api.schema.languages import Language as LanguageType
from graphql_api.schema.nodes import find_node, find_nodes
from graphql_api.schema.plans import Plan
from graphql_api.schema.problems import Problem
from graphql_api.schema.users import Language, Platform, User

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the object.")]
HistoryId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the history.")]
JobId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the job.")]
ProblemPlatform = Annotated[
    str | None, strawberry.argument(description="Only problems of this platform.")
]


@strawberry.type(
    description="All operations that read data. An invalid argument causes a GraphQL error with "
    "an error code in `extensions.code`. If the viewer may not see an object, null is returned in "
    "its place."
)
class Query:
    """Root type of all queries."""

    @field(
        description="The object with this global id. Null if the object does not exist or the "
        "viewer may not see it."
    )
    async def node(self, info: Info, id: GlobalId) -> Node | None:
        """Find an object by its global id."""
        return await find_node(info.context, id)

    @field(
        description="The objects with these global ids, in the same order. An entry is null if "
        "the object does not exist or the viewer may not see it."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description="Global ids of the objects, at most 100."),
        ],
    ) -> list[Node | None] | None:
        """Find several objects by their global ids."""
        return await find_nodes(info.context, list(ids))

    @field(description="The signed-in user. Null if the request has no access token.")
    async def viewer(self, info: Info) -> User | None:
        """Read the signed-in user."""
        viewer = await users.viewer(info.context)
        return User.from_record(viewer) if viewer else None

    @field(
        description="The problem with this platform and number. Null if the problem does not "
        "exist or the viewer may not see it."
    )
    async def problem(
        self,
        info: Info,
        platform: Annotated[
            str,
            strawberry.argument(
                description="Key of the platform that the problem comes from, such as `algoitny`."
            ),
        ],
        number: Annotated[
            str, strawberry.argument(description="Number or name of the problem on its platform.")
        ],
    ) -> Problem | None:
        """Read a problem by its platform and number."""
        problem = await problems.find_by_name(info.context, platform, number)
        return Problem.from_record(problem) if problem else None

    @field(description="Problems, newest first.")
    async def problems(
        self,
        info: Info,
        *,
        platform: ProblemPlatform = None,
        language: Annotated[
            str | None,
            strawberry.argument(
                description="Only problems whose author's solution is in this programming "
                "language, given by its key, name or alias."
            ),
        ] = None,
        tag: Annotated[
            str | None, strawberry.argument(description="Only problems with this tag.")
        ] = None,
        state: Annotated[
            ProblemState | None,
            strawberry.argument(
                description="Only problems in this state (default COMPLETED). Only editors may "
                "select other states."
            ),
        ] = None,
        search: Annotated[
            str | None,
            strawberry.argument(description="Only problems whose titles contain all these words."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Problem] | None:
        """Read a page of problems."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        filters = ProblemFilter(
            platform=platform,
            language=language,
            tag=tag,
            state=state or ProblemState.COMPLETED,
            search=search,
        )
        listing = await problems.list_problems(info.context, page, filters)
        return connection(listing, Problem.from_record)

    @field(
        description="The history with this global id. Null if the history does not exist or the "
        "viewer may not see it. Viewers may see public histories and their own histories. "
        "Administrators may see all histories."
    )
    async def history(self, info: Info, id: HistoryId) -> History | None:
        """Read a history."""
        history = await histories.find(info.context, ids.history_key(id, "id"))
        return History.from_record(history) if history else None

    @field(
        description="Public histories, most recently published first. Histories of deleted "
        "problems are not included."
    )
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
    ) -> Connection[History] | None:
        """Read a page of the feed of public histories."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await feed.public_feed(info.context, page, platform, language)
        return connection(listing, History.from_record)

    @field(description="All active plans. Administrators also see inactive plans.")
    async def plans(self, info: Info) -> list[Plan] | None:
        """Read the plans."""
        return [Plan.from_record(plan) for plan in await plans.list_plans(info.context)]

    @field(
        description="Programming languages that are available. A language is available if at "
        "least one worker has announced it within the last 24 hours."
    )
    async def languages(self, info: Info) -> list[LanguageType] | None:
        """Read the languages that workers have announced."""
        available = await languages.list_available(info.context)
        return [LanguageType.from_record(language) for language in available]

    @field(
        description="The job with this global id. Null if the job does not exist. Also null for "
        "viewers other than editors."
    )
    async def job(self, info: Info, id: JobId) -> Job | None:
        """Read a job."""
        job = await jobs.find(info.context, ids.job_key(id, "id"))
        return Job.from_record(job) if job else None

    @field(description="Jobs, newest first. Requires the role EDITOR.")
    async def jobs(
        self,
        info: Info,
        *,
        kind: Annotated[
            JobKind | None, strawberry.argument(description="Only jobs of this kind.")
        ] = None,
        status: Annotated[
            JobStatus | None, strawberry.argument(description="Only jobs in this state.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Job] | None:
        """Read a page of jobs."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        listing = await jobs.list_jobs(info.context, page, kind, status)
        return connection(listing, Job.from_record)

    @field(description="All users, newest first. Requires the role ADMIN.")
    async def users(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[User] | None:
        """Read a page of users."""
        page = PageRequest(first=first, after=after, last=last, before=before)
        return connection(await users.list_users(info.context, page), User.from_record)
