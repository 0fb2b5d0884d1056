"""Test cases of problems."""

from typing import Self

import strawberry

from graphql_api.data.records import Problem, TestCase
from graphql_api.resolvers.testcases import TestCaseKey
from graphql_api.schema import ids
from graphql_api.schema.connections import Node


@strawberry.type(
    name="TestCase",
    description="One test of a problem. Samples are for everyone who sees the problem, the others "
    "for editors.",
)
class TestCaseType(Node):
    """A test of the problem's current set."""

    number: int = strawberry.field(description="Its place in the set, from 1.")
    is_sample: bool = strawberry.field(description="Whether everyone may see it.")
    input: str | None = strawberry.field(description="What the program reads.")
    output: str | None = strawberry.field(description="What the program should write.")

    @classmethod
    def from_record(cls, record: TestCase, problem: Problem) -> Self:
        """Return a test of the problem's current set as GraphQL shows it."""
        key = TestCaseKey(
            platform=problem.platform,
            number=problem.number,
            version=problem.test_version or 0,
            test=record.number,
        )
        return cls.from_key(record, key)

    @classmethod
    def from_key(cls, record: TestCase, key: TestCaseKey) -> Self:
        """Return a test whose key is known as GraphQL shows it."""
        return cls(
            id=ids.test_case_id(key),
            number=record.number,
            is_sample=record.is_sample,
            input=record.input.decode(errors="replace"),
            output=record.output.decode(errors="replace"),
        )
