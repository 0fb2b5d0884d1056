import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from graphql_api.data.enums import CheckerConvention
from graphql_api.data.problems.checkers import digest_of
from graphql_api.data.records import Checker, Problem, TestCase
from tasks.handlers.testset_cache import TestSetCache

ICPC = CheckerConvention.ICPC
CASES = (
    TestCase(number=1, is_sample=True, input=b"1 2\n", output=b"3\n"),
    TestCase(number=2, input=b"5 5\n", output=b"10\n"),
)


def problem(version: int = 1, count: int = 2, created_at: int = 1000, number: str = "1") -> Problem:
    return Problem(
        platform="algoitny",
        number=number,
        title="Sum",
        test_version=version,
        test_count=count,
        created_at=created_at,
        updated_at=created_at,
    )


@pytest.fixture
def files(tmp_path: Path) -> TestSetCache:
    return TestSetCache(tmp_path / "tests")


def read(files: TestSetCache, of: Problem) -> list[tuple[int, bool, bytes, bytes]] | None:
    with files.opened(of) as found:
        if found is None:
            return None
        return [
            (one.number, one.is_sample, one.input_path.read_bytes(), one.expected_path.read_bytes())
            for one in found.tests
        ]


def folders(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "tests").glob("*/*"))


def test_a_kept_set_is_read_back_in_order_with_its_samples_marked(files: TestSetCache) -> None:
    assert not files.knows("algoitny", "1")
    assert read(files, problem()) is None
    files.keep(problem(), CASES)
    assert files.knows("algoitny", "1")
    assert read(files, problem()) == [(1, True, b"1 2\n", b"3\n"), (2, False, b"5 5\n", b"10\n")]


def test_another_version_count_pid_or_birth_is_another_set(files: TestSetCache) -> None:
    files.keep(problem(), CASES)
    recreated = replace(problem(), pid="01M7Y86A6PFHHNZ5NC5P8SW17X")
    assert read(files, recreated) is None
    files.keep(recreated, CASES[:1])
    assert read(files, problem()) == [(1, True, b"1 2\n", b"3\n"), (2, False, b"5 5\n", b"10\n")]
    assert read(files, problem(version=2)) is None
    assert read(files, problem(created_at=2000)) is None
    assert read(files, problem(count=3)) is None


@pytest.mark.parametrize("damage", ["shortened", "removed", "manifest", "garbled"])
def test_a_damaged_set_is_not_used_and_can_be_written_again(
    files: TestSetCache, tmp_path: Path, damage: str
) -> None:
    files.keep(problem(), CASES)
    (folder,) = folders(tmp_path)
    match damage:
        case "shortened":
            (folder / "00002.in").write_bytes(b"5")
        case "removed":
            (folder / "00001.out").unlink()
        case "manifest":
            (folder / "manifest.json").unlink()
        case _:
            (folder / "manifest.json").write_bytes(b"[[1,")
    assert read(files, problem()) is None
    files.keep(problem(), CASES)
    assert read(files, problem()) is not None


def test_names_that_look_like_paths_stay_below_the_root(
    files: TestSetCache, tmp_path: Path
) -> None:
    strange = problem(number="../../outside")
    files.keep(strange, CASES)
    assert read(files, strange) is not None
    assert {path.name for path in tmp_path.iterdir()} == {"tests"}
    assert len(folders(tmp_path)) == 1


def test_writers_at_once_leave_one_whole_set_and_nothing_else(
    files: TestSetCache, tmp_path: Path
) -> None:
    def keep(_: int) -> None:
        files.keep(problem(), CASES)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(keep, range(32)))
    assert read(files, problem()) is not None
    assert len(list((tmp_path / "tests").iterdir())) == 1


def test_a_failing_disk_is_an_error_and_leaves_nothing(files: TestSetCache, tmp_path: Path) -> None:
    class Broken(Sequence[TestCase]):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: object) -> TestCase:  # type: ignore[override]
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        files.keep(problem(), Broken())
    assert read(files, problem()) is None
    assert [path for path in (tmp_path / "tests").iterdir() if path.name[0] == "i"] == []


