import io
import struct
from dataclasses import dataclass

import pytest

from judge.sandbox.cgroups import GroupUsage, LimitBackend
from judge.sandbox.outcome import Run, build_report, unpack
from judge.sandbox.pump import Captured
from judge.sandbox.report import Facts, Outcome, Report, RunLimits, signal_name

LIMITS = RunLimits(cpu_ms=1000, wall_ms=3000, memory_kb=65_536, output_kb=1)
KILLED, SEGFAULT, EXIT_3 = 9, 11, 3 << 8
USED = {"rss_kb": 1000, "watched_kb": 0, "base_kb": 500, "start_errno": 0}


def line(reason="none", ended=1, status=0, *, cpu_us=5000, wall_us=9000, **more) -> bytes:
    used = " ".join(f"{name}={value}" for name, value in (USED | more).items())
    times = f"cpu_us={cpu_us} wall_us={wall_us} waited_us=0"
    return f"report reason={reason} ended={ended} status={status} {times} {used}".encode()


@dataclass
class Ended:
    """A pump whose run has ended."""

    facts: bytes
    was_cancelled: bool = False
    was_killed: bool = False


def concluded(facts, usage=None, out=0, err=b"", product=None, **ended) -> Report:
    stdout = Captured(1024, 1024, io.BytesIO(), out)
    stderr = Captured(1024, 1024, io.BytesIO(err), len(err))
    run = Run(LIMITS, LimitBackend.CGROUP1, Ended(facts, **ended), stdout, stderr, product)  # type: ignore[arg-type]
    return build_report(run, usage or GroupUsage())


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (line(), Outcome.OK),
        (line(status=EXIT_3), Outcome.NONZERO_EXIT),
        (line(status=SEGFAULT), Outcome.SIGNALLED),
        (line(status=24), Outcome.SIGNALLED),
        (line("cpu", 0, cpu_us=1_000_001), Outcome.CPU_LIMIT),
        (line(cpu_us=1_000_001), Outcome.CPU_LIMIT),
        (line(cpu_us=1_000_000), Outcome.OK),
        (line("wall", 0), Outcome.WALL_LIMIT),
        (line("memory", 0), Outcome.MEMORY),
        (line(rss_kb=65_537), Outcome.MEMORY),
        (line("stop", 0), Outcome.INTERNAL),
        (line("start", status=127 << 8, start_errno=2), Outcome.INTERNAL),
        (line("start", status=127 << 8, start_errno=8), Outcome.NONZERO_EXIT),
        (line("start", status=127 << 8, start_errno=12), Outcome.MEMORY),
    ],
)
def test_the_runner_s_report_decides(facts, outcome):
    assert concluded(facts).outcome is outcome


@pytest.mark.parametrize(
    "facts",
    [
        b"",
        b"error what=fork errno=11",
        line() + b"\n",
        b" " + line(),
        line() + line(),
        line(status=-1),
        line().replace(b"none", b"fine"),
        line()[:-1].replace(b"start_errno=", b""),
    ],
)
def test_anything_but_one_exact_report_is_an_internal_error(facts):
    assert concluded(facts).outcome is Outcome.INTERNAL


@pytest.mark.parametrize("facts", [b"", line(), line(status=EXIT_3), line(status=KILLED)])
def test_what_was_collected_is_closed_whatever_the_end(facts):
    collected = Captured(1024, 1024, io.BytesIO(bytes(4)), 4)
    out, err = (Captured(1024, 1024, io.BytesIO()) for _ in range(2))
    run = Run(LIMITS, LimitBackend.CGROUP1, Ended(facts), out, err, None, collected)  # type: ignore[arg-type]
    build_report(run, GroupUsage())
    assert collected.file.closed


def test_a_product_that_does_not_start_is_at_fault_itself_while_it_is_there(tmp_path):
    facts = line("start", status=127 << 8, start_errno=2)
    assert concluded(facts, product=tmp_path).outcome is Outcome.NONZERO_EXIT
    assert concluded(facts, product=tmp_path / "gone").outcome is Outcome.INTERNAL


def test_what_bwrap_said_explains_a_missing_report():
    report = concluded(b"", err=b"bwrap: Creating new namespace failed")
    assert "Creating new namespace failed" in report.message


