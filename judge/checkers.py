"""Checkers: programs of a problem that decide whether an output is accepted.

A checker runs in its own sandbox with its own limits, and sees only the files of the test. If a
checker fails, the submission gets no verdict from it. docs/sandbox.md describes the calling
conventions of checkers. An interactor (interactors.py) is the same kind of program, but is called
in a different way.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from graphql_api.data.enums import CheckerConvention, Verdict
from graphql_api.data.limits import CHECKER_NOTE_BYTES
from graphql_api.data.records import Checker
from graphql_api.data.text import truncate_utf8
from judge.languages.failures import FailureFormat
from judge.sandbox.report import Outcome, Program, Report, RunLimits
from judge.sandbox.rootfs import FEEDBACK
from judge.toolchains.installed import Installed, run_limits
from judge.verdicts import ACCEPTED, Ruling

FEEDBACK_KB = 256
MESSAGE_BYTES = 1024
OUTPUT_KB = 1024
IN_MEMORY_BYTES = 256 * 1024
JUDGE_MESSAGE, TEAM_MESSAGE = "judgemessage.txt", "teammessage.txt"
# Paths of the input files inside the sandbox.
FIRST, SECOND, THIRD = (f"/proc/self/fd/{number}" for number in (3, 4, 5))
REJECTED = "The checker rejected the output."
MALFORMED = (
    "The checker cannot read the output: it has too few words, too many words, or a word of the "
    "wrong type."
)


class CheckerBroken(Exception):
    """A checker or interactor failed. The message is for the editors of the problem.

    `test_number` is None if the program failed before the first test.
    """

    def __init__(self, message: str, test_number: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.test_number = test_number


@dataclass(frozen=True, slots=True)
class ExitCodes:
    """The meanings of the exit codes in a calling convention.

    `accepts`: the output is correct. `rejects`: the output is wrong. `malformed`: the checker
    cannot read the output. `faults`: the problem has an error, or the checker gives points, which
    are not supported.
    """

    accepts: int
    rejects: frozenset[int]
    malformed: frozenset[int] = frozenset()
    faults: frozenset[int] = frozenset()

    def define(self, code: int) -> bool:
        """Return whether the convention defines the meaning of an exit code."""
        return code in {self.accepts, *self.rejects, *self.malformed, *self.faults}


EXIT_CODES = {
    CheckerConvention.TESTLIB: ExitCodes(
        0, frozenset({1}), malformed=frozenset({2, 4, 8}), faults=frozenset({3, 7})
    ),
    CheckerConvention.ICPC: ExitCodes(42, frozenset({43})),
}


@dataclass(frozen=True, slots=True)
class CheckerProgram:
    """A compiled checker or interactor."""

    checker: Checker
    command: tuple[str, ...]
    directory: Path
    limits: RunLimits
    failures: FailureFormat

    @classmethod
    def of(cls, checker: Checker, installed: Installed, directory: Path) -> "CheckerProgram":
        """Return the program of a checker that was compiled into a directory."""
        command = installed.command(checker.memory_limit_kb)
        limits = run_limits(installed.spec, checker.time_limit_ms, checker.memory_limit_kb)
        limits = replace(limits, output_kb=OUTPUT_KB)
        return cls(checker, command, directory, limits, installed.spec.failures)

    @property
    def exit_codes(self) -> ExitCodes:
        """The meanings of the program's exit codes."""
        return EXIT_CODES[self.checker.convention]

    def build_checker(
        self, input_path: Path, output: bytes | Path, answer: Path
    ) -> tuple[Program, bytes | Path]:
        """Return the program that checks the output of a submission, and its standard input."""
        if self.checker.convention is CheckerConvention.TESTLIB:
            return self.build_program((input_path, output, answer), FIRST, SECOND, THIRD), b""
        return self.build_program((input_path, answer), FIRST, SECOND, f"{FEEDBACK}/"), output

    def build_program(self, inputs: tuple[bytes | Path, ...], *arguments: str) -> Program:
        """Return the program with these input files and arguments, and the problem's arguments."""
        return Program(
            (*self.command, *arguments, *self.checker.arguments),
            self.directory,
            inputs=inputs,
            collect_kb=FEEDBACK_KB,
            collect_from=FEEDBACK,
        )

    def judge(self, report: Report, test_number: int) -> Ruling:
        """Convert the checker's exit code to the ruling on the submission.

        Raises:
            CheckerBroken: the checker failed, or the convention does not define its exit code.
        """
        if report.outcome is Outcome.INTERNAL:
            return Ruling(Verdict.IE, report.message)
        code = read_exit_code(report)
        codes = self.exit_codes
        if code == codes.accepts:
            return ACCEPTED
        if code in codes.rejects or code in codes.malformed:
            default = MALFORMED if code in codes.malformed else REJECTED
            return Ruling(Verdict.WA, _read_message(report) or default, read_note(report))
        raise CheckerBroken(self._describe_fault(report, code), test_number)

    def _describe_fault(self, report: Report, code: int | None) -> str:
        """Return the reason of a failure, without a text that the checker wrote.

        The checker may print the output of a private program, which editors may not see.
        """
        cause = f"The checker exited with code {code}." if code is not None else report.message
        failure = self.failures.read(report.stderr, self.checker.code)
        if failure.exception is not None:
            cause += f" Its exception was {failure.exception}."
        if failure.line is not None:
            cause += f" It failed in line {failure.line} of its code."
        return cause


def read_exit_code(report: Report) -> int | None:
    """Return the exit code of a program, or None if the program did not exit by itself."""
    return report.exit_code if report.outcome in (Outcome.OK, Outcome.NONZERO_EXIT) else None


def _read_message(report: Report) -> str:
    """Return the checker's message for the author of the submission."""
    return _to_text(_read_feedback(report, TEAM_MESSAGE), MESSAGE_BYTES)


def read_note(report: Report) -> str:
    """Return the checker's message for editors: its judge message and its standard error."""
    notes = filter(None, (_read_feedback(report, JUDGE_MESSAGE), report.stderr))
    return _to_text(b"\n".join(notes), CHECKER_NOTE_BYTES)


def _to_text(raw: bytes, limit: int) -> str:
    return truncate_utf8(raw.replace(b"\0", "\ufffd".encode()), limit).strip()


def _read_feedback(report: Report, name: str) -> bytes:
    return (report.collected or {}).get(name, b"").strip()


def read_small_file(file: IO[bytes]) -> bytes | Path:
    """Return the content of a file of up to 256 KB. For a larger file, return a path to it."""
    size = file.seek(0, 2)
    file.seek(0)
    if size <= IN_MEMORY_BYTES:
        return file.read()
    return Path(f"/proc/self/fd/{file.fileno()}")
