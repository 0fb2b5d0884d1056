"""Requests of real clients: persisted queries, compressed bodies, media types, large documents."""

import gzip
from typing import Any

import orjson
import pytest

from graphql_api.config import Environment
from tests.support.api import Api, OpenApi

pytestmark = [pytest.mark.dynamodb, pytest.mark.redis]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
TYPENAME = b'{"query": "{ __typename }"}'
PERSISTED = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "7f" * 32}}}


@pytest.fixture(params=list(Environment))
async def either_api(request: pytest.FixtureRequest, open_api: OpenApi) -> Api:
    """The API of each environment."""
    return await open_api(environment=request.param)


async def post(api: Api, body: bytes, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.client.post("/graphql", content=body, headers={"content-type": JSON, **named})


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL_JSON, 400)])
@pytest.mark.parametrize(
    "body",
    [PERSISTED, PERSISTED | {"query": None}, PERSISTED | {"query": "", "operationName": None}],
)
async def test_a_hash_without_a_document_tells_clients_to_send_the_document(
    either_api: Api, body: dict[str, Any], accept: str, status: int
) -> None:
    response = await post(either_api, orjson.dumps(body), accept=accept)
    assert response.status_code == status
    assert response.json() == {
        "errors": [
            {
                "message": "PersistedQueryNotSupported",
                "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
            }
        ]
    }


async def test_a_hash_without_a_document_gets_the_same_answer_by_get(either_api: Api) -> None:
    parameters = {"extensions": orjson.dumps(PERSISTED["extensions"]).decode()}
    response = await either_api.client.get("/graphql", params=parameters)
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    parameters["query"] = "{ __typename }"
    response = await either_api.client.get("/graphql", params=parameters)
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("coding", ["gzip", "identity, gzip", "br", "GZIP"])
async def test_a_compressed_body_is_415_with_the_accepted_encoding(
    either_api: Api, coding: str
) -> None:
    response = await post(either_api, gzip.compress(TYPENAME), content_encoding=coding)
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "Content-Encoding" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
async def test_a_body_that_is_not_compressed_is_read(either_api: Api, coding: str) -> None:
    response = await post(either_api, TYPENAME, content_encoding=coding)
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json;", 200),
        ("application/json; charset=utf-8;", 200),
        ("application/json; charset=utf-8; profile=x", 200),
        ('Application/JSON ; Charset = "UTF-8"', 200),
        ('application/json; x="a; charset=utf-16"; charset=utf8', 200),
        ("application/json; x=y; charset=utf-16", 415),
        ('application/json; x="y\\";"; charset=latin-1', 415),
        ("application/json; charset=utf-8; charset=utf-16", 415),
        ("application/json; charset=", 415),
        ("", 415),
        (";", 415),
        (";application/json", 415),
        ("application/json, text/plain", 415),
    ],
)
async def test_of_the_parameters_of_a_content_type_only_the_charset_decides(
    either_api: Api, kind: str, status: int
) -> None:
    response = await post(either_api, TYPENAME, content_type=kind)
    assert response.status_code == status


async def test_an_empty_authorization_header_is_an_anonymous_caller(either_api: Api) -> None:
    response = await post(either_api, b'{"query": "{ viewer { id } }"}', authorization="")
    assert (response.status_code, response.json()) == (200, {"data": {"viewer": None}})


async def test_a_document_over_its_limit_is_refused_by_post_and_get(open_api: OpenApi) -> None:
    api = await open_api(document_kb=8)
    long = "{ __typename } #" + "x" * 8 * 1024
    by_post = await post(api, orjson.dumps({"query": long}))
    by_get = await api.client.get("/graphql", params={"query": long})
    proper = await post(api, orjson.dumps({"query": long}), accept=GRAPHQL_JSON)
    assert (by_post.status_code, by_get.status_code, proper.status_code) == (200, 200, 400)
    for response in (by_post, by_get, proper):
        (error,) = response.json()["errors"]
        assert error["extensions"] == {"code": "DOCUMENT_REFUSED"}
        assert "8 KB" in error["message"]
    fitting = await post(api, orjson.dumps({"query": long[: 8 * 1024]}))
    assert fitting.json() == {"data": {"__typename": "Query"}}


