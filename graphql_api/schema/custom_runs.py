"""Custom runs: code that is run on the viewer's own input."""

from typing import Self

import strawberry

from graphql_api.data.enums import RunStatus
from graphql_api.data.redis.custom_runs import RunAnswer


@strawberry.type(description="Result of a custom run.")
class Run:
    """One custom run. The output is not compared with an expected output, and nothing is stored."""

    status: RunStatus = strawberry.field(description="Outcome of the run.")
    output: str = strawberry.field(
        description="Standard output of the program, truncated to 64 KB."
    )
    output_truncated: bool = strawberry.field(description="True if `output` was truncated.")
    error: str = strawberry.field(description="Standard error of the program, truncated to 64 KB.")
    error_truncated: bool = strawberry.field(description="True if `error` was truncated.")
    compile_output: str | None = strawberry.field(
        description="Messages of the compiler. Null if the compiler wrote no messages."
    )
    cpu_ms: int = strawberry.field(description="CPU time used, in milliseconds.")
    wall_ms: int = strawberry.field(
        description="Elapsed time from the start to the end of the program, in milliseconds."
    )
    peak_kb: int = strawberry.field(description="Peak memory use, in kilobytes.")
    exit_code: int | None = strawberry.field(
        description="Exit code of the program. Null if the program was stopped before it exited."
    )
    signal: str | None = strawberry.field(
        description="Name of the signal that ended the program, such as `SIGSEGV`. Null if the "
        "program was not ended by a signal."
    )

    @classmethod
    def from_record(cls, record: RunAnswer) -> Self:
        """Convert the answer of a worker to its GraphQL type."""
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
