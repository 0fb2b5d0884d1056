"""The results body of a history: the test results of one attempt, stored as JSON."""

import orjson

from graphql_api.data.enums import TestVisibility
from graphql_api.data.records import Results, TestResult


def dump_results(results: Results) -> bytes:
    """Convert results to the content of a results body."""
    return orjson.dumps(
        {
            "v": 1,
            "att": results.attempt,
            "co": results.compile_output,
            "lh": results.limit_backend,
            "vi": results.visibility,
            "ts": [test.to_item() for test in results.tests],
        }
    )


def load_results(raw: bytes) -> Results:
    """Convert the content of a results body to results."""
    body = orjson.loads(raw)
    return Results(
        attempt=body["att"],
        compile_output=body["co"],
        limit_backend=body["lh"],
        visibility=TestVisibility(body.get("vi", TestVisibility.SAMPLES)),
        tests=tuple(map(TestResult.from_item, body["ts"])),
    )
