"""The results body: what one attempt of an execution saw, as JSON inside the packed bytes."""

import orjson

from graphql_api.data.records import Results, TestResult


def dump_results(results: Results) -> bytes:
    """Return the raw bytes of a results body."""
    return orjson.dumps(
        {
            "v": 1,
            "att": results.attempt,
            "co": results.compile_output,
            "lh": results.limit_backend,
            "ts": [test.to_item() for test in results.tests],
        }
    )


def load_results(raw: bytes) -> Results:
    """Return the results that a body holds."""
    found = orjson.loads(raw)
    return Results(
        attempt=found["att"],
        compile_output=found["co"],
        limit_backend=found["lh"],
        tests=tuple(map(TestResult.from_item, found["ts"])),
    )
