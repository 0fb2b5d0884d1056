"""Reports of ordinary runs."""

import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.slots import WaitCancelled
from judge.toolchains.compiler import CompileCancelled, Compiled

pytestmark = pytest.mark.sandbox

GREETINGS = {
    "python": "print('안녕, ' + input())",
    "c": "#include <stdio.h>\n"
    'int main(void) { char n[9]; scanf("%8s", n); printf("안녕, %s\\n", n); }',
    "cpp": "#include <iostream>\nint main() { std::string n; std::cin >> n;"
    ' std::cout << "안녕, " << n << "\\n"; }',
    "javascript": "const n = require('fs').readFileSync(0, 'utf8').trim();"
    "console.log('안녕, ' + n);",
    "java": "public class Main { public static void main(String[] a) throws Exception {"
    " byte[] n = System.in.readAllBytes();"
    ' System.out.println("안녕, " + new String(n).trim()); } }',
}


def test_a_program_whose_loader_is_missing_fails_itself(sandbox):
    loader = '__attribute__((section(".interp"))) = "/missing";'
    ran = sandbox.c(f"const char loader[] {loader}\nint main(void) {{ return 0; }}")
    assert (ran.outcome, ran.report.exit_code) == (Outcome.NONZERO_EXIT, 127)
    assert "No such file" in ran.report.message


@pytest.mark.slow
@pytest.mark.parametrize("language", GREETINGS)
def test_every_language_of_the_host_reads_and_writes(sandbox, language):
    if language not in sandbox.languages.installed:
        pytest.skip(sandbox.languages.missing[language])
    ran = sandbox.run(language, GREETINGS[language], b"Ada\n", memory_kb=512 * 1024)
    assert (ran.outcome, ran.out) == (Outcome.OK, "안녕, Ada\n")
    assert ran.report.cpu_ms >= 0
    assert ran.report.peak_kb > 100


@pytest.mark.parametrize(
    ("body", "stdin", "is_unread"),
    [
        ("return 0;", b"1 2\n", True),
        ("return 0;", b"", False),
        ("return getchar() == '1' ? 0 : 1;", b"1 2\n", False),
        ("char c; return read(0, &c, 1) - 1;", b"1 2\n", False),
    ],
)
def test_a_report_says_whether_the_program_read_its_input(sandbox, body, stdin, is_unread):
    includes = "#include <stdio.h>\n#include <unistd.h>\n"
    ran = sandbox.c(f"{includes}int main(void) {{ {body} }}", stdin)
    assert (ran.outcome, ran.report.is_input_unread) == (Outcome.OK, is_unread)


@pytest.mark.parametrize(
    ("body", "outcome", "exit_code", "signal"),
    [
        ("return 0;", Outcome.OK, 0, None),
        ("return 3;", Outcome.NONZERO_EXIT, 3, None),
        ("abort();", Outcome.SIGNALLED, None, "SIGABRT"),
        ("raise(SIGFPE);", Outcome.SIGNALLED, None, "SIGFPE"),
        ("kill(getpid(), SIGKILL);", Outcome.SIGNALLED, None, "SIGKILL"),
        ("raise(40);", Outcome.SIGNALLED, None, "SIG40"),
    ],
)
def test_the_end_is_reported_as_it_was(sandbox, body, outcome, exit_code, signal):
    ran = sandbox.c(
        "#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        f"int main(void) {{ {body} }}"
    )
    report = ran.report
    assert (report.outcome, report.exit_code, report.signal) == (outcome, exit_code, signal)


def test_the_report_names_what_held_the_limits(sandbox):
    assert sandbox.command("/bin/true").report.limit_backend is sandbox.inner.limit_backend
    assert sandbox.inner.limit_backend in LimitBackend


def test_a_large_input_arrives_whole(sandbox, tmp_path):
    given = tmp_path / "large"
    given.write_bytes(b"0123456789abcdef" * (10 << 16))
    ran = sandbox.python(
        "import sys; print(len(sys.stdin.buffer.read()))", given, memory_kb=256 << 10
    )
    assert ran.out == f"{10 << 20}\n"


