"""The mutation that runs code on the viewer's own input."""

from typing import Annotated

import strawberry

from graphql_api.resolvers import custom_runs
from graphql_api.resolvers.custom_runs import RunCode
from graphql_api.schema.custom_runs import Run
from graphql_api.schema.errors import (
    Conflict,
    InvalidInput,
    QuotaExceeded,
    Unauthenticated,
    Unavailable,
)
from graphql_api.schema.fields import mutation
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import UsagePayload


@strawberry.input(description="Input of `runCode`.")
class RunCodeInput:
    """Input of `runCode`."""

    language: str = strawberry.field(
        description="Programming language by key, name or alias, such as `python`, `Python` "
        "or `py`; letter case does not matter."
    )
    code: str = strawberry.field(description="Source code in one file: 1 byte to 256 KB in UTF-8.")
    stdin: str = strawberry.field(
        default="",
        description="Text that the program reads on standard input, at most 256 KB in UTF-8 "
        "(default empty).",
    )
    time_limit_ms: int = strawberry.field(
        default=2000, description="CPU time limit in milliseconds, 50 to 10,000 (default 2,000)."
    )
    memory_limit_kb: int = strawberry.field(
        default=262_144,
        description="Memory limit in kilobytes, 4,096 to 1,048,576 (default 262,144).",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Key of this request that the client chooses, 1 to 128 characters. A "
        "request that repeats the key takes no second unit of quota, and returns "
        "the first answer for ten minutes.",
    )


@strawberry.type(description="Result of the run, and the viewer's remaining quota.")
class RunCodePayload(UsagePayload):
    """Payload of `runCode`."""

    run: Run = strawberry.field(description="Result of the run.")


RunCodeResult = Annotated[
    RunCodePayload | Unauthenticated | InvalidInput | QuotaExceeded | Conflict | Unavailable,
    strawberry.union(
        "RunCodeResult", description="The finished run, or the reason the code was not run."
    ),
]


@strawberry.type
class CustomRunMutations:
    """Mutations without a problem."""

    @mutation(
        description="Run code on the viewer's own input and wait for its output. No history "
        "is kept, and the daily limit is separate from `executeCode`. UNAVAILABLE "
        "if no worker runs it in time or the judge fails; the unit of quota is "
        "then returned."
    )
    async def run_code(self, info: Info, input: RunCodeInput) -> RunCodeResult | None:
        """Run code."""
        command = RunCode(
            language=input.language,
            code=input.code,
            stdin=input.stdin,
            time_limit_ms=input.time_limit_ms,
            memory_limit_kb=input.memory_limit_kb,
            idempotency_key=input.idempotency_key,
        )
        return RunCodePayload(
            run=Run.from_record(await custom_runs.run_code(info.context, command))
        )
