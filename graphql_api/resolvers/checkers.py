"""Validation and reading of the checkers and language limits of problems."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql_api.context import Context
from graphql_api.data.enums import CheckerConvention
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import CHECKER_ARGUMENT_CHARACTERS, MAX_CHECKER_ARGUMENTS
from graphql_api.data.records import Checker, CheckerFault, Problem
from graphql_api.resolvers import access, validation
from graphql_api.resolvers.languages import language_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckerFields:
    """The fields of a checker that an editor sends. A field without a value is None."""

    language: str
    code: str
    convention: CheckerConvention
    arguments: Sequence[str] | None = None
    time_limit_ms: int | None = None
    memory_limit_kb: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLimit:
    """The factor by which a problem's time limit is multiplied for one language."""

    language: str
    time_multiplier: float


def validate_checker(fields: CheckerFields) -> Checker:
    """Validate the fields of a checker, and convert them to the record to store.

    Raises:
        InvalidInput: A field is invalid.
    """
    limits = {"time_limit_ms": fields.time_limit_ms, "memory_limit_kb": fields.memory_limit_kb}
    with validation.prefix_path("checker"):
        return Checker(
            language=language_id(fields.language),
            code=validation.code(fields.code),
            convention=fields.convention,
            arguments=_arguments(fields.arguments or ()),
            **{name: value for name, value in limits.items() if value is not None},
        )


def _arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    if len(arguments) > MAX_CHECKER_ARGUMENTS:
        raise InvalidInput(
            f"`arguments` must contain at most {MAX_CHECKER_ARGUMENTS} items.", ("arguments",)
        )
    return tuple(
        validation.line(argument, "arguments", CHECKER_ARGUMENT_CHARACTERS)
        for argument in arguments
    )


def language_limits(limits: Sequence[LanguageLimit] | None) -> dict[str, float] | None:
    """Return the multipliers of the time limit by language id, or None if `limits` is None.

    Raises:
        InvalidInput: A language is unknown or occurs twice.
    """
    if limits is None:
        return None
    with validation.prefix_path("languageLimits"):
        multipliers = {language_id(limit.language): limit.time_multiplier for limit in limits}
    if len(multipliers) < len(limits):
        raise InvalidInput(
            "`languageLimits` must contain each language only once.", ("languageLimits",)
        )
    return multipliers


async def checker_of(context: Context, problem: Problem) -> Checker | None:
    """Return the checker of a problem, or None if there is none or the viewer is not an editor."""
    if not context.is_editor or problem.checker_hash is None:
        return None
    return await context.loaders.checkers.load(problem.id)


async def fault_of(context: Context, problem: Problem) -> CheckerFault | None:
    """Return the latest failure of the current checker.

    Return None if there is no failure, or if the viewer is not an editor.
    """
    visibility = access.visibility_of(context)
    if not visibility.is_editor:
        return None
    fault = await context.loaders.checker_faults.load(problem.id)
    is_current = fault is not None and fault.checker_hash == problem.checker_hash
    return visibility.fault(fault) if fault and is_current else None
