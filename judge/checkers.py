"""Checkers: programs of a problem that decide whether an output is accepted.

A checker runs in its own sandbox with its own limits. It can read only the files of the test and
the output of the submission. If a checker fails, `CheckerBroken` is raised, and the submission gets
no verdict. docs/sandbox.md describes the calling conventions of checkers. Interactors
(interactors.py) are compiled like checkers, but run at the same time as the submission.
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
    "The checker cannot read the output, because the output has too few words, too many words, or "
    "a word of the wrong type."
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
    """The exit codes of a calling convention, grouped by their meaning.

    - `accepts`: the output is correct.
    - `rejects`: the output is wrong.
    - `malformed`: the output does not have the required format.
    - `faults`: the checker reports a mistake in the problem, or gives points. Points are not
      supported.
    """

    accepts: int
    rejects: frozenset[int]
    malformed: frozenset[int] = frozenset()
    faults: frozenset[int] = frozenset()

    def define(self, code: int) -> bool:
        """Return whether the calling convention defines the meaning of an exit code."""
        return code in {self.accepts, *self.rejects, *self.malformed, *self.faults}


EXIT_CODES = {
    CheckerConvention.TESTLIB: ExitCodes(
        0, frozenset({1}), malformed=frozenset({2, 4, 8}), faults=frozenset({3, 7})
    ),
    CheckerConvention.ICPC: ExitCodes(42, frozenset({43})),
}


@dataclass(frozen=True, slots=True)
class CheckerProgram:
    """A compiled checker or interactor.

    `checker` is the stored program of the problem. `directory` contains the compiled program, and
    `command` runs it.
    """

    checker: Checker
    command: tuple[str, ...]
    directory: Path
    limits: RunLimits
    failures: FailureFormat

    @classmethod
    def of(cls, checker: Checker, installed: Installed, directory: Path) -> "CheckerProgram":
        """Return the runnable program of a checker that was compiled into `directory`."""
        command = installed.command(checker.memory_limit_kb)
        limits = run_limits(installed.spec, checker.time_limit_ms, checker.memory_limit_kb)
        limits = replace(limits, output_kb=OUTPUT_KB)
        return cls(checker, command, directory, limits, installed.spec.failures)

    @property
    def exit_codes(self) -> ExitCodes:
        """The exit codes of the calling convention that the program uses."""
        return EXIT_CODES[self.checker.convention]

    def build_checker(
        self, input_path: Path, output: bytes | Path, answer: Path
    ) -> tuple[Program, bytes | Path]:
        """Return the checker as a program for one test, and the checker's standard input.

        `output` is the output of the submission. `answer` is the file with the expected output.
        """
        if self.checker.convention is CheckerConvention.TESTLIB:
            return self.build_program((input_path, output, answer), FIRST, SECOND, THIRD), b""
        return self.build_program((input_path, answer), FIRST, SECOND, f"{FEEDBACK}/"), output

    def build_program(self, inputs: tuple[bytes | Path, ...], *arguments: str) -> Program:
        """Return the program with input files and command-line arguments.

        The arguments that the problem defines are added after `arguments`.
        """
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
            CheckerBroken: the checker failed, or its calling convention does not define the exit
                code.
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
        """Describe why the checker failed, without any text that the checker has written.

        Such a text can contain the output of a private submission, which editors must not see.
        """
        cause = f"The checker exited with code {code}." if code is not None else report.message
        failure = self.failures.read(report.stderr, self.checker.code)
        if failure.exception is not None:
            cause += f" The checker raised the exception {failure.exception}."
        if failure.line is not None:
            cause += f" The checker failed in line {failure.line} of its code."
        return cause


def read_exit_code(report: Report) -> int | None:
    """Return the exit code of a program, or None if the program did not exit by itself."""
    return report.exit_code if report.outcome in (Outcome.OK, Outcome.NONZERO_EXIT) else None


def _read_message(report: Report) -> str:
    """Return the checker's message for the author of the submission, or an empty string."""
    return _to_text(_read_feedback(report, TEAM_MESSAGE), MESSAGE_BYTES)


def read_note(report: Report) -> str:
    """Return the checker's message for the editors of the problem.

    This is the content of the file `judgemessage.txt`, followed by the standard error.
    """
    notes = filter(None, (_read_feedback(report, JUDGE_MESSAGE), report.stderr))
    return _to_text(b"\n".join(notes), CHECKER_NOTE_BYTES)


def _to_text(raw: bytes, limit: int) -> str:
    return truncate_utf8(raw.replace(b"\0", "\ufffd".encode()), limit).strip()


def _read_feedback(report: Report, name: str) -> bytes:
    return (report.collected or {}).get(name, b"").strip()


def read_small_file(file: IO[bytes]) -> bytes | Path:
    """Return the content of a file of up to 256 KB, or the path of a larger file."""
    size = file.seek(0, 2)
    file.seek(0)
    if size <= IN_MEMORY_BYTES:
        return file.read()
    return Path(f"/proc/self/fd/{file.fileno()}")
