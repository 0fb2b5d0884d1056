"""Test cases of problems."""

from typing import Self

import strawberry

from graphql_api.resolvers.access import VisibleTest
from graphql_api.schema import ids
from graphql_api.schema.connections import Node


@strawberry.type(
    description="A test case of a problem. Everyone who may see the problem may see its samples. "
    "Only editors may see the other test cases.",
)
class TestCase(Node):
    """A test case in the current test set of a problem."""

    number: int = strawberry.field(description="Number of the test in its set, counted from 1.")
    is_sample: bool = strawberry.field(
        description="True if the test is a sample. Everyone may see samples. All other tests are "
        "hidden."
    )
    input: str | None = strawberry.field(
        description="Text that the program reads on standard input. Null if the problem's comparer "
        "is INTERACTIVE and the viewer is not an editor."
    )
    output: str | None = strawberry.field(
        description="Expected output of the program. Null if the problem's comparer is INTERACTIVE "
        "and the viewer is not an editor."
    )

    @classmethod
    def from_record(cls, record: VisibleTest) -> Self:
        """Convert a test to its GraphQL type."""
        return cls(
            id=ids.test_case_id(record.key),
            number=record.number,
            is_sample=record.is_sample,
            input=_to_text(record.input),
            output=_to_text(record.output),
        )


def _to_text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")
