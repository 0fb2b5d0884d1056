"""The HTTP endpoint of the schema: content negotiation, limits and status codes.

The endpoint follows the GraphQL-over-HTTP specification. The `Accept` header of the request selects
the media type `application/graphql-response+json` or `application/json` (default). The body of
every rejection contains GraphQL errors.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema import BaseSchema
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graphql_api.context import Context, Viewer
from graphql_api.data.dynamo.memory import AnswerShare
from graphql_api.data.errors import Unauthenticated, Unavailable
from graphql_api.data.limits import BODY_BYTES, EDITOR_BODY_BYTES, MB
from graphql_api.http.answers import AnswerResponse
from graphql_api.http.masking import mask

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
RETRY_LATER = {"retry-after": "1"}


class Services(Protocol):
    """The process-wide services that the view uses."""

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        """Return the viewer that an `Authorization` header identifies, or None without a header.

        Raises:
            Unauthenticated: the token is not valid, or its user is not active.
        """

    def context(self, viewer: Viewer | None) -> Context:
        """Return the context of a new request."""


class RequestRejected(Exception):
    """A request that is rejected before it is executed."""

    def __init__(
        self, status: int | None, message: str, code: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Create the rejection.

        If `status` is None, the media type of the response decides the status (see
        `_refused_status`).
        """
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one GraphQL request, which executes one operation."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class GraphQLView:
    """The endpoint of the API. `page` is the playground's HTML, or None without a playground."""

    def __init__(
        self, schema: BaseSchema, services: Callable[[], Services], page: bytes | None = None
    ) -> None:
        self._schema, self._services = schema, services
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = Request(scope, receive)
        media_type = JSON
        try:
            if self._page is not None and _wants_page(request):
                response = Response(self._page, media_type="text/html")
            else:
                media_type = negotiate(request.headers.get("accept"))
                response = await self._respond(request, media_type)
        except RequestRejected as refusal:
            response = _reject(refusal, media_type)
        except Exception as error:  # noqa: BLE001 - it is logged, and the client gets its id
            message, extensions = mask(error)
            answer = {"errors": [{"message": message, "extensions": extensions}]}
            response = _encode(answer, 500, media_type, {})
        await response(scope, receive, send)

    async def _respond(self, request: Request, media_type: str) -> Response:
        if request.method not in ("GET", "POST"):
            raise RequestRejected(
                405,
                "The method is not allowed. Send a GET or POST request.",
                "BAD_REQUEST",
                {"allow": "GET, POST"},
            )
        if request.method == "POST":
            _check_content_type(request.headers.get("content-type"))
            _check_content_encoding(request.headers.get("content-encoding", ""))
        services = self._services()
        viewer = await _authenticate(services, request.headers.get("authorization"))
        if request.method == "GET":
            operation = _from_parameters(request.query_params)
        else:
            limit = EDITOR_BODY_BYTES if viewer and viewer.is_editor else BODY_BYTES
            operation = _from_body(await _read_body(request, limit))
        context = services.context(viewer)
        try:
            result = await self._execute(operation, context, request.method)
            context.forget_objects()
            return _response(result, media_type, context.answer)
        except BaseException:
            context.answer.release()
            raise

    async def _execute(
        self, operation: GraphQLRequest, context: Context, method: str
    ) -> ExecutionResult:
        allowed = {OperationType.QUERY}
        if method == "POST":
            allowed.add(OperationType.MUTATION)
        try:
            return await self._schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=operation.extensions,
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise _bad("Subscriptions are not supported. Poll with queries.") from None
            raise RequestRejected(
                405, "Mutations must be sent by POST.", "BAD_REQUEST", {"allow": "POST"}
            ) from None
        except CannotGetOperationTypeError:
            raise RequestRejected(
                400,
                "`operationName` must be the name of an operation in the document.",
                "OPERATION_RESOLUTION_FAILURE",
            ) from None


def negotiate(accept: str | None) -> str:
    """Return the media type of the response for an `Accept` header.

    Raises:
        RequestRejected: The client accepts neither of the two supported media types.
    """
    if accept is None or not accept.strip():
        return JSON
    best, quality = "", 0.0
    for entry in accept.split(","):
        kind, _, parameters = entry.strip().partition(";")
        media_type = _OFFERED.get(kind.strip().lower())
        weight = _quality(parameters)
        if media_type and weight > quality:
            best, quality = media_type, weight
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
    """Return whether a browser requests the playground."""
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _check_content_type(header: str | None) -> None:
    kind, _, parameters = (header or "").partition(";")
    if kind.strip().lower() != JSON:
        raise RequestRejected(
            415,
            f"The body must be JSON. Send the body with the header `Content-Type: {JSON}`.",
            "BAD_REQUEST",
            {"accept-post": JSON},
        )
    for parameter in _PARAMETER.findall(parameters):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in ("utf-8", "utf8"):
            raise RequestRejected(415, "The body must be encoded in UTF-8.", "BAD_REQUEST")


