"""A fast parser of DynamoDB's JSON responses. It replaces botocore's slower, generic parser.

The fast parser does not convert attribute values such as `{"S": …}`; `values.load_item` converts
them to Python values. Error responses are still parsed by botocore, so their codes, messages and
fields are as documented.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from aiobotocore.session import AioSession, get_session


class _FastJSONParser(AioJSONParser):
    async def parse(self, response: Mapping[str, Any], shape: Any) -> dict[str, Any]:
        if response["status_code"] >= 300:  # noqa: PLR2004 - HTTP statuses from 300 on are not a success
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
    """Return an aiobotocore session that uses the fast parser."""
    session = get_session()
    session.register_component("response_parser_factory", _FastParserFactory())
    return session
