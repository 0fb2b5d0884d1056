"""Setup steps, printed as one line each."""

import pytest

from graphql_api.cli.commands.setup import Step, run_steps
from graphql_api.cli.local.process import EngineUnavailable


def fails() -> str:
    raise EngineUnavailable("the disk is full; try: make room")


def never() -> str:
    raise AssertionError("a step after the failed step was run")


def test_each_step_is_one_line_with_its_outcome(capsys: pytest.CaptureFixture[str]):
    assert run_steps((Step("jars", lambda: "checked"), Step("page", lambda: "built")))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "jars" in lines[0]
    assert "checked" in lines[0]


def test_a_failing_required_step_is_the_last_and_prints_its_advice(
    capsys: pytest.CaptureFixture[str],
):
    assert not run_steps((Step("jars", fails), Step("page", never)))
    assert "try: make room" in capsys.readouterr().err


def test_a_failing_optional_step_is_skipped(capsys: pytest.CaptureFixture[str]):
    assert run_steps((Step("page", fails, is_optional=True), Step("jars", lambda: "checked")))
    printed = capsys.readouterr()
    assert "skipped" in printed.out
    assert "checked" in printed.out
    assert "try: make room" in printed.err
