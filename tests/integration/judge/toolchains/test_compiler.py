"""The cache of compiled programs, and precompiled files."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from judge.languages.spec import Precompiled
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Program
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.compiler import COLLECT_FILES, TOO_LARGE
from judge.toolchains.detection import detect_languages
from judge.toolchains.installed import Installed, fill
from judge.toolchains.precompiled import UNUSED_S, PrecompiledStore
from tests.support.sandbox.sandboxes import LanguageSandboxFixture
from tests.support.waiting import PATIENCE_S

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def at_once(work: Callable[[], object], times: int = 2) -> None:
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def kept(directory: Path) -> set[str]:
    return {one.name for one in directory.iterdir() if not one.name.startswith(".")}


class TestPrograms:
    @pytest.fixture
    def programs(self, best_sandbox: LanguageSandboxFixture) -> Path:
        (directory,) = (best_sandbox.inner.shared / "programs").iterdir()
        return directory

    def test_two_who_compile_one_source_at_once_leave_one_program(self, best_sandbox, programs):
        code = f"int main(void) {{ return 0; }} // {time.time_ns()}".encode()
        before, compiled = kept(programs), []
        at_once(
            lambda: compiled.append(
                best_sandbox.compiler.compile(best_sandbox.languages.installed["c"], code)
            )
        )
        assert len({one.directory for one in compiled}) == 1
        assert len(kept(programs) - before) == 1
        assert best_sandbox.program(Program(("./main",), compiled[0].directory)).outcome == "OK"

    def test_a_program_that_cannot_be_written_whole_is_not_there(self, best_sandbox, programs):
        before = set(programs.iterdir())
        files = {"one": b"x", "main": b"x" * 300_000}
        with small_files(), pytest.raises(OSError, match="File too large"):
            best_sandbox.compiler._store(programs / "half", files, "")
        assert set(programs.iterdir()) == before

    def test_what_a_killed_worker_leaves_is_no_program(self, best_sandbox, programs):
        """The compiler writes to a temporary name and renames the file at the end."""
        code = f"int main(void) {{ return 0; }} // {time.time_ns()}".encode()
        compiled = best_sandbox.compiler.compile(best_sandbox.languages.installed["c"], code)
        (programs / ".new-killed").mkdir()
        compiled.directory.parent.rename(programs / ".new-killed" / "program")
        again = best_sandbox.compiler.compile(best_sandbox.languages.installed["c"], code)
        assert not again.from_cache
        best_sandbox.compiler.prune(keep=0, untouched_s=0)
        assert not (programs / ".new-killed").exists()

    @pytest.mark.parametrize(
        "code",
        [
            "public class Other { public static void main(String[] a) {} }",
            "class Other { public static void main(String[] a) {} }",
            "package p; public class Main { public static void main(String[] a) {} }",
        ],
        ids=["public", "other", "package"],
    )
    def test_a_java_program_without_a_class_main_gets_a_message_with_the_name(
        self, best_sandbox, code
    ):
        best_sandbox.need("java")
        compiled = best_sandbox.compiler.compile(
            best_sandbox.languages.installed["java"], code.encode()
        )
        assert compiled.directory is None
        assert "the method `main` of a class `Main` that is in no package" in compiled.output

    def test_a_program_that_is_too_large_does_not_compile(self, best_sandbox):
        code = b"int large[20000000] = {1}; int main(void) { return large[1]; }"
        compiled = best_sandbox.compiler.compile(best_sandbox.languages.installed["c"], code)
        assert compiled.directory is None
        assert "The compiled program is too large" in compiled.output

    def test_a_program_of_too_many_classes_does_not_compile(self, best_sandbox):
        best_sandbox.need("java")
        more = "".join(f"class C{number} {{}}\n" for number in range(COLLECT_FILES))
        code = f"public class Main {{ public static void main(String[] a) {{}} }}\n{more}"
        compiled = best_sandbox.compiler.compile(
            best_sandbox.languages.installed["java"], code.encode()
        )
        assert compiled.directory is None
        assert "and 512 files" in compiled.output

    @pytest.mark.parametrize(("more", "is_kept"), [("", True), ("; : > more", False)])
    def test_as_many_files_are_kept_as_is_said(self, best_sandbox, more, is_kept):
        """The source counts as one of the files."""
        installed = best_sandbox.languages.installed["c"]
        script = f"echo said; for n in $(seq {COLLECT_FILES - 2}); do : > $n; done; : > main{more}"
        spec = replace(installed.spec, compile=("/bin/sh", "-c", script))
        code = f"// {time.time_ns()}".encode()
        compiled = best_sandbox.compiler.compile(replace(installed, spec=spec), code)
        assert (compiled.directory is not None) == is_kept
        assert compiled.output.startswith("said")
        assert (TOO_LARGE in compiled.output) != is_kept


@contextmanager
def small_files() -> Iterator[None]:
    """Let no file of this process grow beyond 100 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestPrebuilt:
    @pytest.fixture
    def store(self, best_sandbox: LanguageSandboxFixture) -> PrecompiledStore:
        return PrecompiledStore(best_sandbox.inner)

    @pytest.fixture
    def directory(self, best_sandbox: LanguageSandboxFixture) -> Path:
        return best_sandbox.inner.shared / "precompiled"

    @staticmethod
    def made_by(
        best_sandbox: LanguageSandboxFixture, script: str, used_by: bytes = b""
    ) -> Installed:
        """Return C with precompiled files at `/opt/made`."""
        installed = best_sandbox.languages.installed["c"]
        command = ("/bin/sh", "-c", f"{script} # {time.time_ns()}")
        made = Precompiled(path="/opt/made", command=command, used_by=used_by, size_kb=1024)
        return replace(installed, spec=replace(installed.spec, precompiled=made))

    def test_the_header_of_all_headers_is_used_precompiled(self, best_sandbox, store):
        code = b"#include <bits/stdc++.h>\nint main() {}\n"
        installed = best_sandbox.languages.installed["cpp"]
        command = (*fill(installed.spec.compile, installed.tools), "-H")
        mounts = store.mounts(installed, code)
        program = Program(command, files={"main.cpp": code}, mounts=mounts)
        limits = {"cpu_ms": 20_000, "wall_ms": 60_000, "memory_kb": 512 * 1024}
        ran = best_sandbox.program(program, **limits)
        assert ran.outcome == "OK", ran
        assert "! /opt/bits/stdc++.h.gch" in ran.err

    def test_one_that_does_not_match_is_left_alone(self, best_sandbox, store):
        code = b"#include <bits/stdc++.h>\nint main() { return __cplusplus > 202000; }\n"
        installed = best_sandbox.languages.installed["cpp"]
        command = fill(installed.spec.compile, installed.tools)
        older = [word.replace("gnu++20", "gnu++17") for word in command]
        mounts = store.mounts(installed, code)
        program = Program((*older, "-H"), files={"main.cpp": code}, mounts=mounts)
        limits = {"cpu_ms": 20_000, "wall_ms": 60_000, "memory_kb": 512 * 1024}
        ran = best_sandbox.program(program, **limits)
        assert ran.outcome == "OK", ran
        assert "x /opt/bits/stdc++.h.gch" in ran.err

    def test_a_source_that_does_not_use_it_sees_and_makes_nothing(
        self, best_sandbox, store, directory
    ):
        installed = self.made_by(best_sandbox, "echo x > made", used_by=b"this")
        before = kept(directory)
        assert store.mounts(installed, b"int main(void) {}") == {}
        assert kept(directory) == before
        assert list(store.mounts(installed, b"uses this")) == ["/opt/made"]

    def test_it_is_made_once_by_those_who_come_together(self, best_sandbox, store, directory):
        installed = self.made_by(best_sandbox, "sleep 0.3; cat /proc/sys/kernel/random/uuid > made")
        before, seen = kept(directory), []
        stores = iter([store, PrecompiledStore(best_sandbox.inner)])
        at_once(lambda: seen.append(next(stores).mounts(installed, b"")))
        assert seen[0] == seen[1]
        (name,) = kept(directory) - before
        assert kept(directory / name) == {"made"}

    def test_compilers_do_not_wait_for_optional_precompiled_files(self, best_sandbox, store):
        installed = self.made_by(best_sandbox, "sleep 1; echo x > made", used_by=b"this")
        seen = []
        stores = iter([store, PrecompiledStore(best_sandbox.inner)])
        at_once(lambda: seen.append(next(stores).mounts(installed, b"this")))
        assert sorted(map(len, seen)) == [0, 1]

    def test_a_failed_precompilation_does_not_stop_compiling(self, best_sandbox, store, directory):
        before = kept(directory)
        for script in ("echo half > made; exit 1", "head -c 9000000 /dev/full > made"):
            assert store.mounts(self.made_by(best_sandbox, script), b"") == {}
        assert kept(directory) == before
        compiled = best_sandbox.compiler.compile(
            self.made_by(best_sandbox, "exit 1"), b"int main(void) { return 0; }"
        )
        assert compiled.directory is not None

    def test_who_waits_for_it_can_be_cancelled(self, best_sandbox, store):
        installed = self.made_by(best_sandbox, "sleep 20")
        with pytest.raises(WaitCancelled):
            store.mounts(installed, b"", lambda: True)

    def test_its_files_are_for_reading_only(self, best_sandbox, store):
        installed = self.made_by(best_sandbox, "umask 0; echo x > made; chmod 777 made")
        (place,) = store.mounts(installed, b"").values()
        assert (place / "made").stat().st_mode & 0o777 == 0o444
        assert place.stat().st_mode & 0o777 == 0o755

    def test_what_was_unused_for_a_month_goes(self, best_sandbox, store):
        places = []
        for age_s in (UNUSED_S + 60, UNUSED_S - 60):
            (place,) = store.mounts(self.made_by(best_sandbox, "echo x > made"), b"").values()
            os.utime(place, (time.time() - age_s,) * 2)
            places.append(place)
        PrecompiledStore(best_sandbox.inner)
        assert [place.exists() for place in places] == [False, True]


class TestDetecting:
    def test_what_passed_is_not_tried_again(self, best_sandbox):
        first = detect_languages(best_sandbox.inner, best_sandbox.compiler, ["c", "python"])
        again = []
        with ExitStack() as held:
            for _ in range(len(best_sandbox.inner.slots)):
                held.enter_context(best_sandbox.inner.slots.take())
            other = threading.Thread(
                target=lambda: again.append(
                    detect_languages(best_sandbox.inner, best_sandbox.compiler, ["c", "python"])
                )
            )
            other.start()
            other.join(PATIENCE_S)
            assert again == [first]

    def test_only_what_is_asked_for_is_found(self, best_sandbox):
        found = detect_languages(best_sandbox.inner, best_sandbox.compiler, ["gcc", " PY "])
        assert list(found.installed) == ["python", "c"]
        assert found.missing["cpp"] == "The setting JUDGE_LANGUAGES does not contain this language."

    def test_a_name_that_is_no_language_s_is_refused(self, best_sandbox):
        with pytest.raises(SandboxUnavailable, match=r"unknown languages: cobol\. Use only these"):
            detect_languages(best_sandbox.inner, best_sandbox.compiler, ["c", "cobol"])
