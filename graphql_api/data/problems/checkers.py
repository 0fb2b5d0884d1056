"""Checkers: programs that judge the outputs of submissions or interact with submissions.

The main item of a problem contains a digest of the checker. With the digest, a worker can check
whether its cached checker is current. If a checker fails, the failure is stored for the editors of
the problem.
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
from graphql_api.data.problems.parts import belongs_to, read_bodies, read_items
from graphql_api.data.records import Checker, CheckerFault, Problem, ProblemId
from graphql_api.data.text import truncate_utf8

_DIGEST_CHARACTERS = 16


def digest_of(checker: Checker) -> str:
    """Return a digest of a checker's code and settings: 16 hexadecimal digits."""
    facts = orjson.dumps(checker.to_item(), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(facts).hexdigest()[:_DIGEST_CHARACTERS]


def load(raw: bytes) -> Checker:
    """Convert the content of a body to a checker."""
    return Checker.from_item(orjson.loads(raw))


def validate(checker: Checker) -> Checker:
    """Check the fields of a checker, and return the checker unchanged.

    Raises:
        InvalidInput: a field is not valid. `path` contains the name of the field.
    """
    keys.part(checker.language, "language")
    if checker.convention is CheckerConvention.TESTLIB and not _is_c_or_cpp(checker.language):
        raise InvalidInput(
            "`convention` must be ICPC for this language. TESTLIB is allowed only for C and C++, "
            "because in other languages a crash can have the same exit code as a rejection.",
            ("checker", "convention"),
        )
    if not checker.code.strip():
        raise InvalidInput("`code` of the checker must not be empty.", ("checker", "code"))
    if len(checker.code.encode()) > CODE_BYTES:
        raise InvalidInput(
            f"`code` of the checker must be at most {CODE_BYTES // 1024} KB in UTF-8.",
            ("checker", "code"),
        )
    if len("\0".join(checker.arguments).encode()) > CHECKER_ARGUMENTS_BYTES:
        raise InvalidInput(
            f"`arguments` must be at most {CHECKER_ARGUMENTS_BYTES} bytes in total.",
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
    """Return the changed problem `after`, with the digest of the checker that it uses.

    `expected` is the problem before the change, or None for a new problem. `checker` is a new
    checker, or None to keep the checker of `expected`. This checker is not kept if the comparer
    changes or `is_removed` is True.

    Raises:
        InvalidInput: the comparer requires a checker, but the problem has no checker.
        InvalidInput: a new checker is given, but the comparer does not use a checker.
    """
    if not after.comparer.needs_checker:
        if checker is not None:
            raise InvalidInput(
                "A `checker` is allowed only with the comparers CHECKER and INTERACTIVE. Omit "
                "`checker`, or change `comparer`.",
                ("checker",),
            )
        return replace(after, checker_hash=None)
    if checker is not None:
        return replace(after, checker_hash=digest_of(validate(checker)))
    if is_removed or expected is None or expected.comparer is not after.comparer:
        raise _make_missing_checker(after)
    return after


def check_complete(problem: Problem) -> None:
    """Check that the problem has a checker if its comparer requires one.

    Raises:
        InvalidInput: the checker is missing.
    """
    if problem.comparer.needs_checker and problem.checker_hash is None:
        raise _make_missing_checker(problem)


def _make_missing_checker(problem: Problem) -> InvalidInput:
    return InvalidInput(
        f"The comparer {problem.comparer} requires a checker. Send `checker`.",
        ("checker",),
    )


class CheckerStore:
    """The store of checkers and of their latest failures. `ProblemStore` writes the checkers."""

    def __init__(self, dynamo: Dynamo, bodies: Bodies) -> None:
        self._dynamo, self._bodies = dynamo, bodies

    async def get(self, platform: str, number: str, *, consistent: bool = False) -> Checker | None:
        """Return the checker of a problem, or None if the problem has no checker.

        Cost: one request. The read units depend on the compressed size of the checker.
        """
        raw = await self._bodies.get(keys.checker(platform, number), consistent=consistent)
        return None if raw is None else load(raw)

    async def get_many(self, problem_ids: Sequence[ProblemId]) -> list[Checker | None]:
        """Return the checkers in the order of `problem_ids`.

        The list contains None for each problem without a checker. The cost is that of
        `Bodies.load_many`.
        """
        return await read_bodies(self._bodies, keys.checker, problem_ids, load)

    async def note_fault(self, problem: ProblemId, fault: CheckerFault) -> None:
        """Store the latest failure of a problem's checker for the editors.

        Do nothing if the problem now has another checker or was deleted. Cost: one transaction of 4
        to 12 write units.
        """
        message = truncate_utf8(fault.message, CHECKER_NOTE_BYTES)
        stored = replace(fault, message=message, pid=problem.pid)
        note = Put({**keys.checker_fault(*problem.key), **stored.to_item()})
        is_present = equals("ckh", fault.checker_hash) & differs("st", str(ProblemState.DELETED))
        check = Check(keys.problem(*problem.key), is_present & belongs_to(problem.pid))
        with suppress(TransactionFailed):
            await self._dynamo.transact([check, note])

    async def faults(self, problem_ids: Sequence[ProblemId]) -> list[CheckerFault | None]:
        """Return the latest checker failures in the order of `problem_ids`.

        The list contains None for each problem without a failure. Cost: ceil(N/100) requests for N
        problems.
        """
        items = await read_items(self._dynamo, keys.checker_fault, problem_ids)
        return [CheckerFault.from_item_or_none(item) for item in items]