def test_deep_recursion_has_stack(sandbox):
    ran = sandbox.c(
        """
#include <stdio.h>
int deep(int n) {
    volatile char frame[1024];
    frame[0] = n;
    return n ? deep(n - 1) + frame[0] * 0 : 7;
}
int main(void) { printf("%d", deep(40000)); }
""",
        memory_kb=256 * 1024,
    )
    assert ran.out == "7"


def test_a_program_that_is_not_there_is_no_fault_of_a_submission(sandbox):
    ran = sandbox.command("/no/such/program")
    assert (ran.outcome, ran.report.message) == (
        Outcome.INTERNAL,
        "The program cannot be started: No such file or directory.",
    )


def test_a_file_that_is_no_program_is(sandbox):
    script = "printf nonsense > main; chmod 755 main"
    made = sandbox.program(Program(("/bin/sh", "-c", script), collect_kb=64)).report.collected
    assert made == {"main": b"nonsense"}
    directory = sandbox.inner.shared / "nonsense"
    directory.mkdir(exist_ok=True)
    (directory / "main").write_bytes(b"nonsense")
    (directory / "main").chmod(0o555)
    assert sandbox.program(Program(("./main",), directory)).outcome is Outcome.NONZERO_EXIT


def test_a_mount_is_seen_read_only(sandbox):
    made = sandbox.inner.shared / "mounted"
    made.mkdir(mode=0o755, exist_ok=True)
    (made / "text").write_text("from the host")
    script = "read -r line < /opt/made/text; echo $line; : > /opt/made/new"
    ran = sandbox.program(Program(("/bin/sh", "-c", script), mounts={"/opt/made": made}))
    assert ran.out == "from the host\n"
    assert "Read-only file system" in ran.err
    assert [one.name for one in made.iterdir()] == ["text"]


def test_an_input_that_is_not_there_is_an_internal_error(sandbox, tmp_path):
    ran = sandbox.command("/bin/cat", stdin=tmp_path / "missing")
    assert ran.outcome is Outcome.INTERNAL
    assert "missing" in ran.report.message
    assert sandbox.command("/bin/true").outcome is Outcome.OK


@pytest.mark.slow
def test_a_cancelled_run_is_ended_soon(sandbox):
    asked = time.monotonic()
    limits = RunLimits(cpu_ms=5000, wall_ms=20_000, memory_kb=64 * 1024)
    with sandbox.inner.run(
        Program(("/bin/sleep", "20")), b"", limits, lambda: time.monotonic() > asked + 0.3
    ) as report:
        assert report.outcome is Outcome.CANCELLED
        assert report.wall_ms < 20_000


