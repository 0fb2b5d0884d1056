"""Reading problem packages of the ICPC/Kattis Problem Package Format (`legacy`, `2023-07`)."""

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.model import (
    Comparison,
    Generated,
    Package,
    PackageTest,
    Solution,
    Submission,
)
from graphql_api.cli.problem_packages.reader import (
    content_hash,
    find_duplicates,
    find_packages,
    package_number,
    read_package,
)
from graphql_api.cli.problem_packages.testdata import read_test

__all__ = [
    "Comparison",
    "Generated",
    "Package",
    "PackageError",
    "PackageTest",
    "Solution",
    "Submission",
    "content_hash",
    "find_duplicates",
    "find_packages",
    "package_number",
    "read_package",
    "read_test",
]
