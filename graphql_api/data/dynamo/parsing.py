"""A fast parser of DynamoDB's JSON responses, which replaces botocore's slower, generic parser.

The fast parser does not convert attribute values such as `{"S": …}` to Python values. Use
`values.load_item` for this conversion. Error responses are still parsed by botocore, so the errors
have the documented codes, messages and fields.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import HTTPClientError


class _FastJSONParser(AioJSONParser):
    async def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        body = _parse_object(response["body"])
        if response["status_code"] >= 300:  # noqa: PLR2004 - HTTP statuses from 300 on are not a success
            if body is None or not isinstance(body.get("__type", ""), str):
                # The body is not from DynamoDB. If the body is empty, botocore uses the HTTP status
                # as the error code.
                response = {**response, "body": b""}
            parsed: dict[str, Any] = await super().parse(response, shape)
            return parsed
        if body is None:
            raise HTTPClientError(error="The body of a successful response is not a JSON object.")
        body["ResponseMetadata"] = {"HTTPStatusCode": response["status_code"]}
        return body


def _parse_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a response body, or None if the body is not a JSON object."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


class _FastParserFactory(AioResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:
        if protocol_name == "json":
            return _FastJSONParser(**self._defaults)  # type: ignore[attr-defined]
        return super().create_parser(protocol_name)


def fast_session() -> AioSession:
    """Return an aiobotocore session that uses the fast parser."""
    session = get_session()
    session.register_component("response_parser_factory", _FastParserFactory())
    return session
