"""Interactors: programs of a problem that exchange messages with the submission while both run.

The interactor reads the output of the submission, and the submission reads the output of the
interactor. This module starts an interactor and judges how both programs ended. docs/sandbox.md
lists the cases.
"""

from dataclasses import replace
from pathlib import Path

from graphql_api.data.enums import CheckerConvention, Verdict
from judge.checkers import FIRST, SECOND, CheckerProgram, read_exit_code, read_note
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.rootfs import FEEDBACK
from judge.verdicts import ACCEPTED, Ruling, rule_on_end

# testlib's convention gives an interactor the path of a log file. The judge does not use this file.
UNUSED_LOG = "/tmp/output"  # noqa: S108 - inside the sandbox
ENDED_EARLY = "The program ended before the interaction was complete."


def build_interactor(interactor: CheckerProgram, input_path: Path, answer: Path) -> Program:
    """Return the interactor with its arguments and files for one test."""
    if interactor.checker.convention is CheckerConvention.TESTLIB:
        return interactor.build_program((input_path, answer), FIRST, UNUSED_LOG, SECOND)
    return interactor.build_program((input_path, answer), FIRST, SECOND, f"{FEEDBACK}/")


def interactor_limits(interactor: CheckerProgram, submission: RunLimits) -> RunLimits:
    """Return the limits of the interactor.

    Its wall time limit is increased by that of the submission, because the interactor also waits
    for the submission.
    """
    return replace(interactor.limits, wall_ms=interactor.limits.wall_ms + submission.wall_ms)


def judge_interaction(
    interactor: CheckerProgram, verdict: Verdict, reports: tuple[Report, Report], test_number: int
) -> Ruling:
    """Return the ruling for a submission and its interactor, after both have ended.

    `verdict` is the verdict that the end of the submission gives (see `decide_verdict`). `reports`
    contains the reports of the submission and of the interactor. The program that ended first
    decides:

    - If the submission failed and ended first, it gets its own verdict.
    - If the interactor rejected and ended first, the verdict is WA, however the submission ended.
    - If the submission exited normally and first, and the interactor failed only because its
      partner had ended, the verdict is WA.
    - If the interactor accepts, the submission gets its own verdict.

    Raises:
        CheckerBroken: the interactor failed.
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

    If the interactor writes after that, SIGPIPE ends it. If it reads, or if its language ignores
    SIGPIPE, it exits with a code that the convention does not define.
    """
    if report.outcome is Outcome.SIGNALLED:
        return report.signal == "SIGPIPE"
    code = read_exit_code(report)
    return code is not None and not interactor.exit_codes.define(code)
