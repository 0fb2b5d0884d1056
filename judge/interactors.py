"""Interactors: programs of a problem that exchange messages with the submission while both run.

Each reads the other's output. This module calls an interactor and judges how both programs ended.
docs/sandbox.md lists the cases.
"""

from dataclasses import replace
from pathlib import Path

from graphql_api.data.enums import CheckerConvention, Verdict
from judge.checkers import FIRST, SECOND, CheckerProgram, read_exit_code, read_note
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.rootfs import FEEDBACK
from judge.verdicts import ACCEPTED, Ruling, rule_on_end

# By testlib's convention an interactor writes a log file, which is not used here.
UNUSED_LOG = "/tmp/output"  # noqa: S108 - inside the sandbox
ENDED_EARLY = "The program ended before the interaction was complete."


def build_interactor(interactor: CheckerProgram, input_path: Path, answer: Path) -> Program:
    """Return the interactor's program for one test."""
    if interactor.checker.convention is CheckerConvention.TESTLIB:
        return interactor.build_program((input_path, answer), FIRST, UNUSED_LOG, SECOND)
    return interactor.build_program((input_path, answer), FIRST, SECOND, f"{FEEDBACK}/")


def interactor_limits(interactor: CheckerProgram, submission: RunLimits) -> RunLimits:
    """Return the interactor's limits: it also gets the submission's wall time, as it waits."""
    return replace(interactor.limits, wall_ms=interactor.limits.wall_ms + submission.wall_ms)


def judge_interaction(
    interactor: CheckerProgram, verdict: Verdict, reports: tuple[Report, Report], test_number: int
) -> Ruling:
    """Return the ruling on a submission and an interactor that have both ended.

    `verdict` is that of the submission's own end; `reports` are the submission's and the
    interactor's. The program that ended first decides:

    - A submission that failed first gets its own verdict.
    - An interactor that rejected first gives WA, however the submission ended.
    - If the submission ended well and first, and the interactor failed only because of that, the
      verdict is WA.
    - If the interactor accepts, the submission's own verdict counts.

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

    If it writes then, SIGPIPE ends it. If its language ignores SIGPIPE, or if it reads, it ends
    with an exit code that the convention does not define.
    """
    if report.outcome is Outcome.SIGNALLED:
        return report.signal == "SIGPIPE"
    code = read_exit_code(report)
    return code is not None and not interactor.exit_codes.define(code)
