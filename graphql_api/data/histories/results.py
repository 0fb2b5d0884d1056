"""The JSON form in which the results of an execution are stored (the results body)."""

import orjson

from graphql_api.data.enums import TestVisibility
from graphql_api.data.records import Diagnosis, Results, TestResult


def dump_results(results: Results) -> bytes:
    """Convert results to the content of a results body."""
    return orjson.dumps(
        {
            "v": 1,
            "att": results.attempt,
            "co": results.compile_output,
            "lh": results.limit_backend,
            "vi": results.visibility,
            "dg": results.diagnosis.to_item() if results.diagnosis else None,
            "ts": [test.to_item() for test in results.tests],
        }
    )


def load_results(raw: bytes) -> Results:
    """Convert the content of a results body to results."""
    body = orjson.loads(raw)
    diagnosis = body.get("dg")
    return Results(
        attempt=body["att"],
        compile_output=body["co"],
        limit_backend=body["lh"],
        visibility=TestVisibility(body.get("vi", TestVisibility.SAMPLES)),
        tests=tuple(map(TestResult.from_item, body["ts"])),
        diagnosis=Diagnosis.from_item_or_none(diagnosis) if diagnosis else None,
    )