@pytest.mark.slow
def test_no_more_run_at_once_than_there_are_slots(best_sandbox):
    spans: list[tuple[float, float]] = []

    def run():
        code = "import time; a = time.monotonic(); time.sleep(0.2); print(a, time.monotonic())"
        began, ended = map(float, best_sandbox.script(code).out.split())
        spans.append((began, ended))

    runs = [threading.Thread(target=run) for _ in range(5)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    for began, _ in spans:
        assert sum(start <= began < end for start, end in spans) <= len(best_sandbox.inner.slots)


@pytest.mark.slow
def test_a_cancelled_wait_for_a_slot_ends(best_sandbox):
    slots = best_sandbox.inner.slots
    limits = RunLimits(cpu_ms=100, wall_ms=100, memory_kb=1024)
    with ExitStack() as held:
        for _ in range(len(slots)):
            held.enter_context(slots.take())
        with pytest.raises(WaitCancelled):
            best_sandbox.inner.run(Program(("/bin/true",)), b"", limits, lambda: True)


TEMPLATES = """
template <int N> struct F { static constexpr int v = F<N - 1>::v + F<N - 2>::v; };
int main() { return F<2000000>::v; }
"""
CONSTEXPR = """
constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) s += i; return s; }
static_assert(f(100000000000) == 1);
int main() {}
"""


class TestCompiling:
    def compile(self, sandbox, language, code, cancelled=None) -> Compiled:
        compiled: Compiled = sandbox.compiler.compile(
            sandbox.languages.installed[language], code.encode(), cancelled
        )
        return compiled

    @pytest.mark.parametrize(
        ("language", "code", "said"),
        [
            ("c", "int main(void) { return x; }", "main.c:1:25: error"),
            ("cpp", "int main() { return 0 }", "main.cpp:1:22: error"),
            ("python", "print('a'\n", "SyntaxError: '(' was never closed"),
            ("python", "\0", "null bytes"),
            ("javascript", "let let = 1;", "SyntaxError"),
            ("java", "class Main { int x = y; }", "Main.java:1: error"),
        ],
    )
    def test_an_error_is_said_in_the_source_s_own_terms(self, sandbox, language, code, said):
        if language not in sandbox.languages.installed:
            pytest.skip(sandbox.languages.missing[language])
        compiled = self.compile(sandbox, language, code)
        assert compiled.directory is None
        assert said in compiled.output
        for hidden in ("/box", "/work", str(sandbox.inner.root), "node:internal", "<string>"):
            assert hidden not in compiled.output

    def test_the_same_source_is_compiled_once(self, sandbox):
        code = f"int main(void) {{}} // {time.time_ns()}"
        first, second = self.compile(sandbox, "c", code), self.compile(sandbox, "c", code)
        assert (first.from_cache, second.from_cache) == (False, True)
        assert first.directory == second.directory

    def test_another_compiler_version_compiles_again(self, best_sandbox):
        code = "int main(void) { return 11; }"
        self.compile(best_sandbox, "c", code)
        installed = best_sandbox.languages.installed["c"]
        newer = replace(installed, toolchain=replace(installed.toolchain, version="99"))
        assert not best_sandbox.compiler.compile(newer, code.encode()).from_cache

    def test_warnings_are_kept_with_the_program(self, sandbox):
        code = "int main(void) { return gets; }"
        self.compile(sandbox, "c", f"#include <stdio.h>\n{code}".replace("gets", "(int)(long)main"))
        noisy = "int f(); int main(void) { return 1/0; }"
        outputs = [self.compile(sandbox, "c", noisy).output for _ in range(2)]
        assert "division by zero" in outputs[0]
        assert outputs[0] == outputs[1]

    @pytest.mark.slow
    @pytest.mark.thorough
    @pytest.mark.parametrize(
        ("language", "code"),
        [
            ("c", '#include "/dev/zero"\nint main(void) {}'),
            ("c", '#include "/dev/random"\nint main(void) {}'),
            ("c", "char a[1u << 30] = {1}; int main(void) {}"),
            ("c", '#include "main.c"\nint main(void) {}'),
            ("cpp", TEMPLATES),
            ("cpp", CONSTEXPR),
        ],
        ids=["zeros", "noise", "gigabyte", "itself", "templates", "constexpr"],
    )
    def test_a_compile_bomb_is_a_compile_error(self, best_sandbox, language, code):
        compiled = self.compile(best_sandbox, language, code)
        assert compiled.directory is None
        assert len(compiled.output.encode()) <= 64 * 1024

    @pytest.mark.parametrize(
        "code",
        [
            '#include "/etc/shadow"\nint main(void) {}',
            '__asm__(".incbin \\"/etc/shadow\\""); int main(void) {}',
            '__asm__(".incbin \\"/proc/1/environ\\""); int main(void) {}',
            '#include "/root/.bashrc"\nint main(void) {}',
        ],
    )
    def test_a_compiler_reads_no_secret_either(self, sandbox, code):
        compiled = self.compile(sandbox, "c", code)
        assert compiled.directory is None
        assert "root:" not in compiled.output

    @pytest.mark.slow
    def test_a_cancelled_compilation_ends(self, best_sandbox):
        began = time.monotonic()
        with pytest.raises(CompileCancelled):
            self.compile(
                best_sandbox,
                "cpp",
                f"{CONSTEXPR} // {time.time_ns()}",
                lambda: time.monotonic() > began + 0.2,
            )

    def test_the_longest_unused_programs_go_first(self, best_sandbox):
        codes = [f"int main(void) {{ return {n + 50}; }}" for n in range(3)]
        for code in codes:
            self.compile(best_sandbox, "c", code)
            time.sleep(0.02)  # longer than a tick of the file system's clock
        self.compile(best_sandbox, "c", codes[0])
        best_sandbox.compiler.prune(keep=2, untouched_s=0)
        cached = [self.compile(best_sandbox, "c", code).from_cache for code in codes]
        assert cached == [True, False, True]
