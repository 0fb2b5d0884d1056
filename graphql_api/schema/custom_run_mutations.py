"""The mutation that runs code on the viewer's own input."""

from typing import Annotated

import strawberry

from graphql_api.data.limits import DEFAULT_MEMORY_LIMIT_KB, DEFAULT_TIME_LIMIT_MS
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
from graphql_api.schema.fields import code_input, language_input, mutation
from graphql_api.schema.info import Info
from graphql_api.schema.payloads import UsagePayload


@strawberry.input(description="Input of `runCode`.")
class RunCodeInput:
    """Input of `runCode`."""

    language: str = language_input()
    code: str = code_input()
    stdin: str = strawberry.field(
        default="",
        description="Text that the program reads on standard input, at most 256 KB in UTF-8 "
        "(default empty).",
    )
    time_limit_ms: int = strawberry.field(
        default=DEFAULT_TIME_LIMIT_MS,
        description="CPU time limit in milliseconds, 50 to 10,000 (default 2,000).",
    )
    memory_limit_kb: int = strawberry.field(
        default=DEFAULT_MEMORY_LIMIT_KB,
        description="Memory limit in kilobytes, 4,096 to 1,048,576 (default 262,144).",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Idempotency key: 1 to 128 characters that the client chooses. If a request "
        "with the same key and input is repeated within ten minutes, no second unit of quota is "
        "used, and the result of the first request is returned. A request with the same key is "
        "rejected with CONFLICT if the input is different or the ten minutes are over.",
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
    """The mutation that runs code without a problem."""

    @mutation(
        description="Run code with an input that the viewer chooses, and return the output of the "
        "program. A custom run stores no history. Custom runs have their own daily limit. Fails "
        "with CONFLICT if the viewer already has 4 custom runs in progress. Fails with "
        "UNAVAILABLE if too many custom runs are in progress, if no worker runs the code in time, "
        "or if the judge fails. A run that is not executed does not count towards the limit."
    )
    async def run_code(self, info: Info, input: RunCodeInput) -> RunCodeResult | None:
        """Run code on a custom input and wait for the result."""
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
