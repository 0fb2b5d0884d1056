"""Checkers: programs of a problem that decide whether an output is accepted.

A checker runs in a sandbox of its own, under its own limits, and sees only the files of the test.
If it fails, it gives no verdict on the submission. docs/sandbox.md describes the conventions by
which a checker is called. Interactors (interactors.py) are the same programs, called differently.
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
from judge.verdicts import ACCEPTED, Ruling

FEEDBACK_KB = 256
MESSAGE_BYTES = 1024
OUTPUT_KB = 1024
IN_MEMORY_BYTES = 256 * 1024
JUDGE_MESSAGE, TEAM_MESSAGE = "judgemessage.txt", "teammessage.txt"
# Paths of a program's input files inside the sandbox.
FIRST, SECOND, THIRD = (f"/proc/self/fd/{number}" for number in (3, 4, 5))
REJECTED = "The checker rejected the output."
MALFORMED = (
    "The checker cannot read the output: it has too few words, too many words, or a word of the "
    "wrong type."
)


class CheckerBroken(Exception):
    """A problem's checker or interactor failed; the message is for the problem's editors.

    `test_number` is None if it failed before any test.
    """

    def __init__(self, message: str, test_number: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.test_number = test_number


@dataclass(frozen=True, slots=True)
class ExitCodes:
    """The meaning of exit codes in a convention.

    `rejects`: a wrong output. `malformed`: an output that the checker cannot read. `faults`: the
    problem is at fault, or the checker gives points, which problems here do not have.
    """

    accepts: int
    rejects: frozenset[int]
    malformed: frozenset[int] = frozenset()
    faults: frozenset[int] = frozenset()

    def define(self, code: int) -> bool:
        """Return whether the convention defines a meaning of an exit code."""
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

    @classmethod
    def of(cls, checker: Checker, installed: Installed, directory: Path) -> "CheckerProgram":
        """Return the program of a checker that was compiled into a directory."""
        command = installed.command(checker.memory_limit_kb)
        limits = run_limits(installed.spec, checker.time_limit_ms, checker.memory_limit_kb)
        return cls(checker, command, directory, replace(limits, output_kb=OUTPUT_KB))

    @property
    def exit_codes(self) -> ExitCodes:
        """The meaning of its exit codes."""
        return EXIT_CODES[self.checker.convention]

    def build_checker(
        self, input_path: Path, output: bytes | Path, answer: Path
    ) -> tuple[Program, bytes | Path]:
        """Return the program that checks a submission's output, and its standard input."""
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
        """Return the ruling on a submission that the program's exit code gives.

        Raises:
            CheckerBroken: the program failed, or its exit code is not defined.
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
        cause = f"The checker exited with code {code}." if code is not None else report.message
        raise CheckerBroken(f"{cause}\n{read_note(report)}".strip(), test_number)


def read_exit_code(report: Report) -> int | None:
    """Return the exit code of a program that ended by itself; None for any other end."""
    return report.exit_code if report.outcome in (Outcome.OK, Outcome.NONZERO_EXIT) else None


def _read_message(report: Report) -> str:
    """Return the message for the submission's author."""
    return _to_text(_read_feedback(report, TEAM_MESSAGE), MESSAGE_BYTES)


def read_note(report: Report) -> str:
    """Return the message for the problem's editors: the judge message and standard error."""
    notes = filter(None, (_read_feedback(report, JUDGE_MESSAGE), report.stderr))
    return _to_text(b"\n".join(notes), CHECKER_NOTE_BYTES)


def _to_text(raw: bytes, limit: int) -> str:
    return truncate_utf8(raw.replace(b"\0", "\ufffd".encode()), limit).strip()


def _read_feedback(report: Report, name: str) -> bytes:
    return (report.collected or {}).get(name, b"").strip()


def read_small_file(file: IO[bytes]) -> bytes | Path:
    """Return the contents of a file of at most 256 KB, else a path to it.

    The path is valid while the file is open in this process.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if size <= IN_MEMORY_BYTES:
        return file.read()
    return Path(f"/proc/self/fd/{file.fileno()}")
