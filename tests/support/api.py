"""A client of the API in this process, on a real table and Redis, with a recording sender."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from graphql_api.app import Services
from graphql_api.data.dynamo.expressions import equals
from graphql_api.data.enums import ProblemState, Role, Verdict
from graphql_api.data.histories.executions import Claim, Outcome
from graphql_api.data.keys import user_partition
from graphql_api.data.problems.inputs import NewProblem
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import History, Problem, Results, TestResult, User
from tests.support.senders import RecordingSender

ADMIN = "admin@example.org"
ERROR = "... on UserError { message code path }"


@dataclass
class Api:
    """A client with the operations that most tests need."""

    client: httpx.AsyncClient
    services: Services
    sender: RecordingSender

    async def post(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        return await self.client.post("/graphql", json=body, headers=headers)

    async def data(self, query: str, token: str | None = None, /, **variables: Any) -> Any:
        answer = (await self.post(query, variables, token)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def error(self, query: str, token: str | None = None, /, **variables: Any) -> Any:
        answer = (await self.post(query, variables, token)).json()
        assert len(answer["errors"]) == 1, answer
        return answer["errors"][0]

    async def mutate(
        self, name: str, fields: str, token: str | None = None, /, **given: Any
    ) -> Any:
        kind = name[0].upper() + name[1:]
        payload = "SignInPayload" if name.startswith("signIn") else f"{kind}Payload"
        query = (
            f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename "
            f"... on {payload} {{ {fields} }} {ERROR} }} }}"
        )
        return (await self.data(query, token, input=given))[name]

    async def sign_in(self, email: str) -> str:
        result = await self.mutate("signInForDevelopment", "accessToken", email=email)
        token: str = result["accessToken"]
        return token

    async def user(self, email: str) -> User:
        found = await self.services.stores.users.by_email(email)
        assert found is not None
        return found

    async def editor(self) -> str:
        """Return the token of an editor who is not an administrator."""
        token = await self.sign_in("editor@example.org")
        user = await self.user("editor@example.org")
        await self.services.stores.users.update(user.uid, role=Role.EDITOR)
        self.services.viewers.forget(user.uid)
        return token

    async def trace(self, email: str) -> list[str]:
        """Return the sort keys of all items in a user's partition."""
        partition = user_partition((await self.user(email)).uid)
        items = self.services.stores.dynamo.query_all(equals("PK", partition), consistent=True)
        return [item["SK"] async for item in items]

    async def problem(
        self,
        number: str = "1",
        state: ProblemState = ProblemState.COMPLETED,
        tests: int = 2,
        **more: Any,
    ) -> Problem:
        """Create a problem whose first test is a sample."""
        problems = self.services.stores.problems
        title = more.pop("title", f"Problem {number}")
        new = NewProblem(platform="algoitny", number=number, title=title, **more)
        made = await problems.create(new)
        if tests:
            cases = [
                NewTest(input=b"%d" % place, output=b"%d" % place, is_sample=place == 1)
                for place in range(1, tests + 1)
            ]
            made = await self.services.stores.tests.replace("algoitny", number, cases)
        if state is ProblemState.DELETED:
            made = await problems.soft_delete("algoitny", number, "gone")
        elif state is not ProblemState.DRAFT:
            made = await problems.set_state("algoitny", number, state)
        return made

    async def submit(self, token: str, **given: Any) -> str:
        """Submit to problem 1 and return the history's id."""
        wanted = {"platform": "algoitny", "number": "1", "language": "python", "code": "print(1)"}
        result = await self.mutate("executeCode", "history { id }", token, **(wanted | given))
        assert result["__typename"] == "ExecuteCodePayload", result
        found: str = result["history"]["id"]
        return found

    @staticmethod
    def outcome(attempt: int) -> Outcome:
        """Return an outcome of two tests of which the second fails."""
        tests = tuple(
            TestResult(
                number=number,
                is_sample=number == 1,
                verdict=verdict,
                output=f"out {number}",
                error=f"err {number}",
                expected=f"exp {number}",
                message=None
                if verdict is Verdict.AC
                else "The output differs at line 2, column 3.",
                note=None if verdict is Verdict.AC else "for the problem's authors",
                difference=None if verdict is Verdict.AC else (2, 3, "right", "wrong"),
            )
            for number, verdict in ((1, Verdict.AC), (2, Verdict.WA))
        )
        return Outcome(
            verdict=Verdict.WA,
            passed=1,
            failed=1,
            total=2,
            cpu_ms=12,
            peak_kb=3400,
            results=Results(attempt=attempt, compile_output="a warning", tests=tests),
            problem_public=True,
        )

    async def judge(self) -> History:
        """Complete the execution that was sent last, with two tests of which the second fails."""
        uid, ulid, _ = self.sender.sent[-1]
        executions = self.services.stores.executions
        claim = await executions.claim(uid, ulid, token="me", lease_ms=10_000)
        assert isinstance(claim, Claim)
        return await executions.complete(claim.history, self.outcome(attempt=1))


OpenApi = Callable[..., Awaitable[Api]]
