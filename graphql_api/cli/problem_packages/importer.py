"""Import of a problem package into the table, with the operator's permissions.

The hash of the package is stored last. After an interrupted import, the stored hash is therefore
missing or UNFINISHED, and the next import writes the problem again. A new problem becomes public
only after its tests are stored.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from graphql_api.cli.problem_packages.generators import GeneratorSandbox
from graphql_api.cli.problem_packages.model import Package
from graphql_api.cli.problem_packages.reader import content_hash
from graphql_api.cli.problem_packages.testdata import read_test
from graphql_api.data import limits
from graphql_api.data.enums import ProblemState
from graphql_api.data.errors import Conflict
from graphql_api.data.problems.inputs import NewProblem, ProblemChanges
from graphql_api.data.problems.testsets import NewTest
from graphql_api.data.records import Problem
from graphql_api.data.stores import Stores
from graphql_api.resolvers import validation

# This value is stored instead of the package's hash until the import is complete. No hash has this
# value.
UNFINISHED = "unfinished"


class Outcome(StrEnum):
    """The outcome of importing one package."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


async def import_package(
    stores: Stores,
    package: Package,
    *,
    force: bool = False,
    generators: GeneratorSandbox | None = None,
) -> Outcome:
    """Create or update a problem from its package.

    The first complete import sets the state of the problem to COMPLETED. Later imports keep the
    state.

    Parameters:
        force: Write the problem even if the package has not changed since its last import.
        generators: The sandbox that runs generators. If it is None, a package with a generated
            input is an error.

    Raises:
        PackageError: A file of the package cannot be read, or one of its generators fails.
        InvalidInput: A value violates a rule of the platform.
        Conflict: The problem is deleted, or another request changes it at the same time.
    """
    name = validation.platform(package.platform), validation.number(package.number)
    fields = _fields(package)
    digest = await asyncio.to_thread(content_hash, package)
    current = await stores.problems.get(*name, consistent=True)
    if current is not None and current.state is ProblemState.DELETED:
        raise Conflict("The problem is deleted. Restore the problem before you import it again.")
    if current is not None and current.content_hash == digest and not force:
        return Outcome.UNCHANGED
    tests = await asyncio.to_thread(_read_tests, package, generators)
    if current is None:
        new = NewProblem(platform=name[0], number=name[1], **fields)
        pid = (await stores.problems.create(new)).pid
    else:
        pid = current.pid
        await stores.problems.update(*name, _changes(fields, current), pid=pid)
    await stores.tests.replace(*name, tests, pid=pid)
    if package.solution is not None:
        solution = package.solution
        await stores.problems.set_solution(*name, solution.language, solution.code, pid=pid)
    if current is None or current.content_hash is None:
        await stores.problems.set_state(*name, ProblemState.COMPLETED, pid=pid)
    await stores.problems.update(*name, ProblemChanges(content_hash=digest), pid=pid)
    return Outcome.CREATED if current is None else Outcome.UPDATED


def _fields(package: Package) -> dict[str, Any]:
    """Validate the fields of the problem, and return them as keyword arguments of NewProblem."""
    fields = {
        "title": validation.title(package.title),
        "link": validation.optional(package.url, validation.url),
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
    if package.test_visibility is not None:
        fields["test_visibility"] = package.test_visibility
    return fields


def _changes(fields: dict[str, Any], current: Problem) -> ProblemChanges:
    """Return the changes that write the fields of a package to the problem `current`.

    If the package does not contain an optional text, such as the constraints, this text is removed
    from the problem.

    If the problem has a content hash (the hash of the package at the last import), the hash is
    replaced by UNFINISHED until this import is complete.
    """
    removed = {key: "" for key, value in fields.items() if value is None and key != "checker"}
    marker = UNFINISHED if current.content_hash else None
    return ProblemChanges(**(fields | removed), content_hash=marker)


def _read_tests(package: Package, generators: GeneratorSandbox | None) -> Sequence[NewTest]:
    tests = []
    for test in package.tests:
        input_, expected = read_test(test, generators)
        tests.append(NewTest(input=input_, output=expected, is_sample=test.is_sample))
    return tests