# A part of a header between semicolons. A semicolon in a quoted text is not a separator.
_PARAMETER = re.compile(r'(?:[^;"]++|"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)


def _check_content_encoding(header: str) -> None:
    codings = {coding.strip().lower() for coding in header.split(",")}
    if codings - {"", "identity"}:
        raise RequestRejected(
            415,
            "The body must not be compressed. Send the body without the header `Content-Encoding`.",
            "BAD_REQUEST",
            {"accept-encoding": "identity"},
        )


async def _authenticate(services: Services, authorization: str | None) -> Viewer | None:
    try:
        # Some clients send an empty header if no user is signed in.
        return await services.authenticate(authorization or None)
    except Unauthenticated as error:
        challenge = 'Bearer realm="algoitny", error="invalid_token"'
        raise RequestRejected(
            401, error.message, "UNAUTHENTICATED", {"www-authenticate": challenge}
        ) from error
    except Unavailable as error:
        raise RequestRejected(503, error.message, "UNAVAILABLE", RETRY_LATER) from error


async def _read_body(request: Request, limit: int) -> bytes:
    too_large = RequestRejected(
        413,
        f"The body must be at most {limit // MB} MB.",
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
    parameters = _json(body, "The body")
    if isinstance(parameters, list):
        raise _bad("Batches are not supported. Send one operation per request.")
    if not isinstance(parameters, dict):
        raise _bad('The body must be a JSON object such as {"query": "{ viewer { id } }"}.')
    return _request(parameters)


def _from_parameters(parameters: Mapping[str, str]) -> GraphQLRequest:
    values: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if values.get(name):
            values[name] = _json(values[name], f"`{name}`")
        else:
            values.pop(name, None)
    return _request(values)


def _request(parameters: Mapping[str, Any]) -> GraphQLRequest:
    query = parameters.get("query")
    if not query:
        _reject_persisted_query(parameters.get("extensions"))
    if not isinstance(query, str) or not query.strip():
        raise _bad("`query` must be the text of a GraphQL document.")
    for name in ("variables", "extensions"):
        if not isinstance(parameters.get(name), dict | None):
            raise _bad(f"`{name}` must be a JSON object.")
    if not isinstance(parameters.get("operationName"), str | None):
        raise _bad("`operationName` must be a string.")
    return GraphQLRequest(
        query=query,
        variables=parameters.get("variables"),
        operation_name=parameters.get("operationName") or None,
        extensions=parameters.get("extensions"),
    )


def _reject_persisted_query(extensions: object) -> None:
    """Reject a request that contains the hash of a document instead of the document.

    Clients of Apollo GraphQL recognize this error, and then send the document.
    """
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        raise RequestRejected(None, "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


def _response(result: ExecutionResult, media_type: str, share: AnswerShare) -> Response:
    errors = result.errors or []
    # An error without a path concerns the whole request: nothing was executed, so `data` is absent.
    is_refused = result.data is None and any(error.path is None for error in errors)
    answer: dict[str, Any] = {}
    if errors:
        answer["errors"] = [error.formatted for error in errors]
    if not is_refused:
        answer["data"] = result.data
    if result.extensions:
        answer["extensions"] = result.extensions
    is_busy = any((error.extensions or {}).get("code") == "UNAVAILABLE" for error in errors)
    status, headers = _refused_status(media_type) if is_refused else 200, {}
    if is_refused and is_busy and media_type == GRAPHQL_JSON:
        status, headers = 503, RETRY_LATER
    response = _encode(answer, status, media_type, headers)
    share.shrink(len(response.body))
    return AnswerResponse(response, share)


def _reject(refusal: RequestRejected, media_type: str) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    status = refusal.status or _refused_status(media_type)
    return _encode({"errors": [error]}, status, media_type, refusal.headers)


def _refused_status(media_type: str) -> int:
    """Return the HTTP status of the answer to a GraphQL document that was not executed.

    The status is 400 with `application/graphql-response+json`, and 200 with `application/json`.
    """
    return 400 if media_type == GRAPHQL_JSON else 200


def _encode(
    answer: Mapping[str, Any], status: int, media_type: str, headers: Mapping[str, str]
) -> Response:
    return Response(
        orjson.dumps(answer),
        status_code=status,
        headers={"cache-control": "no-store", **headers},
        media_type=f"{media_type}; charset=utf-8",
    )
