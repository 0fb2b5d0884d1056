"""The file `algoitny.yaml` of a package."""

from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.reader import content_hash, read_package
from graphql_api.data.enums import TestVisibility
from tests.support.packages import write


def test_a_package_may_choose_the_visibility_of_its_tests(legacy: Path) -> None:
    assert read_package(legacy).test_visibility is None
    hashes = {content_hash(read_package(legacy))}
    for policy in TestVisibility:
        write(legacy, {"algoitny.yaml": f"test_visibility: {policy.lower()}\n"})
        package = read_package(legacy)
        assert package.test_visibility is policy
        hashes.add(content_hash(package))
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("test_visibility: some\n", "Use one of these values: samples, first_failed, all"),
        ("test_visibility: 3\n", "must contain a string"),
        ("visibility: all\n", "is unknown in this format. Use one of these keys: test_visibility"),
        ("- all\n", "must contain a mapping"),
    ],
)
def test_a_setting_that_is_unknown_is_refused(legacy: Path, text: str, message: str) -> None:
    write(legacy, {"algoitny.yaml": text})
    with pytest.raises(PackageError, match=message):
        read_package(legacy)
