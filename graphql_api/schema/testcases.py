"""Test cases of problems."""

from math import ceil
from typing import Self

import strawberry
from graphql import GraphQLError

from graphql_api.context import Context
from graphql_api.data.limits import MB
from graphql_api.resolvers.access import VisibleTest
from graphql_api.schema import ids
from graphql_api.schema.connections import Node
from graphql_api.schema.error_codes import OPERATION_TOO_LARGE
from graphql_api.schema.fields import field
from graphql_api.schema.info import Info

_NULL = (
    "Null if the problem's comparer is INTERACTIVE and the viewer is not an editor. Also null, "
    "with the error OPERATION_TOO_LARGE, if `input` and `output` together exceed the maximum size "
    "of a response."
)


@strawberry.type(
    description="A test case of a problem. Everyone who may see the problem may see its samples. "
    "Only editors may see the other test cases.",
)
class TestCase(Node):
    """A test case in the current test set of a problem."""

    record: strawberry.Private[VisibleTest]
    number: int = strawberry.field(description="Number of the test in its set, counted from 1.")
    is_sample: bool = strawberry.field(
        description="True if the test is a sample. Everyone may see samples. All other tests are "
        "hidden."
    )

    @classmethod
    def from_record(cls, record: VisibleTest) -> Self:
        """Convert a test to its GraphQL type."""
        return cls(
            record=record,
            id=ids.test_case_id(record.key),
            number=record.number,
            is_sample=record.is_sample,
        )

    @field(description=f"Text that the program reads on standard input. {_NULL}")
    def input(self, info: Info) -> str | None:
        """Return the input as text, or raise an error if it is too large for a response."""
        return _to_text(info.context, self.record, self.record.input)

    @field(description=f"Expected output of the program. {_NULL}")
    def output(self, info: Info) -> str | None:
        """Return the output as text, or raise an error if it is too large for a response."""
        return _to_text(info.context, self.record, self.record.output)


def _to_text(context: Context, record: VisibleTest, raw: bytes | None) -> str | None:
    if record.left_out_bytes:
        size_mb = ceil(record.left_out_bytes / MB)
        raise GraphQLError(
            f"`input` and `output` of the test have {size_mb} MB together, but a response may have "
            f"at most {context.settings.answer_mb} MB. Read the test from the files that you "
            "uploaded, or ask the operator to increase ANSWER_MB.",
            extensions={"code": OPERATION_TOO_LARGE},
        )
    return None if raw is None else raw.decode(errors="replace")