def test_what_was_unused_for_long_goes_but_not_while_it_is_read(
    files: TestSetCache, tmp_path: Path
) -> None:
    files.keep(problem(), CASES)
    (folder,) = folders(tmp_path)
    with files.opened(problem()) as found:
        assert found is not None
        os.utime(folder, (0, 0))
        assert files.prune(unused_s=60) == 0
        assert found.tests[0].input_path.exists()
    assert files.prune(unused_s=60) == 1
    assert not files.knows("algoitny", "1")


def test_while_there_is_too_much_the_longest_unused_goes_first(
    files: TestSetCache, tmp_path: Path
) -> None:
    now = time.time()
    sets = [problem(number=str(number)) for number in range(3)]
    for age, one in enumerate(sets):
        before = set(folders(tmp_path))
        files.keep(one, CASES)
        (folder,) = set(folders(tmp_path)) - before
        os.utime(folder, (now - age * 100, now - age * 100))
    size = sum(path.stat().st_size for path in folders(tmp_path)[0].iterdir())
    assert files.prune(most_bytes=2 * size) == 1
    assert [files.knows("algoitny", str(number)) for number in range(3)] == [True, True, False]


def test_using_a_set_makes_it_young(files: TestSetCache, tmp_path: Path) -> None:
    files.keep(problem(), CASES)
    (folder,) = folders(tmp_path)
    os.utime(folder, (0, 0))
    assert read(files, problem()) is not None
    assert files.prune(unused_s=60) == 0


def test_what_a_killed_writer_left_is_removed(files: TestSetCache, tmp_path: Path) -> None:
    stray = tmp_path / "tests" / "incoming-abc"
    stray.mkdir()
    (stray / "00001.in").write_bytes(b"1")
    files.prune()
    assert stray.exists()
    os.utime(stray, (0, 0))
    files.prune()
    assert not stray.exists()


def test_a_set_of_a_problem_without_tests_is_none(files: TestSetCache, tmp_path: Path) -> None:
    files.keep(problem(), CASES)
    shutil.rmtree(tmp_path / "tests")
    assert read(files, replace(problem(), test_version=None, test_count=0)) is None


def test_pruning_skips_folders_that_another_process_removes_at_the_same_time(
    files: TestSetCache, tmp_path: Path
) -> None:
    """An incomplete folder that is listed, and removed before it is read."""
    files.keep(problem(), CASES)
    (tmp_path / "tests" / "incoming-gone").symlink_to(tmp_path / "nowhere")
    assert files.prune(unused_s=-1) == 1


CHECKER = Checker(language="c", code="int main(void) { return 42; }", convention=ICPC)


def checker_of(files: TestSetCache, of: Problem) -> Checker | None:
    with files.opened(of) as found:
        assert found is not None
        return found.checker


def test_a_kept_checker_is_given_only_while_the_card_names_it(files: TestSetCache) -> None:
    checked = replace(problem(), checker_hash=digest_of(CHECKER))
    files.keep(checked, CASES)
    assert checker_of(files, checked) is None
    files.keep_checker(checked, CHECKER)
    assert checker_of(files, checked) == CHECKER
    assert checker_of(files, replace(checked, checker_hash="0" * 16)) is None
    assert checker_of(files, problem()) is None
    changed = replace(CHECKER, code="int main(void) { return 43; }")
    files.keep_checker(checked, changed)
    assert checker_of(files, replace(checked, checker_hash=digest_of(changed))) == changed


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"v": 1}'])
def test_a_damaged_checker_is_not_given(files: TestSetCache, tmp_path: Path, damage: bytes) -> None:
    checked = replace(problem(), checker_hash=digest_of(CHECKER))
    files.keep(checked, CASES)
    files.keep_checker(checked, CHECKER)
    (folder,) = folders(tmp_path)
    (folder / "checker.json").write_bytes(damage)
    assert checker_of(files, checked) is None


def test_a_checker_goes_with_its_set(files: TestSetCache, tmp_path: Path) -> None:
    files.keep(problem(), CASES)
    files.keep_checker(problem(), CHECKER)
    assert files.prune(unused_s=-1) == 1
    assert folders(tmp_path) == []
