"""Running code on the caller's own input."""

from typing import Annotated, Self

import strawberry

from graphql_api.data.redis.custom_runs import RunAnswer
from graphql_api.resolvers import custom_runs, executions
from graphql_api.resolvers.custom_runs import RunCode
from graphql_api.schema.enums import RunStatus
from graphql_api.schema.errors import (
    Conflict,
    Info,
    InvalidInput,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import field, mutation
from graphql_api.schema.usage import Usage


@strawberry.input(description="A program, and what it is to read.")
class RunCodeInput:
    """What to run."""

    language: str = strawberry.field(description="The language: id, name or alias, in any case.")
    code: str = strawberry.field(description="The program, at most 256 KB in UTF-8.")
    stdin: str = strawberry.field(
        default="", description="Its standard input, at most 256 KB in UTF-8."
    )
    time_limit_ms: int = strawberry.field(
        default=2000, description="Limit of CPU time in milliseconds, 50 to 10000."
    )
    memory_limit_kb: int = strawberry.field(
        default=262_144, description="Limit of memory in kilobytes, 4096 to 1048576."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Your name of this request, 1 to 128 characters: sent twice, it takes one unit "
        "of quota, and ten minutes long the same answer.",
    )


@strawberry.type(description="What a run on own input gave.")
class Run:
    """One run; nothing is compared and nothing kept."""

    status: RunStatus = strawberry.field(description="How it ended.")
    output: str = strawberry.field(description="What it wrote to standard output, first 64 KB.")
    output_truncated: bool = strawberry.field(description="Whether it wrote more to output.")
    error: str = strawberry.field(description="What it wrote to standard error, first 64 KB.")
    error_truncated: bool = strawberry.field(description="Whether it wrote more to error.")
    compile_output: str | None = strawberry.field(
        description="What the compiler said; null where it said nothing."
    )
    cpu_ms: int = strawberry.field(description="CPU time, in milliseconds.")
    wall_ms: int = strawberry.field(description="Time from start to end, in milliseconds.")
    peak_kb: int = strawberry.field(description="Peak memory, in kilobytes.")
    exit_code: int | None = strawberry.field(description="How the program ended, if by itself.")
    signal: str | None = strawberry.field(description="The signal that ended it, if one did.")

    @classmethod
    def from_record(cls, record: RunAnswer) -> Self:
        """Return a run as GraphQL shows it."""
        assert record.status is not None
        return cls(
            status=record.status,
            output=record.output,
            output_truncated=record.output_truncated,
            error=record.error,
            error_truncated=record.error_truncated,
            compile_output=record.compile_output or None,
            cpu_ms=record.cpu_ms,
            wall_ms=record.wall_ms,
            peak_kb=record.peak_kb,
            exit_code=record.exit_code,
            signal=record.signal,
        )


@strawberry.type(description="The run, and what it leaves of the plan.")
class RunCodePayload:
    """A finished run."""

    run: Run = strawberry.field(description="What came of it.")

    @field(description="What is left of the plan today; null if it cannot be read.")
    async def usage(self, info: Info) -> Usage | None:
        """Read the day's counters."""
        found = await executions.usage_after(info.context)
        return Usage.from_record(found.used, found.plan)


RunCodeResult = Annotated[
    RunCodePayload | Unauthenticated | InvalidInput | QuotaExceeded | Conflict | Unavailable,
    strawberry.union("RunCodeResult", description="The finished run, or why there is none."),
]


@strawberry.type
class RunMutations:
    """What users do without a problem."""

    @mutation(
        description="Run code on one's own input and wait for what it writes. It leaves no "
        "history, and has a quota of its own; what the platform itself fails at is not counted."
    )
    async def run_code(self, info: Info, input: RunCodeInput) -> RunCodeResult:  # noqa: A002 - the rule of names
        """Run code."""
        asked = RunCode(
            language=input.language,
            code=input.code,
            stdin=input.stdin,
            time_limit_ms=input.time_limit_ms,
            memory_limit_kb=input.memory_limit_kb,
            idempotency_key=input.idempotency_key,
        )
        return RunCodePayload(run=Run.from_record(await custom_runs.run_code(info.context, asked)))