async def test_introspection_beside_another_operation_is_refused(open_api: OpenApi) -> None:
    api = await open_api(environment=Environment.PRODUCTION)
    query = (
        "query Heavy { languages { id name version } } "
        'query Look { __type(name: "User") { fields { name } } }'
    )
    for name, is_refused in (("Look", True), ("Heavy", False)):
        body = {"query": query, "operationName": name}
        answer = (await post(api, orjson.dumps(body))).json()
        assert ("Introspection" in str(answer)) is is_refused
        assert ("data" in answer) is not is_refused


LONG = "y" * 300
HOSTILE = [LONG, " " * 300, '" ' * 200, "' " * 200, "\\" * 300, "[" * 300, "한" * 300, "9" * 300]
ERROR = "{ ... on UserError { message } }"
VARIABLES: list[tuple[str, Any]] = [
    ("query($v: Int) { publicFeed(first: $v) { edges { cursor } } }", "value"),
    ("query($v: ProblemState) { problems(state: $v) { edges { cursor } } }", "value"),
    ("query($v: DateTime) { __typename @include(if: $v) }", "value"),
    ("query($v: ID!) { node(id: $v) { id } }", "value"),
    ("query($v: String) { publicFeed(after: $v) { edges { cursor } } }", "value"),
    ("mutation($v: RunCodeInput!) { runCode(input: $v) { __typename } }", "key"),
    (f'mutation($v: String!) {{ runCode(input: {{language: $v, code: ""}}) {ERROR} }}', "value"),
    (f"mutation($v: String!) {{ signInForDevelopment(input: {{email: $v}}) {ERROR} }}", "value"),
]


def longest_echo(message: str, literal: str) -> int:
    """Return the number of characters that the message repeats from the start of a literal."""
    return max((n for n in range(len(literal) + 1) if literal[:n] in message), default=0)


@pytest.mark.parametrize("literal", HOSTILE)
@pytest.mark.parametrize(("text", "place"), VARIABLES)
async def test_no_answer_repeats_more_than_100_characters_of_a_variable(
    api: Api, text: str, place: str, literal: str
) -> None:
    value: Any = {literal: 1} if place == "key" else literal
    answer = (await api.post(text, {"v": value})).text
    assert len(answer) < 2000
    for message in strings(orjson.loads(answer)):
        # A text with quotes or brackets can look like several literals in a message.
        is_plain = place == "value" and not set(literal) & {"'", '"', "["}
        assert not is_plain or longest_echo(message, literal) <= 101
        assert len(message) <= 400


@pytest.mark.parametrize(
    "text",
    [
        "{{ {} }}",
        "{{ node(id: {{ x: {} }}) {{ id }} }}",
        '{{ nodes(ids: ["{}", 1.5]) {{ id }} }}',
        "{{ problems(state: {}) {{ edges {{ cursor }} }} }}",
        '{{ problems(state: "{}") {{ edges {{ cursor }} }} }}',
        '{{ viewer {{ usage(days: "{}") {{ date }} }} }}',
        "query({}: 1) {{ a }}",
        "{{ a @{} }}",
        '{{ a "{}" }}',
        "{{ ...{} }}",
        'query($v: Int = "{}") {{ publicFeed(first: $v) {{ edges {{ cursor }} }} }}',
    ],
)
async def test_no_answer_repeats_more_than_100_characters_of_a_document(
    api: Api, text: str
) -> None:
    answer = (await api.post(text.format(LONG))).json()
    assert answer["errors"]
    for error in answer["errors"]:
        assert longest_echo(error["message"], LONG) <= 100


def strings(answer: Any) -> list[str]:
    if isinstance(answer, dict):
        return [text for value in answer.values() for text in strings(value)]
    if isinstance(answer, list):
        return [text for value in answer for text in strings(value)]
    return [answer] if isinstance(answer, str) else []
