"""Makes the diagnosis of a judged execution: the most specific kind of mistake that is certain."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from graphql_api.data.enums import Verdict
from graphql_api.data.records import Diagnosis, TestResult
from hints.diagnosis.compile_errors import diagnose_compilation
from hints.diagnosis.crashes import diagnose_crash
from hints.diagnosis.evidence import Evidence
from hints.diagnosis.limits import (
    diagnose_idle,
    diagnose_memory,
    diagnose_size,
    diagnose_time,
)
from hints.diagnosis.outputs import diagnose_output
from judge.models import Judgement, JudgeRequest

_Rule = Callable[[Evidence, Sequence[TestResult]], Diagnosis]

_RULES: Mapping[Verdict, _Rule] = {
    Verdict.WA: diagnose_output,
    Verdict.TLE: diagnose_time,
    Verdict.ILE: diagnose_idle,
    Verdict.MLE: diagnose_memory,
    Verdict.OLE: diagnose_size,
    Verdict.RE: diagnose_crash,
}


def diagnose(
    request: JudgeRequest, judgement: Judgement, shown: AbstractSet[int]
) -> Diagnosis | None:
    """Return the diagnosis of a judged request.

    `shown` contains the numbers of the tests whose data the author of the submission may see.
    Return None if all tests passed, or if the judge itself failed.

    Raises:
        OSError: an input of the request cannot be read.
    """
    if judgement.verdict is Verdict.CE:
        return diagnose_compilation(request.language, judgement.compile_output, request.code)
    rule = _RULES.get(judgement.verdict)
    evidence = Evidence(request, judgement, shown)
    failed = evidence.failed_with(judgement.verdict)
    return rule(evidence, failed) if rule and failed else None
