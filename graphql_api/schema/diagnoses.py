"""Diagnoses of failed executions."""

from typing import Self

import strawberry

from graphql_api.data import records
from graphql_api.data.enums import DiagnosisKind, Locale
from hints.diagnosis.explanation import explain


@strawberry.type(
    description="Kind of mistake of a failed execution. The judge finds the kind by comparing "
    "outputs, times and messages, without a language model. The diagnosis of a hidden test "
    "contains no values of the test."
)
class Diagnosis:
    """The diagnosis of one execution: the kind of mistake, with texts in one natural language."""

    kind: DiagnosisKind = strawberry.field(description="Kind of mistake.")
    title: str = strawberry.field(description="Name of the mistake, in a few words.")
    explanation: str = strawberry.field(
        description="Observation of the judge. For a test that is not hidden, the explanation also "
        "contains values of the test, such as the expected word."
    )
    suggestion: str = strawberry.field(description="Advice for the author of the code.")
    test_number: int | None = strawberry.field(
        description="Number of the test that shows the mistake, counted from 1. Null if the code "
        "does not compile."
    )
    line: int | None = strawberry.field(
        description="Number of the line of the submitted code at which the mistake was detected, "
        "counted from 1. Null if the line is unknown."
    )

    @classmethod
    def from_record(cls, record: records.Diagnosis, locale: Locale) -> Self:
        """Convert a diagnosis to its GraphQL type.

        `record` contains only the parts that the viewer may see.
        """
        texts = explain(record, locale)
        return cls(
            kind=record.kind,
            title=texts.title,
            explanation=texts.explanation,
            suggestion=texts.suggestion,
            test_number=record.test_number,
            line=record.line,
        )
