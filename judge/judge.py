"""Judging one submission: compile once, run the tests in parallel, compare, decide.

Blocking code: call it from threads. One `Judge` serves a whole process.
"""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Self

from graphql_api.data.enums import Verdict
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.records import Checker, TestResult
from judge.checkers import CheckerBroken, CheckerProgram
from judge.comparison.comparers import check_supported
from judge.languages import find_language
from judge.models import Judgement, JudgeRequest, decisive, skipped
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.sandbox import Sandbox, open_sandbox
from judge.sandbox.slots import WaitCancelled
from judge.scheduler import TimeBudget, WorkPool
from judge.submission import Submission
from judge.toolchains.compiler import CompileCancelled, Compiler, CompilerBroken
from judge.toolchains.detection import Languages, detect_languages
from judge.toolchains.installed import Installed


class LanguageUnavailable(Exception):
    """This host does not run a language asked for; the message says why and what helps.

    `required` are all languages that what was asked for takes, whether they are here or not.
    """

    def __init__(self, message: str, required: Collection[str]) -> None:
        super().__init__(message)
        self.required = frozenset(required)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig:
    """What a judge is set up with.

    Test programs, compiled programs and the sandbox's root are kept under `work_dir`. All processes
    with the same `work_dir` share `slots`, the number of sandboxes that run at once (0: the number
    of CPU cores). `languages` are keys or aliases of the languages to look for (empty: all).
    `submission_s` is the wall time that the tests of one submission may take in total.
    """

    work_dir: Path
    slots: int = 0
    languages: tuple[str, ...] = ()
    submission_s: int = 900


