"""A run's CPU time and memory match the program's own measurement, with every limit back end.

The margins are 150 ms of CPU time, or four times that of a program without work (its start, and
clock ticks without a control group), and 6 MB of memory (page tables and memory of the kernel
belong to the group, not to the program).
"""

import os

import pytest

from graphql_api.data.enums import Verdict
from judge.sandbox.report import Outcome, Program
from judge.verdicts import decide_verdict
from tests.support.sandbox.sandboxes import LIMITS, LanguageSandboxFixture
from tests.support.tiers import by_tier

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
CPU_MARGIN_MS = 150
MEMORY_MARGIN_KB = 6 * 1024

USES = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long us(int who) {
    struct rusage u;
    getrusage(who, &u);
    long seconds = u.ru_utime.tv_sec + u.ru_stime.tv_sec;
    return seconds * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}
int main(void) {
    long spin_us, children, megabytes;
    if (scanf("%ld %ld %ld", &spin_us, &children, &megabytes) != 3) return 9;
    char *kept = malloc(megabytes << 20), line[99];
    memset(kept, 1, megabytes << 20);
    for (long i = 0; i < children; i++)
        if (fork() == 0) { while (us(RUSAGE_SELF) < spin_us); _exit(0); }
    while (wait(0) > 0);
    long end = us(RUSAGE_SELF) + spin_us;
    while (us(RUSAGE_SELF) < end);
    FILE *status = fopen("/proc/self/status", "r");
    long peak = 0;
    while (fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %ld", &peak);
    printf("%ld %ld %d\n", (us(RUSAGE_SELF) + us(RUSAGE_CHILDREN)) / 1000, peak, kept[7]);
}
"""


@pytest.mark.parametrize(
    ("spin_ms", "children", "megabytes"),
    [(0, 0, 0), (200, 0, 1), (0, 0, 60), (150, 2, 20)],
    ids=["nothing", "time", "memory", "children"],
)
def test_figures_agree_with_the_program_s_own(sandbox, spin_ms, children, megabytes):
    given = f"{spin_ms * 1000} {children} {megabytes}".encode()
    ran = sandbox.run("c", USES, given)
    assert ran.outcome is Outcome.OK, ran
    cpu_ms, peak_kb, _ = map(int, ran.out.split())
    start_ms = sandbox.run("c", USES, b"0 0 0").report.cpu_ms
    assert abs(ran.report.cpu_ms - cpu_ms) <= max(CPU_MARGIN_MS, 4 * start_ms)
    # Without groups, memory that processes share counts for each of them, up to the limit.
    most_kb = peak_kb if sandbox.has_groups else peak_kb * (1 + children)
    assert peak_kb - MEMORY_MARGIN_KB <= ran.report.peak_kb <= most_kb + MEMORY_MARGIN_KB


def test_memory_of_children_is_added_up_where_groups_count_it(best_sandbox):
    if not best_sandbox.has_groups:
        pytest.skip("no control groups here")
    code = """
import os
reads, says = os.pipe()
waits, held = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        kept = b"x" * (20 << 20)
        os.close(held)
        os.write(says, b"x")
        os.read(waits, 1)
        os._exit(0)
for _ in range(3):
    os.read(reads, 1)
os.close(held)
for _ in range(3):
    os.wait()
"""
    # Cached files of earlier runs must not be dropped during this run.
    ran = best_sandbox.script(code, memory_kb=512 << 10)
    assert 60 << 10 < ran.report.peak_kb < 100 << 10


def test_an_input_that_is_mapped_is_no_memory_of_its_reader_where_groups_count(
    best_sandbox, tmp_path
):
    (tmp_path / "in").write_bytes(bytes(40 << 20))
    code = "import mmap\nseen = mmap.mmap(0, 0, access=mmap.ACCESS_READ)\n"
    code += "for at in range(0, len(seen), 4096): seen[at]\nheap = b'x' * (30 << 20)"
    ran = best_sandbox.script(code, tmp_path / "in", memory_kb=64 << 10)
    if best_sandbox.has_groups:
        assert ran.outcome is Outcome.OK
        assert 30 << 10 < ran.report.peak_kb <= 64 << 10


VFORKS = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    char *kept = malloc(40 << 20);
    memset(kept, 1, 40 << 20);
    if (vfork() == 0) {
        usleep(300000);
        _exit(0);
    }
    return kept[12345] - 1;
}
"""


def test_memory_that_two_processes_live_in_counts_once(sandbox):
    ran = sandbox.c(VFORKS, memory_kb=64 << 10)
    assert ran.outcome is Outcome.OK, ran
    assert 40 << 10 < ran.report.peak_kb < 50 << 10


TOO_MUCH = {
    "python": "x = []\nwhile True: x.append(bytes(1 << 20) + b'x')",
    "c": "#include <stdlib.h>\n#include <string.h>\n"
    "int main(void) { for (;;) { char *p = malloc(1 << 20); if (!p) return 1;"
    " memset(p, 1, 1 << 20); } }",
    "cpp": "#include <vector>\nint main() { std::vector<std::vector<char>> v;"
    " for (;;) v.emplace_back(1 << 20, 'x'); }",
    "javascript": "const x = []; for (;;) x.push(new Array(1 << 16).fill(x.length));",
    "java": "import java.util.*; public class Main { public static void main(String[] a) {"
    " List<byte[]> x = new ArrayList<>(); while (true) x.add(new byte[1 << 20]); } }",
}
# Additional memory of the runtimes (`Grace` in the judge).
GRACE_KB = {"javascript": 128 << 10, "java": 512 << 10}


def verdict(sandbox: LanguageSandboxFixture, language: str, code: str, memory_kb: int) -> Verdict:
    """Return the verdict of the judge for a program."""
    spec = sandbox.languages.installed[language].spec
    ran = sandbox.run(language, code, memory_kb=memory_kb, cpu_ms=10_000, wall_ms=40_000)
    return decide_verdict(ran.report, LIMITS, spec.memory_errors)


@pytest.mark.parametrize("language", by_tier(TOO_MUCH, ["c", "python", "java"]))
def test_too_much_memory_is_called_so_in_every_language(sandbox, language):
    sandbox.need(language)
    memory_kb = (64 << 10) + GRACE_KB.get(language, 0)
    assert verdict(sandbox, language, TOO_MUCH[language], memory_kb) is Verdict.MLE


CRASHES = {
    "python": "raise ValueError('MemoryErr')",
    "c": "int main(void) { return 1; }",
    "cpp": '#include <stdexcept>\nint main() { throw std::runtime_error("bad"); }',
    "javascript": "throw new Error('heap')",
    "java": "public class Main { public static void main(String[] a) { int[] x = new int[-1]; } }",
}


@pytest.mark.parametrize("language", CRASHES)
def test_another_failure_is_not(sandbox, language):
    sandbox.need(language)
    memory_kb = (64 << 10) + GRACE_KB.get(language, 0)
    assert verdict(sandbox, language, CRASHES[language], memory_kb) is Verdict.RE


# Reads 40 MB of a file again and again while it holds 55 MB of memory.
CROWDED = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
int main(void)
{
    const long own = 55 << 20, shown = 40 << 20;
    char *kept = malloc(own);
    memset(kept, 1, own);
    int from = open("/opt/files/one", O_RDONLY);
    volatile char *file = mmap(0, shown, PROT_READ, MAP_SHARED, from, 0);
    for (volatile long sum = 0;;)
        for (long at = 0; at < shown; at += 4096) sum += file[at] + kept[at];
}
"""


def test_who_has_no_room_left_for_the_files_it_reads_is_out_of_memory(best_sandbox):
    if not best_sandbox.has_groups:
        pytest.skip("no control groups here")
    files = best_sandbox.inner.shared / "files"
    files.mkdir(exist_ok=True)
    with (files / "one").open("wb") as file:
        file.write(bytes(40 << 20))
        file.flush()
        # No other process has these pages in memory, so they are charged to the program's group.
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    program = Program(("./main",), best_sandbox.built("c", CROWDED), mounts={"/opt/files": files})
    ran = best_sandbox.program(program, memory_kb=64 << 10, cpu_ms=4000, wall_ms=40_000)
    assert ran.outcome is Outcome.MEMORY, ran
