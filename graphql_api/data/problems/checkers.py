"""Checkers: programs of problems that judge outputs or interact with submissions.

A checker is a body next to its problem's card. The card has its digest, so that a worker can tell
whether its copy is the current one. When a checker fails, a note informs the editors.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import orjson

from graphql_api.data import keys
from graphql_api.data.dynamo.bodies import Bodies
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.dynamo.expressions import differs, equals
from graphql_api.data.dynamo.transactions import Check, Put
from graphql_api.data.dynamo.transport import TransactionFailed
from graphql_api.data.enums import CheckerConvention, ProblemState
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import (
    CHECKER_ARGUMENTS_BYTES,
    CHECKER_MEMORY_LIMIT_KB,
    CHECKER_NOTE_BYTES,
    CHECKER_TIME_LIMIT_MS,
    CODE_BYTES,
)
from graphql_api.data.records import Checker, CheckerFault, Problem, ProblemKey
from graphql_api.data.text import truncate_utf8

_DIGEST_CHARACTERS = 16


def digest_of(checker: Checker) -> str:
    """Return 16 hexadecimal digits that identify a checker with all its settings."""
    facts = orjson.dumps(checker.to_item(), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(facts).hexdigest()[:_DIGEST_CHARACTERS]


def load(raw: bytes) -> Checker:
    """Return the checker in a body."""
    return Checker.from_item(orjson.loads(raw))


def validate(checker: Checker) -> Checker:
    """Return the checker if it is valid.

    Raises:
        InvalidInput: a field is not valid; `path` names it.
    """
    keys.part(checker.language, "language")
    if checker.convention is CheckerConvention.TESTLIB and not _is_c_or_cpp(checker.language):
        raise InvalidInput(
            "`convention` TESTLIB is for C and C++ only, because a crash in other "
            "languages may exit with the code of a rejection. Use ICPC.",
            ("checker", "convention"),
        )
    if not checker.code.strip():
        raise InvalidInput("`code` of the checker must not be empty.", ("checker", "code"))
    if len(checker.code.encode()) > CODE_BYTES:
        raise InvalidInput(
            f"`code` of the checker must have at most {CODE_BYTES // 1024} KB.", ("checker", "code")
        )
    if len("\0".join(checker.arguments).encode()) > CHECKER_ARGUMENTS_BYTES:
        raise InvalidInput(
            f"`arguments` must have at most {CHECKER_ARGUMENTS_BYTES} bytes together.",
            ("checker", "arguments"),
        )
    if any("\0" in argument for argument in checker.arguments):
        raise InvalidInput("`arguments` must not contain NUL characters.", ("checker", "arguments"))
    _within(checker.time_limit_ms, CHECKER_TIME_LIMIT_MS, "timeLimitMs", "ms")
    _within(checker.memory_limit_kb, CHECKER_MEMORY_LIMIT_KB, "memoryLimitKb", "KB")
    return checker


def _is_c_or_cpp(language: str) -> bool:
    return language == "c" or language.startswith("cpp")


def _within(value: int, bounds: tuple[int, int], name: str, unit: str) -> None:
    least, most = bounds
    if not least <= value <= most:
        raise InvalidInput(
            f"`{name}` of the checker must be from {least} to {most} {unit}.", ("checker", name)
        )


def with_checker(
    expected: Problem | None,
    after: Problem,
    checker: Checker | None,
    *,
    is_removed: bool = False,
) -> Problem:
    """Return the problem to write, with the digest of its checker.

    `checker` is a new checker. Without one the problem keeps that of `expected` if its comparer
    does not change and `is_removed` is False.

    Raises:
        InvalidInput: the comparer needs a checker and has none, or it has one and needs none.
    """
    if not after.comparer.needs_checker:
        if checker is not None:
            raise InvalidInput(
                "A `checker` is allowed only with the comparers CHECKER and INTERACTIVE. "
                "Leave it out or change `comparer`.",
                ("checker",),
            )
        return replace(after, checker_hash=None)
    if checker is not None:
        return replace(after, checker_hash=digest_of(validate(checker)))
    if is_removed or expected is None or expected.comparer is not after.comparer:
        raise _make_missing_checker(after)
    return after


def check_complete(problem: Problem) -> None:
    """Check that a problem has a checker if its comparer needs one.

    Raises:
        InvalidInput: the checker is missing.
    """
    if problem.comparer.needs_checker and problem.checker_hash is None:
        raise _make_missing_checker(problem)


def _make_missing_checker(problem: Problem) -> InvalidInput:
    return InvalidInput(
        f"The comparer {problem.comparer} requires a `checker`. Send one.",
        ("checker",),
    )


class CheckerStore:
    """Reads the checkers of the table, which `ProblemStore` writes."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies) -> None:
        self._dynamo, self._bodies = dynamo, bodies

    async def get(self, platform: str, number: str, *, consistent: bool = False) -> Checker | None:
        """Return a problem's checker, None if it has none: one request of its packed size."""
        raw = await self._bodies.get(keys.checker(platform, number), consistent=consistent)
        return None if raw is None else load(raw)

    async def get_many(self, problem_keys: Sequence[ProblemKey]) -> list[Checker | None]:
        """Return one checker per key, in order, None for each missing: ceil(N/100) requests."""
        bodies = await self._bodies.get_many([keys.checker(*key) for key in problem_keys])
        return [None if raw is None else load(raw) for raw in bodies]

    async def note_fault(self, platform: str, number: str, fault: CheckerFault) -> None:
        """Store the latest failure of a checker, for editors: one request, 4 to 12 write units.

        Nothing is stored if the problem has another checker or is deleted.
        """
        truncated = replace(fault, message=truncate_utf8(fault.message, CHECKER_NOTE_BYTES))
        note = Put({**keys.checker_fault(platform, number), **truncated.to_item()})
        is_present = equals("ckh", fault.checker_hash) & differs("st", str(ProblemState.DELETED))
        with suppress(TransactionFailed):
            await self._dynamo.transact([Check(keys.problem(platform, number), is_present), note])

    async def faults(self, problem_keys: Sequence[ProblemKey]) -> list[CheckerFault | None]:
        """Return one failure per key, in order, None for each missing: ceil(N/100) requests."""
        items = await self._dynamo.batch_get([keys.checker_fault(*key) for key in problem_keys])
        return [CheckerFault.from_item(item) if item else None for item in items]
