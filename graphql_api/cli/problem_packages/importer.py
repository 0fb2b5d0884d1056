"""Writing a problem package into the table, with the operator's rights.

An import that ends half-way leaves the problem without its package's hash, so that the next one
does it again; a problem is shown to everyone only when its tests are there.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from graphql_api.cli.problem_packages import Package, content_hash, read_test
from graphql_api.data import limits
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Problem
from graphql_api.data.stores import Stores
from graphql_api.resolvers import validation

# Stands for a package's hash until all of it is written; no digest looks like it.
UNFINISHED = "unfinished"


class Outcome(StrEnum):
    """What an import did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


async def import_package(stores: Stores, package: Package, *, force: bool = False) -> Outcome:
    """Bring a problem to what its package says; COMPLETED if it is new, else in the state it had.

    Parameters:
        force: write also what did not change since the last import.

    Raises:
        PackageError: a file of the package cannot be read, or its generator fails.
        InvalidInput: a value breaks a rule of the platform.
        Conflict: the problem is deleted, or somebody else writes it at the same time.
    """
    name = validation.platform(package.platform), validation.number(package.number)
    fields = _fields(package)
    digest = await asyncio.to_thread(content_hash, package)
    seen = await stores.problems.get(*name, consistent=True)
    if seen is not None and seen.state is ProblemState.DELETED:
        raise Conflict("The problem is deleted. Restore it before you import it again.")
    if seen is not None and seen.content_hash == digest and not force:
        return Outcome.UNCHANGED
    tests = await asyncio.to_thread(_tests, package)
    if seen is None:
        await stores.problems.create(NewProblem(platform=name[0], number=name[1], **fields))
    else:
        await stores.problems.update(*name, _changes(fields, seen))
    await stores.tests.replace(*name, tests)
    if package.solution is not None:
        await stores.problems.set_solution(*name, package.solution.language, package.solution.code)
    if seen is None or seen.content_hash is None:
        await stores.problems.set_state(*name, ProblemState.COMPLETED)
    await stores.problems.update(*name, ProblemChanges(content_hash=digest))
    return Outcome.CREATED if seen is None else Outcome.UPDATED


def _fields(package: Package) -> dict[str, Any]:
    """Return the problem's fields by their names in the store, checked."""
    return {
        "title": validation.title(package.title),
        "link": validation.given(package.url, validation.url),
        "tags": validation.tags(package.tags),
        "statement": validation.text(package.statement, "statement", limits.STATEMENT_BYTES),
        "constraints": package.constraints,
        "comparer": package.comparison.comparer,
        "absolute_tolerance": package.comparison.absolute_tolerance,
        "relative_tolerance": package.comparison.relative_tolerance,
        "time_limit_ms": validation.time_limit_ms(package.time_limit_ms),
        "memory_limit_kb": validation.memory_limit_kb(package.memory_limit_kb),
        "checker": package.checker,
        "stop_on_first_failure": package.stops_on_first_failure,
    }


def _changes(fields: dict[str, Any], seen: Problem) -> ProblemChanges:
    """Return the changes that make a problem's fields these: texts that are left out are removed.

    The hash of an earlier import gives way until this one is done; one that was never done keeps
    being none.
    """
    removed = {key: "" for key, value in fields.items() if value is None and key != "checker"}
    marker = UNFINISHED if seen.content_hash else None
    return ProblemChanges(**(fields | removed), content_hash=marker)


def _tests(package: Package) -> Sequence[NewTest]:
    found = []
    for test in package.tests:
        given, expected = read_test(test)
        found.append(NewTest(input=given, output=expected, is_sample=test.is_sample))
    return found
