"""A real judge, and test cases on disk."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from judge.judge import Judge, JudgeConfig
from judge.models import Judgement, JudgeRequest, TestCaseFiles
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.sandbox import Sandbox
from judge.toolchains.compiler import Compiler
from judge.toolchains.installed import Installed
from tests.support.services import skip_or_fail
from tests.support.settings import FEW_LANGUAGES
from tests.support.waiting import PATIENCE_S

Cases = Callable[..., list[TestCaseFiles]]
# Obeys the test's input: for `0.2 7` it sleeps 0.2 s and writes 7.
OBEYS = """
import time
pause, answer = input().split()
time.sleep(float(pause))
print(answer)
"""


class WatchedJudge(Judge):
    """A judge with events for its beginning and its end, which returns when `may_return` is set."""

    def __init__(self, judge: Judge) -> None:
        self.began, self.ended, self.may_return = (threading.Event() for _ in range(3))
        self._watched = judge

    def judge(self, *given: Any, **named: Any) -> Judgement:
        self.began.set()
        try:
            return self._watched.judge(*given, **named)
        finally:
            self.ended.set()
            self.may_return.wait(PATIENCE_S)

    def tools_for(self, language: str) -> tuple[Sandbox, Compiler, Installed]:
        """Delay a custom run until `may_return` is set."""
        self.began.set()
        self.may_return.wait(PATIENCE_S)
        return self._watched.tools_for(language)


def judge_config(work_dir: Path, **more: Any) -> JudgeConfig:
    """Return the configuration of a judge with two slots and the languages of most tests."""
    fields: dict[str, Any] = {"slots": 2, "languages": FEW_LANGUAGES} | more
    return JudgeConfig(work_dir=work_dir, **fields)


def open_judge(work_dir: Path, forced: LimitBackend | None = None, **more: Any) -> Judge:
    """Start a judge with two slots; without a sandbox, skip the test, or fail it in CI."""
    judge = Judge(judge_config(work_dir, **more), forced)
    try:
        return judge.start()
    except SandboxUnavailable as error:
        skip_or_fail(str(error))


def write_cases(folder: Path, *pairs: tuple[str, str]) -> list[TestCaseFiles]:
    """Write tests of (input, expected output) pairs; the first is a sample."""
    made = []
    for number, (given, expected) in enumerate(pairs, 1):
        paths = folder / f"{number}.in", folder / f"{number}.out"
        for path, text in zip(paths, (given, expected), strict=True):
            path.write_text(text)
        made.append(TestCaseFiles(number, number == 1, *paths))
    return made


def orders(folder: Path, *told: str) -> list[TestCaseFiles]:
    """Write tests whose inputs are commands for `OBEYS`; the right answer is 1."""
    return write_cases(folder, *((one, "1") for one in told))


def ask(
    judge: Judge, language: str, code: str, tests: list[TestCaseFiles], **more: Any
) -> Judgement:
    """Judge a submission, by default within 5 s and 128 MB."""
    callbacks = {name: more.pop(name) for name in ("on_result", "cancelled") if name in more}
    limits = {"time_limit_ms": 5000, "memory_limit_kb": 128 * 1024} | more
    return judge.judge(JudgeRequest(language, code, tests, **limits), **callbacks)
