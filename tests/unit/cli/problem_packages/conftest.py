"""Packages for the tests of their reader."""

import shutil
from pathlib import Path

import pytest

from tests.support.packages import write


@pytest.fixture
def legacy(tmp_path: Path) -> Path:
    """The smallest complete package of the legacy format."""
    return write(
        tmp_path / "hello",
        {
            "problem.yaml": "name: Hello\n",
            "problem_statement/problem.en.tex": "\\problemname{Hello}\nSay it.\n",
            "data/sample/1.in": "a\n",
            "data/sample/1.ans": "b\n",
            "data/secret/1.in": "c\n",
            "data/secret/1.ans": "d\n",
            "submissions/accepted/a.py": "print('b')\n",
        },
    )


@pytest.fixture
def modern(legacy: Path) -> Path:
    """The smallest complete package of the format 2023-07."""
    shutil.rmtree(legacy / "problem_statement")
    return write(
        legacy,
        {
            "problem.yaml": "problem_format_version: 2023-07\nname: Hello\nuuid: x\n",
            "statement/problem.en.md": "Say it.\n",
        },
    )