class Judge:
    """The host's judge: `start()` once, `judge()` from any thread, `close()` at the end.

    All processes of a host with the same `WORK_DIR` share its slots, so that no more programs run
    at once than `JUDGE_SLOTS` (the number of cores): CPU times would lie. `forced` takes that kind
    of limits instead of the best there is.
    """

    def __init__(self, config: JudgeConfig, forced: LimitBackend | None = None) -> None:
        self._config = config
        self._forced = forced
        self._languages = Languages({}, {})
        self._closing = ExitStack()
        self._closed = Event()

    def start(self, found: Callable[[], None] | None = None) -> Self:
        """Check the sandbox and find the languages.

        With `found` it does not wait for languages for which something has to be made on this host
        first: another thread adds them. `found()` is called each time that `languages` changed.
        Raises `judge.sandbox.errors.SandboxUnavailable` naming what to install.
        """
        root = self._config.work_dir / "sandbox"
        self._sandbox = open_sandbox(root, self._config.slots, self._forced)
        self._closing.callback(self._sandbox.close)
        self._compiler = Compiler(self._sandbox)
        self._languages = detect_languages(
            self._sandbox,
            self._compiler,
            self._config.languages,
            patient=found is None,
        )
        self._pool = WorkPool(len(self._sandbox.slots))
        self._closing.callback(self._pool.close)
        if found is not None:
            found()
            preparing = Thread(target=self._prepare, args=(found,), name="languages")
            preparing.start()
            self._closing.callback(preparing.join)
        return self

    def _prepare(self, found: Callable[[], None]) -> None:
        if not self._languages.unprepared:
            return
        try:
            more = detect_languages(
                self._sandbox,
                self._compiler,
                self._languages.unprepared,
                cancelled=self._closed.is_set,
            )
        except (CompileCancelled, WaitCancelled):
            return
        self._languages = self._languages.joined(more)
        found()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def languages(self) -> Mapping[str, LanguageInfo]:
        """The languages that this host runs, by id."""
        return MappingProxyType({k: one.toolchain for k, one in self._languages.installed.items()})

    @property
    def missing_languages(self) -> Mapping[str, str]:
        """Why each of the other languages cannot be offered, by id."""
        return MappingProxyType(self._languages.missing)

    @property
    def limit_backend(self) -> str:
        """What enforces memory: `cgroup2`, `cgroup1` or `rlimits`."""
        return str(self._sandbox.limit_backend)

    def close(self) -> None:
        """End the helper processes and remove the slots' groups, after what still runs."""
        self._closed.set()
        self._closing.close()

    def judge(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestResult], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Judgement:
        """Judge a submission; `on_result` gets each test as it ends.

        With an early stop in the order of the tests. Both callbacks are called in the calling
        thread only. Raises `LanguageUnavailable`, `UnsupportedComparer` where a checker lacks,
        `CheckerBroken`, and `JudgeCancelled` soon after `cancelled()` is True.
        """
        if request.checker is None:
            check_supported(request.comparer)
        for language in request.languages:
            self._find(language, request.languages)
        submission = Submission(
            request=request,
            installed=self._find(request.language),
            sandbox=self._sandbox,
            pool=self._pool,
            budget=TimeBudget(self._config.submission_s),
            on_result=on_result,
            cancelled=cancelled,
        )
        began = time.monotonic()
        try:
            compiled = submission.compile(self._compiler, submission.installed, request.code)
            if request.checker is not None and request.needs_checker and compiled.directory:
                submission.checker = self._compile_checker(submission, request.checker)
        except CompilerBroken as error:
            return self._nothing_ran(submission, Verdict.IE, "", str(error))
        submission.queue_ms = compiled.queue_ms
        submission.compile_ms = _since(began) - compiled.queue_ms
        if compiled.directory is None:
            return self._nothing_ran(submission, Verdict.CE, compiled.output, "")
        began = time.monotonic()
        results = submission.run_tests(compiled.directory)
        return self._judgement(submission, compiled.output, results, run_ms=_since(began))

    def parts(self, language: str) -> tuple[Sandbox, Compiler, Installed]:
        """Return what a run without tests is made with. Raises `LanguageUnavailable`."""
        return self._sandbox, self._compiler, self._find(language)

    def _find(self, language: str, required: Collection[str] = ()) -> Installed:
        spec = find_language(language)
        installed = self._languages.installed.get(spec.id) if spec else None
        if installed is not None:
            return installed
        why = self._languages.missing.get(spec.id) if spec else "there is no such language"
        ids = [found.id if (found := find_language(one)) else one for one in (language, *required)]
        raise LanguageUnavailable(f"This worker does not run {language!r}: {why}", ids)

    def _compile_checker(self, submission: Submission, checker: Checker) -> CheckerProgram:
        """Return the problem's own program, compiled. Raises CheckerBroken."""
        installed = self._find(checker.language)
        compiled = submission.compile(self._compiler, installed, checker.code)
        if compiled.directory is None:
            raise CheckerBroken(f"The checker does not compile.\n{compiled.output}")
        return CheckerProgram.of(checker, installed, compiled.directory)

    def _nothing_ran(
        self, submission: Submission, verdict: Verdict, output: str, message: str
    ) -> Judgement:
        """The judgement of a submission that no test could be given to."""
        results = list(map(skipped, submission.request.tests))
        return self._judgement(submission, output, results, verdict=verdict, message=message)

    def _judgement(
        self,
        submission: Submission,
        output: str,
        results: list[TestResult],
        *,
        verdict: Verdict | None = None,
        message: str = "",
        run_ms: int = 0,
    ) -> Judgement:
        passed = sum(one.verdict is Verdict.AC for one in results)
        failed = sum(one.verdict not in (Verdict.AC, Verdict.SKIPPED) for one in results)
        worst = decisive(results)
        return Judgement(
            verdict=verdict or (worst.verdict if worst else Verdict.AC),
            compile_output=output,
            results=results,
            passed=passed,
            failed=failed,
            cpu_ms=max((one.cpu_ms for one in results), default=0),
            peak_kb=max((one.peak_kb for one in results), default=0),
            limit_backend=self.limit_backend,
            message=message or (worst and worst.message) or "",
            queue_ms=submission.queue_ms,
            compile_ms=submission.compile_ms,
            run_ms=run_ms,
        )


def _since(began: float) -> int:
    """Milliseconds since `began`, a reading of time.monotonic()."""
    return round((time.monotonic() - began) * 1000)
