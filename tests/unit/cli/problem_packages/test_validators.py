"""The output validators and interactors of packages."""

from pathlib import Path

from graphql_api.cli.problem_packages.model import Comparison
from graphql_api.cli.problem_packages.reader import (
    content_hash,
    read_package,
)
from graphql_api.data.enums import CheckerConvention, Comparer
from graphql_api.data.records import Checker
from tests.support.packages import more, write


def test_a_legacy_package_selects_its_validator(legacy: Path) -> None:
    write(legacy, {"output_validators/check/check.cc": "int main() {}\n"})
    left_out = read_package(legacy)
    assert left_out.checker is None
    assert left_out.comparison.comparer is Comparer.TOKENS_IGNORE_CASE
    (note,) = left_out.notes
    assert note.startswith("Skipped the directory output_validators, because problem.yaml")

    more(legacy, "validation: custom\nvalidator_flags: least 3\n")
    package = read_package(legacy)

    assert package.notes == ()
    assert package.comparison == Comparison(comparer=Comparer.CHECKER)
    assert package.checker == Checker(
        language="cpp",
        code="int main() {}\n",
        convention=CheckerConvention.ICPC,
        arguments=("least", "3"),
    )


def test_a_legacy_package_can_have_an_interactor(legacy: Path) -> None:
    more(legacy, "validation: custom interactive\n")
    write(legacy, {"output_validators/talk.py": "print()\n", "output_validators/README.md": "x"})
    package = read_package(legacy)
    assert package.comparison.comparer is Comparer.INTERACTIVE
    assert package.checker is not None
    assert package.checker.language == "python"


def test_a_modern_package_s_validator_is_used_if_it_exists(modern: Path) -> None:
    write(modern, {"output_validator/check.c": "int main(void) {}\n"})
    write(modern, {"data/test_group.yaml": "output_validator_args: [deep, x]\n"})
    package = read_package(modern)
    assert package.comparison.comparer is Comparer.CHECKER
    assert package.checker is not None
    assert (package.checker.language, package.checker.arguments) == ("c", ("deep", "x"))
    more(modern, "type: [pass-fail, interactive]\n")
    assert read_package(modern).comparison.comparer is Comparer.INTERACTIVE


def test_a_validator_s_limits_are_clamped_to_the_platform_s(legacy: Path) -> None:
    write(legacy, {"output_validators/check.py": "x\n"})
    more(legacy, "validation: custom\n")
    more(legacy, "limits: {validation_time: 5, validation_memory: 100}\n")
    checker = read_package(legacy).checker
    assert checker is not None
    assert (checker.time_limit_ms, checker.memory_limit_kb) == (5000, 102_400)
    text = (legacy / "problem.yaml").read_text()
    text = text.replace("time: 5", "time: 600").replace("memory: 100", "memory: 1")
    (legacy / "problem.yaml").write_text(text)
    checker = read_package(legacy).checker
    assert checker is not None
    assert (checker.time_limit_ms, checker.memory_limit_kb) == (60_000, 16_384)


def test_a_package_may_stop_at_the_first_failure(legacy: Path) -> None:
    assert not read_package(legacy).stops_on_first_failure
    write(legacy, {"data/testdata.yaml": "on_reject: break\n"})
    assert read_package(legacy).stops_on_first_failure


def test_validator_and_early_stop_change_the_hash(legacy: Path) -> None:
    more(legacy, "validation: custom\n")
    write(legacy, {"output_validators/check.py": "x\n"})
    hashes = [content_hash(read_package(legacy))]
    write(legacy, {"output_validators/check.py": "y\n"})
    hashes.append(content_hash(read_package(legacy)))
    write(legacy, {"data/testdata.yaml": "on_reject: break\n"})
    hashes.append(content_hash(read_package(legacy)))
    assert len(set(hashes)) == 3
