"""Interactors: programs of a problem that exchange messages with the submission while both run.

The interactor reads the output of the submission, and the submission reads the output of the
interactor. This module starts the interactor. When both programs have ended, it decides the
verdict. docs/sandbox.md lists the cases.
"""

from dataclasses import replace
from pathlib import Path

from graphql_api.data.enums import CheckerConvention, Verdict
from judge.checkers import FIRST, SECOND, CheckerProgram, read_exit_code, read_note
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.rootfs import FEEDBACK
from judge.verdicts import ACCEPTED, Ruling, rule_on_end

# In testlib's convention, the second argument of an interactor is the path of a log file. The judge
# does not read this file.
UNUSED_LOG = "/tmp/output"  # noqa: S108 - inside the sandbox
ENDED_EARLY = "The program ended before the interaction with the judge was complete."


def build_interactor(interactor: CheckerProgram, input_path: Path, answer: Path) -> Program:
    """Return the interactor as a program with the arguments and files for one test.

    `answer` is the file with the expected output.
    """
    if interactor.checker.convention is CheckerConvention.TESTLIB:
        return interactor.build_program((input_path, answer), FIRST, UNUSED_LOG, SECOND)
    return interactor.build_program((input_path, answer), FIRST, SECOND, f"{FEEDBACK}/")


def interactor_limits(interactor: CheckerProgram, submission: RunLimits) -> RunLimits:
    """Return the limits of the interactor.

    The interactor also waits for the submission. So the submission's wall time limit is added to
    the interactor's own wall time limit.
    """
    return replace(interactor.limits, wall_ms=interactor.limits.wall_ms + submission.wall_ms)


def judge_interaction(
    interactor: CheckerProgram, verdict: Verdict, reports: tuple[Report, Report], test_number: int
) -> Ruling:
    """Return the ruling for a submission and its interactor, after both have ended.

    `verdict` is the verdict of the submission's run alone (see `decide_verdict`). `reports`
    contains the report of the submission and the report of the interactor, in this order. The first
    case that applies decides:

    1. The sandbox failed: IE.
    2. The submission ended first and failed: the verdict of its run.
    3. The submission ended first with exit code 0. Then the interactor failed, possibly only
       because the submission had ended: WA.
    4. The interactor rejected the submission: WA.
    5. The interactor accepted the submission: the verdict of the submission's run.

    Raises:
        CheckerBroken: the interactor failed in another way.
    """
    program, partner = reports
    if Outcome.INTERNAL in (program.outcome, partner.outcome):
        return Ruling(Verdict.IE, program.message or partner.message)
    if program.is_first and verdict is not Verdict.AC:
        return rule_on_end(program, verdict)
    if program.is_first and _failed_for_lack_of_partner(interactor, partner):
        return Ruling(Verdict.WA, ENDED_EARLY, read_note(partner))
    ruling = interactor.judge(partner, test_number)
    if ruling is ACCEPTED and verdict is not Verdict.AC:
        return rule_on_end(program, verdict)
    return ruling


def _failed_for_lack_of_partner(interactor: CheckerProgram, report: Report) -> bool:
    """Return whether an interactor may have failed only because the submission had ended.

    If the interactor writes after the end of the submission, the signal SIGPIPE usually ends the
    interactor. If the interactor ignores SIGPIPE or reads instead, it exits with a code that the
    calling convention does not define.
    """
    if report.outcome is Outcome.SIGNALLED:
        return report.signal == "SIGPIPE"
    code = read_exit_code(report)
    return code is not None and not interactor.exit_codes.define(code)
