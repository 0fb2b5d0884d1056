"""The judge of the labelled programs, and the folder with the tests of their problems."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from judge.judge import Judge
from judge.models import TestCaseFiles
from tests.diagnosis.labelled import LANGUAGES, list_programs, write_all_tests
from tests.support.judging import open_judge

SLOTS = 2


@pytest.fixture(scope="session")
def judge(tmp_path_factory) -> Iterator[Judge]:
    languages = tuple(sorted(set(LANGUAGES.values())))
    judge = open_judge(tmp_path_factory.mktemp("judge"), slots=SLOTS, languages=languages)
    yield judge
    judge.close()


@pytest.fixture(scope="session")
def tests(tmp_path_factory) -> Mapping[str, Sequence[TestCaseFiles]]:
    """The tests of the problems, by the name of the problem."""
    return write_all_tests(list_programs(), tmp_path_factory.mktemp("problems"))
