"""Judges submissions: compiles a program, runs its tests in parallel and decides the verdict.

The methods block, so call them from threads. One `Judge` is enough for a whole process.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import MappingProxyType
from typing import Self

from graphql_api.data.enums import Verdict
from graphql_api.data.languages import LanguageInfo
from graphql_api.data.records import TestResult
from judge.build import Build
from judge.comparison.comparers import check_supported
from judge.languages import find_language
from judge.models import Judgement, JudgeRequest, find_decisive, skip_test
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.sandbox import Sandbox, open_sandbox
from judge.sandbox.slots import WaitCancelled
from judge.scheduler import TimeBudget, WorkPool
from judge.submission import Submission, elapsed_ms
from judge.toolchains.compiler import CompileCancelled, Compiler, CompilerBroken
from judge.toolchains.detection import Languages, detect_languages
from judge.toolchains.installed import Installed


class LanguageUnavailable(Exception):
    """This host cannot run a language. The message gives the reason and the remedy.

    `required` contains the ids of all languages that the request needs, including the languages
    that this host can run.
    """

    def __init__(self, message: str, required: Collection[str]) -> None:
        super().__init__(message)
        self.required = frozenset(required)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig:
    """The configuration of a judge.

    `work_dir` is the directory for compiled programs and for files of the sandbox. `slots` is the
    number of programs that run at the same time (0: the number of CPU cores). All processes with
    the same `work_dir` share the slots. `languages` contains the ids or aliases of the languages to
    look for (empty: all). `submission_s` limits the total wall time of the tests of one submission,
    in seconds.
    """

    work_dir: Path
    slots: int = 0
    languages: tuple[str, ...] = ()
    submission_s: int = 900


class Judge:
    """The judge of a host.

    Call `start()` once, then `judge()` from any thread, and `close()` at the end.

    All processes of a host should have the same `work_dir`, so that they share the slots. Without
    shared slots, more programs than cores run at the same time, and the measured CPU times are too
    high. `forced` selects the back end that enforces memory limits (default: the best back end of
    the host).
    """

    def __init__(self, config: JudgeConfig, forced: LimitBackend | None = None) -> None:
        self._config = config
        self._forced = forced
        self._languages = Languages({}, {})
        self._closing = ExitStack()
        self._closed = Event()

    def start(self, on_languages: Callable[[], None] | None = None) -> Self:
        """Check the sandbox and find the languages that this host can run.

        Some languages need libraries that must first be precompiled on this host. If `on_languages`
        is None, `start` waits until these libraries are precompiled. Otherwise a second thread
        precompiles the libraries and then adds the languages. `on_languages()` is called before
        `start` returns, and again after the second thread has updated `languages`.

        Raises:
            SandboxUnavailable: the sandbox does not work. The message contains the remedy.
        """
        root = self._config.work_dir / "sandbox"
        self._sandbox = open_sandbox(root, self._config.slots, self._forced)
        self._closing.callback(self._sandbox.close)
        self._compiler = Compiler(self._sandbox)
        self._languages = detect_languages(
            self._sandbox,
            self._compiler,
            self._config.languages,
            precompile=on_languages is None,
        )
        self._pool = WorkPool(len(self._sandbox.slots))
        self._closing.callback(self._pool.close)
        if on_languages is not None:
            on_languages()
            thread = Thread(target=self._add_languages, args=(on_languages,), name="languages")
            thread.start()
            self._closing.callback(thread.join)
        return self

    def _add_languages(self, on_languages: Callable[[], None]) -> None:
        """Precompile the missing libraries, and add the languages that need these libraries."""
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
        self._languages = self._languages.merge(more)
        on_languages()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def languages(self) -> Mapping[str, LanguageInfo]:
        """The languages that this host can run, by language id."""
        return MappingProxyType(
            {key: installed.toolchain for key, installed in self._languages.installed.items()}
        )

    @property
    def missing_languages(self) -> Mapping[str, str]:
        """The languages that this host cannot run, by language id, each with the reason."""
        return MappingProxyType(self._languages.missing)

    @property
    def limit_backend(self) -> str:
        """The mechanism that enforces memory limits: `cgroup2`, `cgroup1` or `rlimits`."""
        return str(self._sandbox.limit_backend)

    def close(self) -> None:
        """Wait for running programs, end the spawner processes and remove the control groups."""
        self._closed.set()
        self._closing.close()

    def judge(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestResult], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Judgement:
        """Judge a submission.

        `on_result` is called with each test result as soon as the result is known. If the request
        has `stop_on_first_failure`, the results come in the order of the tests. `cancelled` is
        called at least every 0.1 s. When it returns True, the judging is stopped. Both callbacks
        are called in the calling thread.

        Raises:
            LanguageUnavailable: this host cannot run the submission's or the checker's language.
            UnsupportedComparer: the comparer needs a checker, and the request has none.
            CheckerBroken: the checker does not compile, or it failed on a test.
            JudgeCancelled: `cancelled()` returned True.
        """
        if request.checker is None:
            check_supported(request.comparer)
        for language in request.languages:
            self._find(language, request.languages)
        submission = self._open_submission(request, on_result, cancelled)
        try:
            results = submission.run()
        except CompilerBroken as error:
            return self._judge_without_tests(submission, str(error))
        compiled = submission.build.compiled
        assert compiled is not None
        return self._build_judgement(
            submission,
            results,
            verdict=None if compiled.directory else Verdict.CE,
            compile_output=compiled.output,
        )

    def _open_submission(
        self,
        request: JudgeRequest,
        on_result: Callable[[TestResult], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> Submission:
        checker = request.checker if request.comparer.needs_checker else None
        installed = self._find(request.language)
        checker_language = self._find(checker.language) if checker else None
        return Submission(
            request=request,
            installed=installed,
            build=Build(self._compiler, request, installed, checker_language),
            sandbox=self._sandbox,
            pool=self._pool,
            budget=TimeBudget(self._config.submission_s),
            on_result=on_result,
            cancelled=cancelled,
        )

    def tools_for(self, language: str) -> tuple[Sandbox, Compiler, Installed]:
        """Return the sandbox, the compiler and the tools of a language, for a custom run.

        Raises:
            LanguageUnavailable: this host cannot run the language.
        """
        return self._sandbox, self._compiler, self._find(language)

    def _find(self, language: str, required: Collection[str] = ()) -> Installed:
        spec = find_language(language)
        installed = self._languages.installed.get(spec.id) if spec else None
        if installed is not None:
            return installed
        reason = self._languages.missing.get(spec.id) if spec else "The language is unknown."
        ids = map(_language_id, (language, *required))
        raise LanguageUnavailable(f"This worker cannot run {language!r}. {reason}", list(ids))

    def _judge_without_tests(self, submission: Submission, message: str) -> Judgement:
        """Return the judgement of a submission that could not run. All its tests are SKIPPED."""
        results = list(map(skip_test, submission.request.tests))
        return self._build_judgement(submission, results, verdict=Verdict.IE, message=message)

    def _build_judgement(
        self,
        submission: Submission,
        results: list[TestResult],
        *,
        verdict: Verdict | None,
        compile_output: str = "",
        message: str = "",
    ) -> Judgement:
        passed = sum(test.verdict is Verdict.AC for test in results)
        failed = sum(test.verdict not in (Verdict.AC, Verdict.SKIPPED) for test in results)
        decisive = find_decisive(results)
        return Judgement(
            verdict=verdict or (decisive.verdict if decisive else Verdict.AC),
            compile_output=compile_output,
            results=results,
            passed=passed,
            failed=failed,
            cpu_ms=max((test.cpu_ms for test in results), default=0),
            peak_kb=max((test.peak_kb for test in results), default=0),
            limit_backend=self.limit_backend,
            message=message or (decisive and decisive.message) or "",
            queue_ms=submission.queue_ms,
            compile_ms=submission.compile_ms,
            run_ms=elapsed_ms(submission.began) - submission.queue_ms - submission.compile_ms,
        )


def _language_id(name: str) -> str:
    spec = find_language(name)
    return name if spec is None else spec.id
