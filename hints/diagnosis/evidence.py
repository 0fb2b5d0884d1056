"""The facts about a judged execution from which a diagnosis is made."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from graphql_api.data.enums import DiagnosisKind, Verdict
from graphql_api.data.records import Diagnosis, TestResult
from judge.models import Judgement, JudgeRequest

# An input up to this size may consist of a few parameters, such as a number of items.
SMALL_INPUT_BYTES = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """The kind of mistake in one test, with the values that explain the mistake."""

    kind: DiagnosisKind
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The facts about a judged execution that a diagnosis uses.

    `shown` contains the numbers of the tests whose input and output the author may see.
    """

    request: JudgeRequest
    judgement: Judgement
    shown: AbstractSet[int]

    @property
    def finished(self) -> list[TestResult]:
        """The results of the tests that ran."""
        return [test for test in self.judgement.results if test.verdict is not Verdict.SKIPPED]

    @property
    def passed(self) -> list[TestResult]:
        """The results of the accepted tests."""
        return [test for test in self.finished if test.verdict is Verdict.AC]

    def failed_with(self, *verdicts: Verdict) -> list[TestResult]:
        """Return the results with one of these verdicts.

        The first results in the list are from tests that the author of the submission may see.
        """
        failed = [test for test in self.finished if test.verdict in verdicts]
        return sorted(failed, key=lambda test: test.number not in self.shown)

    def read_sizes(self) -> dict[int, int]:
        """Return the size of each test's input, by the number of the test.

        The size is in bytes. But if all inputs are small, the size of an input is the largest
        number in the input. A small input usually contains only parameters, such as the number of
        items that the program must generate.
        """
        sizes = {test.number: test.input_path.stat().st_size for test in self.request.tests}
        if max(sizes.values(), default=0) > SMALL_INPUT_BYTES:
            return sizes
        return {test.number: _largest_number(test.input_path) for test in self.request.tests}

    def tell(self, test: TestResult, finding: Finding) -> Diagnosis:
        """Return the diagnosis for a finding in one test.

        For a hidden test, the diagnosis does not contain the values of the finding. It always
        contains the line of the submitted code, which its author knows.
        """
        is_shown = test.number in self.shown
        return Diagnosis(
            kind=finding.kind,
            test_number=test.number,
            line=test.code_line,
            parameters=dict(finding.parameters) or None if is_shown else None,
        )


def _largest_number(path: Path) -> int:
    with path.open("rb") as file:
        words = file.read(SMALL_INPUT_BYTES).split()
    return max((abs(int(word)) for word in words if _is_integer(word)), default=0)


def _is_integer(word: bytes) -> bool:
    return word.lstrip(b"+-").isdigit() and len(word) < SMALL_INPUT_BYTES