class TestMemory:
    def test_an_oom_kill_is_memory_whatever_the_end(self):
        killed = GroupUsage(73_000, 73_728, 0, 1)
        for facts in (line(status=KILLED), line(), line(status=EXIT_3), b""):
            assert concluded(facts, killed).outcome is Outcome.MEMORY

    def test_a_kill_while_the_group_was_not_full_says_nothing_about_the_program(self):
        others = GroupUsage(50_000, 73_728, 0, 1)
        for facts in (line(status=KILLED), line(status=EXIT_3), b""):
            report = concluded(facts, others)
            assert (report.outcome, "this host" in report.message) == (Outcome.INTERNAL, True)
        assert concluded(line(), others).outcome is Outcome.OK

    def test_files_that_a_program_maps_are_not_its_memory_where_a_group_counts(self):
        report = concluded(line(rss_kb=70_000), GroupUsage(30_000, 73_728, 0, 0))
        assert (report.outcome, report.peak_kb) == (Outcome.OK, LIMITS.memory_kb)

    def test_the_group_s_peak_counts_without_cache_and_our_own_share(self):
        report = concluded(line(), GroupUsage(60_000, 73_728, 20_000, 0))
        assert (report.outcome, report.peak_kb) == (Outcome.OK, 60_000 - 20_000 - 500)

    def test_a_peak_beyond_the_limit_is_memory_though_the_program_ended_well(self):
        assert concluded(line(), GroupUsage(67_000, 73_728, 0, 0)).outcome is Outcome.MEMORY

    def test_cache_alone_is_not(self):
        assert concluded(line(), GroupUsage(73_000, 73_728, 60_000, 0)).outcome is Outcome.OK

    def test_who_kills_itself_in_a_group_full_of_cache_is_not_out_of_memory(self):
        full = GroupUsage(73_728, 73_728, 60_000, 0)
        assert concluded(line(status=KILLED), full).outcome is Outcome.SIGNALLED

    def test_who_read_its_own_files_again_until_the_time_was_over_is_out_of_memory(self):
        crowded = GroupUsage(73_728, 73_728, 20_000, 0, 48_000)
        for facts in (line("cpu", 0, cpu_us=1_000_001), line("wall", 0)):
            assert concluded(facts, crowded).outcome is Outcome.MEMORY
        assert concluded(line(), crowded).outcome is Outcome.OK

    def test_files_read_again_for_want_of_others_memory_leave_a_late_program_late(self):
        late = line("cpu", 0, cpu_us=1_000_001)
        for peak_kb, refaults in ((60_000, 48_000), (73_728, 4)):
            usage = GroupUsage(peak_kb, 73_728, 20_000, 0, refaults)
            assert concluded(late, usage).outcome is Outcome.CPU_LIMIT


class TestOutput:
    def test_too_much_is_output_even_after_a_good_end(self):
        assert concluded(line(), out=1025).outcome is Outcome.OUTPUT
        assert concluded(line(), out=1024).outcome is Outcome.OK

    def test_also_when_the_runner_was_stopped(self):
        assert concluded(line("stop", 0), out=1025).outcome is Outcome.OUTPUT


def test_a_cancelled_run_is_cancelled_unless_it_had_ended():
    assert concluded(line("stop", 0), was_cancelled=True).outcome is Outcome.CANCELLED
    assert concluded(b"", was_cancelled=True).outcome is Outcome.CANCELLED
    assert concluded(line(status=EXIT_3), was_cancelled=True).outcome is Outcome.NONZERO_EXIT


def test_exit_codes_and_signals_exclude_each_other():
    left, died = concluded(line(status=139 << 8)), concluded(line(status=SEGFAULT))
    stopped = concluded(line("cpu", 0, status=0))
    assert (left.exit_code, left.signal) == (139, None)
    assert (died.exit_code, died.signal) == (None, "SIGSEGV")
    assert (stopped.exit_code, stopped.signal) == (None, None)


@pytest.mark.parametrize(("number", "name"), [(0, None), (9, "SIGKILL"), (40, "SIG40")])
def test_signals_are_named(number, name):
    assert signal_name(number) == name


def test_times_are_cut_to_milliseconds():
    facts = Facts.parse(line(cpu_us=1999, wall_us=2999))
    assert facts is not None
    report = concluded(line(cpu_us=1999, wall_us=2999))
    assert (report.cpu_ms, report.wall_ms) == (1, 2)


def packed(*files: tuple[bytes, bytes], end: bytes = bytes(4)) -> bytes:
    parts = [
        struct.pack("=I", len(name)) + name + struct.pack("=Q", len(data)) + data
        for name, data in files
    ]
    return b"".join(parts) + end


class TestUnpacking:
    def test_files_arrive_by_name(self):
        files = ((b"main", b"\x7fELF"), (b"A$B.class", b""), ("이름".encode(), b"x" * 1000))
        assert unpack(packed(*files)) == {name.decode(): data for name, data in files}
        assert unpack(packed()) == {}

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\0\0",
            packed((b"main", b"data"), end=b""),
            packed((b"main", b"data"))[:-6],
            packed((b"main", b"data"), end=bytes(5)),
            packed((b"../main", b"data")),
            packed((b".hidden", b"data")),
            packed((b"..", b"data")),
            struct.pack("=I", 0xFFFFFFFF) + b"x",
        ],
    )
    def test_what_is_not_whole_or_not_plain_is_refused(self, data):
        assert unpack(data) is None
