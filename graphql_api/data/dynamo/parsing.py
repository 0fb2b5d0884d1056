"""A fast parser of DynamoDB's JSON responses, which replaces botocore's model-driven parser.

It leaves attribute values typed (`{"S": …}`); `values.load_item` converts them to Python. Errors
are parsed by botocore, so their codes, messages and fields are the documented ones.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from aiobotocore.session import AioSession, get_session


class _FastJSONParser(AioJSONParser):
    async def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        if response["status_code"] >= 300:  # noqa: PLR2004 - the first HTTP status that is not a success
            parsed: dict[str, Any] = await super().parse(response, shape)
            return parsed
        parsed = orjson.loads(response["body"])
        parsed["ResponseMetadata"] = {"HTTPStatusCode": response["status_code"]}
        return parsed


class _FastParserFactory(AioResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:
        if protocol_name == "json":
            return _FastJSONParser(**self._defaults)  # type: ignore[attr-defined]
        return super().create_parser(protocol_name)


def fast_session() -> AioSession:
    """Return an aiobotocore session that parses DynamoDB's responses with the fast parser."""
    session = get_session()
    session.register_component("response_parser_factory", _FastParserFactory())
    return session
