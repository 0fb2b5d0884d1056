"""GraphQL over HTTP: negotiation, bounds and status codes around the schema.

It follows the GraphQL-over-HTTP specification: `application/graphql-response+json` where it is
asked for, `application/json` else; every refusal has a body of GraphQL errors.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graphql_api.context import Context, Viewer
from graphql_api.data.errors import Unauthenticated, Unavailable
from graphql_api.data.limits import BODY_BYTES, EDITOR_BODY_BYTES, MB
from graphql_api.http.masking import masked

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


class Services(Protocol):
    """What the view needs of the process."""

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        """Return the viewer that a header names; raises Unauthenticated."""

    def context(self, viewer: Viewer | None) -> Context:
        """Return the surroundings of a new request."""


class RequestRejected(Exception):
    """A request that is answered without executing anything."""

    def __init__(
        self, status: int, message: str, code: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one operation."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class GraphQLView(GraphQL[Context, None]):
    """The endpoint. `page` is the playground, None where there is none."""

    def __init__(
        self, schema: BaseSchema, services: Callable[[], Services], page: bytes | None = None
    ) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())
        self._services = services
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        media_type = JSON
        try:
            if self._page is not None and _wants_page(request):
                response = Response(self._page, media_type="text/html")
            else:
                media_type = negotiated(request.headers.get("accept"))
                response = await self._answer(request, media_type)
        except RequestRejected as refusal:
            response = _refused(refusal, media_type)
        except Exception as error:  # noqa: BLE001 - the log has it, the client its id
            message, extensions = masked(error)
            answer = {"errors": [{"message": message, "extensions": extensions}]}
            response = _encoded(answer, 500, media_type, {})
        await response(scope, receive, send)

    async def _answer(self, request: Request, media_type: str) -> Response:
        if request.method not in ("GET", "POST"):
            raise RequestRejected(
                405,
                "The method is not allowed. Send a GET or POST request.",
                "BAD_REQUEST",
                {"allow": "GET, POST"},
            )
        if request.method == "POST":
            _check_content_type(request.headers.get("content-type"))
        services = self._services()
        viewer = await _authenticated(services, request.headers.get("authorization"))
        if request.method == "GET":
            asked = _from_parameters(request.query_params)
        else:
            limit = EDITOR_BODY_BYTES if viewer and viewer.is_editor else BODY_BYTES
            asked = _from_body(await _read_body(request, limit))
        result = await self._execute(asked, services.context(viewer), request.method)
        return _response(result, media_type)

    async def _execute(
        self, asked: GraphQLRequest, context: Context, method: str
    ) -> ExecutionResult:
        allowed = {OperationType.QUERY}
        if method == "POST":
            allowed.add(OperationType.MUTATION)
        try:
            return await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=asked.extensions,
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise _bad("Subscriptions are not supported. Poll with queries.") from None
            raise RequestRejected(
                405, "Mutations must be sent by POST.", "BAD_REQUEST", {"allow": "POST"}
            ) from None
        except CannotGetOperationTypeError:
            raise RequestRejected(
                400, "`operationName` must name an operation of the document.", "BAD_REQUEST"
            ) from None


def negotiated(accept: str | None) -> str:
    """Return the media type to answer in.

    Raises:
        RequestRejected: the client takes neither of ours.
    """
    if accept is None or not accept.strip():
        return JSON
    best, quality = "", 0.0
    for entry in accept.split(","):
        kind, _, parameters = entry.strip().partition(";")
        found = _OFFERED.get(kind.strip().lower())
        weight = _quality(parameters)
        if found and weight > quality:
            best, quality = found, weight
    if not best:
        raise RequestRejected(
            406, f"The `Accept` header must allow {GRAPHQL_JSON} or {JSON}.", "BAD_REQUEST"
        )
    return best


_OFFERED = {GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON}


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _wants_page(request: Request) -> bool:
    """Whether a browser asks for the playground."""
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _check_content_type(header: str | None) -> None:
    kind, _, parameters = (header or "").partition(";")
    charset = parameters.strip().lower().replace('"', "").replace(" ", "")
    if kind.strip().lower() != JSON:
        raise RequestRejected(
            415, f"The body must be sent as {JSON}.", "BAD_REQUEST", {"accept-post": JSON}
        )
    if charset.startswith("charset=") and charset not in ("charset=utf-8", "charset=utf8"):
        raise RequestRejected(415, "The body must be encoded in UTF-8.", "BAD_REQUEST")


async def _authenticated(services: Services, authorization: str | None) -> Viewer | None:
    try:
        return await services.authenticate(authorization)
    except Unauthenticated as error:
        challenge = 'Bearer realm="algoitny", error="invalid_token"'
        raise RequestRejected(
            401, error.message, "UNAUTHENTICATED", {"www-authenticate": challenge}
        ) from error
    except Unavailable as error:
        raise RequestRejected(503, error.message, "UNAVAILABLE", {"retry-after": "1"}) from error


async def _read_body(request: Request, limit: int) -> bytes:
    too_large = RequestRejected(
        413,
        f"The body must have at most {limit // MB} MB.",
        "BAD_REQUEST",
        {"connection": "close"},
    )
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    stream: AsyncIterator[bytes] = request.stream()
    try:
        async for chunk in stream:
            size += len(chunk)
            if size > limit:
                raise too_large
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise _bad("The body ended too early. Send the request again.") from error
    return b"".join(chunks)


def _bad(message: str) -> RequestRejected:
    return RequestRejected(400, message, "BAD_REQUEST")


def _json(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad(f"{what} must be JSON in UTF-8: {error.msg}.") from error


def _from_body(body: bytes) -> GraphQLRequest:
    found = _json(body, "The body")
    if isinstance(found, list):
        raise _bad("Batches are not supported. Send one operation per request.")
    if not isinstance(found, dict):
        raise _bad('The body must be a JSON object such as {"query": "{ viewer { id } }"}.')
    return _request(found)


def _from_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    found: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if found.get(name):
            found[name] = _json(found[name], f"`{name}`")
        else:
            found.pop(name, None)
    return _request(found)


def _request(found: Mapping[str, Any]) -> GraphQLRequest:
    query = found.get("query")
    if not isinstance(query, str) or not query.strip():
        raise _bad("`query` must be the text of a GraphQL document.")
    for name in ("variables", "extensions"):
        if not isinstance(found.get(name), dict | None):
            raise _bad(f"`{name}` must be an object.")
    if not isinstance(found.get("operationName"), str | None):
        raise _bad("`operationName` must be a string.")
    return GraphQLRequest(
        query=query,
        variables=found.get("variables"),
        operation_name=found.get("operationName") or None,
        extensions=found.get("extensions"),
    )


def _response(result: ExecutionResult, media_type: str) -> Response:
    errors = result.errors or []
    # Without a path an error is the request's: nothing was executed, so there is no data.
    is_refused = result.data is None and any(error.path is None for error in errors)
    answer: dict[str, Any] = {}
    if errors:
        answer["errors"] = [error.formatted for error in errors]
    if not is_refused:
        answer["data"] = result.data
    if result.extensions:
        answer["extensions"] = result.extensions
    status = 400 if is_refused and media_type == GRAPHQL_JSON else 200
    return _encoded(answer, status, media_type, {})


def _refused(refusal: RequestRejected, media_type: str) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    return _encoded({"errors": [error]}, refusal.status, media_type, refusal.headers)


def _encoded(
    answer: Mapping[str, Any], status: int, media_type: str, headers: Mapping[str, str]
) -> Response:
    return Response(
        orjson.dumps(answer),
        status_code=status,
        headers={"cache-control": "no-store", **headers},
        media_type=f"{media_type}; charset=utf-8",
    )
