"""Programs of problems that decide: checkers of outputs, interactors that talk with submissions.

Each runs in a sandbox of its own, after the submission or beside it, under its own limits. It gets
the test's files and nothing else. When one fails of itself, nothing is known of the submission:
that is never a verdict. docs/sandbox.md states both conventions.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from graphql_api.data.enums import CheckerConvention, Verdict
from graphql_api.data.limits import CHECKER_NOTE_BYTES
from graphql_api.data.records import Checker
from graphql_api.data.text import truncate_utf8
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.rootfs import FEEDBACK
from judge.toolchains.installed import Installed, run_limits
from judge.verdicts import ACCEPTED, Ruling, on_end

FEEDBACK_KB = 256
MESSAGE_BYTES = 1024
OUTPUT_KB = 1024
IN_MEMORY_BYTES = 256 * 1024
JUDGE_MESSAGE, TEAM_MESSAGE = "judgemessage.txt", "teammessage.txt"
# Where the sandbox shows the files that a program is given.
FIRST, SECOND, THIRD = (f"/proc/self/fd/{number}" for number in (3, 4, 5))
# Interactors by testlib's convention write a file that nobody reads here.
UNREAD = "/tmp/output"  # noqa: S108 - inside
ENDED_EARLY = "The program ended before the interaction was complete."


class CheckerBroken(Exception):
    """A problem's own program failed; the message is for its editors.

    `test_number` is None when it failed before any test.
    """

    def __init__(self, message: str, test_number: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.test_number = test_number


@dataclass(frozen=True, slots=True)
class Codes:
    """How exit codes are read; `forms` reject the output's form, not what it says.

    `faults` say that the problem is at fault, or what problems here do not have: points.
    """

    accepts: int
    rejects: frozenset[int]
    forms: frozenset[int] = frozenset()
    faults: frozenset[int] = frozenset()

    def are_silent_on(self, code: int) -> bool:
        """Tell whether the convention gives a code no meaning."""
        return code not in {self.accepts, *self.rejects, *self.forms, *self.faults}


CODES = {
    CheckerConvention.TESTLIB: Codes(
        0, frozenset({1}), forms=frozenset({2, 4, 8}), faults=frozenset({3, 7})
    ),
    CheckerConvention.ICPC: Codes(42, frozenset({43})),
}
REJECTED = "The checker rejected the output."
MALFORMED = (
    "The checker cannot read the output: words are missing, superfluous or of the wrong type."
)


@dataclass(frozen=True, slots=True)
class CheckerProgram:
    """A problem's compiled program."""

    checker: Checker
    command: tuple[str, ...]
    directory: Path
    limits: RunLimits

    @classmethod
    def of(cls, checker: Checker, installed: Installed, directory: Path) -> "CheckerProgram":
        """Return the program of a checker that was compiled into a directory."""
        command = installed.command(checker.memory_limit_kb)
        limits = run_limits(installed.spec, checker.time_limit_ms, checker.memory_limit_kb)
        return cls(checker, command, directory, replace(limits, output_kb=OUTPUT_KB))

    def checking(
        self, given: Path, written: bytes | Path, answer: Path
    ) -> tuple[Program, bytes | Path]:
        """Return what to run on a test's input, a submission's output and the answer, and stdin."""
        if self.checker.convention is CheckerConvention.TESTLIB:
            return self._program((given, written, answer), FIRST, SECOND, THIRD), b""
        return self._program((given, answer), FIRST, SECOND, f"{FEEDBACK}/"), written

    def talking(self, given: Path, answer: Path) -> Program:
        """Return what to run beside a submission."""
        if self.checker.convention is CheckerConvention.TESTLIB:
            return self._program((given, answer), FIRST, UNREAD, SECOND)
        return self._program((given, answer), FIRST, SECOND, f"{FEEDBACK}/")

    def talking_limits(self, partner: RunLimits) -> RunLimits:
        """Return the limits of an interactor, which waits while its partner works."""
        return replace(self.limits, wall_ms=self.limits.wall_ms + partner.wall_ms)

    def _program(self, inputs: tuple[bytes | Path, ...], *arguments: str) -> Program:
        return Program(
            (*self.command, *arguments, *self.checker.arguments),
            self.directory,
            inputs=inputs,
            collect_kb=FEEDBACK_KB,
            collect_from=FEEDBACK,
        )

    def ruling(self, report: Report, test_number: int) -> Ruling:
        """Return what the program's end says of the submission.

        Raises:
            CheckerBroken: it says nothing, as it failed.
        """
        if report.outcome is Outcome.INTERNAL:
            return Ruling(Verdict.IE, report.message)
        code = _exit_code(report)
        codes = CODES[self.checker.convention]
        if code == codes.accepts:
            return ACCEPTED
        if code in codes.rejects or code in codes.forms:
            said = MALFORMED if code in codes.forms else REJECTED
            return Ruling(Verdict.WA, self._told(report) or said, self._noted(report))
        what = f"The checker exited with code {code}." if code is not None else report.message
        raise CheckerBroken(f"{what}\n{self._noted(report)}".strip(), test_number)

    def _told(self, report: Report) -> str:
        """What the program says to the submission's author."""
        return _text(_collected(report, TEAM_MESSAGE), MESSAGE_BYTES)

    def _noted(self, report: Report) -> str:
        """What the program says to the problem's authors."""
        notes = (_collected(report, JUDGE_MESSAGE), report.stderr)
        return _text(b"\n".join(filter(None, notes)), CHECKER_NOTE_BYTES)

    def ruling_on_talk(
        self, verdict: Verdict, program: Report, interactor: Report, test_number: int
    ) -> Ruling:
        """Return what came of a dialogue; `verdict` is that of the program's own end.

        A program that fails first has failed, whatever its partner made of that. A partner that
        rejects first has rejected, however the program takes it. One that the program has left
        alone need not bear it. What both have accepted is right.

        Raises:
            CheckerBroken: the interactor failed.
        """
        if Outcome.INTERNAL in (program.outcome, interactor.outcome):
            return Ruling(Verdict.IE, program.message or interactor.message)
        if program.is_first and verdict is not Verdict.AC:
            return on_end(program, verdict)
        if program.is_first and self._is_left_alone(interactor):
            return Ruling(Verdict.WA, ENDED_EARLY, self._noted(interactor))
        ruling = self.ruling(interactor, test_number)
        return (
            on_end(program, verdict) if ruling is ACCEPTED and verdict is not Verdict.AC else ruling
        )

    def _is_left_alone(self, interactor: Report) -> bool:
        """Tell whether an interactor may have failed only because its partner had ended.

        Writing then ends it by SIGPIPE, or, where its language ignores that or it reads, by an exit
        code of the language's own.
        """
        if interactor.outcome is Outcome.SIGNALLED:
            return interactor.signal == "SIGPIPE"
        code = _exit_code(interactor)
        return code is not None and CODES[self.checker.convention].are_silent_on(code)


def _exit_code(report: Report) -> int | None:
    """Return the exit code of a program that ended by itself."""
    return report.exit_code if report.outcome in (Outcome.OK, Outcome.NONZERO_EXIT) else None


def _collected(report: Report, name: str) -> bytes:
    return (report.collected or {}).get(name, b"").strip()


def _text(raw: bytes, limit: int) -> str:
    return truncate_utf8(raw.replace(b"\0", "\ufffd".encode()), limit).strip()


def contents_of(file: IO[bytes]) -> bytes | Path:
    """Return a small file's bytes, or where a large one can be opened while it is open here."""
    size = file.seek(0, 2)
    file.seek(0)
    if size <= IN_MEMORY_BYTES:
        return file.read()
    return Path(f"/proc/self/fd/{file.fileno()}")
