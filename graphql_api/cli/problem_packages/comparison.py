"""Choice of the comparer (the judge's method of comparing outputs) for a package.

The output validator flags of the package select the comparer.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.model import Comparison
from graphql_api.data.enums import Comparer

CASE = "case_sensitive"
SPACE = "space_change_sensitive"
ABSOLUTE, RELATIVE, BOTH = "float_absolute_tolerance", "float_relative_tolerance", "float_tolerance"
TOLERANCES = {ABSOLUTE: (ABSOLUTE,), RELATIVE: (RELATIVE,), BOTH: (ABSOLUTE, RELATIVE)}


def comparison_of(path: Path, flags: Sequence[str]) -> Comparison:
    """Return the comparer and the tolerances that the output validator flags select.

    Without flags, the outputs are compared token by token. The comparison ignores the difference
    between upper and lower case.

    `path` is the file with the flags. Error messages contain this path.

    Raises:
        PackageError: A flag is unknown or repeated, the number after a flag is missing, or no
            comparer supports the flags.
    """
    switches: set[str] = set()
    tolerances: dict[str, str] = {}
    rest = iter(flags)
    for flag in rest:
        if flag in (CASE, SPACE):
            switches.add(flag)
        elif flag in TOLERANCES:
            text = _parse_tolerance(path, flag, next(rest, ""))
            for kind in TOLERANCES[flag]:
                if kind in tolerances:
                    raise PackageError(
                        path,
                        f"The flag `{flag}` sets a tolerance that another flag has already "
                        "set. Remove one of the two flags.",
                    )
                tolerances[kind] = text
        else:
            known = ", ".join((CASE, SPACE, *TOLERANCES))
            raise PackageError(
                path,
                f"The flag `{flag}` is unknown to the default validator. Use one of these "
                f"flags: {known}.",
            )
    return _choose(path, switches, tolerances)


def _choose(path: Path, switches: set[str], tolerances: dict[str, str]) -> Comparison:
    if SPACE in switches:
        if tolerances or CASE not in switches:
            raise PackageError(
                path,
                f"The flag `{SPACE}` requires the flag `{CASE}`, and cannot be combined with "
                "a tolerance. Change the flags.",
            )
        return Comparison(comparer=Comparer.EXACT)
    if tolerances:
        return Comparison(
            comparer=Comparer.FLOAT,
            absolute_tolerance=tolerances.get(ABSOLUTE),
            relative_tolerance=tolerances.get(RELATIVE),
        )
    comparer = Comparer.TOKENS if CASE in switches else Comparer.TOKENS_IGNORE_CASE
    return Comparison(comparer=comparer)


def _parse_tolerance(path: Path, flag: str, text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise PackageError(
            path, f"The flag `{flag}` must be followed by a number of at least 0, such as 1e-6."
        )
    return repr(value)
