import io

import pytest

from judge.sandbox import selftest
from judge.sandbox.cgroups import LimitBackend
from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.report import Outcome, Report

GOOD = "\n".join([*sorted(selftest.EXPECTED), "writable: /box", ""])


def report(out="", outcome=Outcome.OK, message="", err=b"") -> Report:
    return Report(outcome, io.BytesIO(out.encode()), err, LimitBackend.RLIMITS, message=message)


def test_a_tight_sandbox_passes():
    selftest.check_report(report(GOOD))


@pytest.mark.parametrize("line", sorted(selftest.EXPECTED))
def test_each_missing_property_is_named(line):
    with pytest.raises(SandboxUnavailable, match=f"not {line}"):
        selftest.check_report(report(GOOD.replace(line, "")))


@pytest.mark.parametrize("line", ["writable: /usr", "visible: /root", "readable: /proc/1/environ"])
def test_each_leak_is_named(line):
    with pytest.raises(SandboxUnavailable, match=line):
        selftest.check_report(report(f"{GOOD}{line}\n"))


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (b"bwrap: No permissions to create new namespace", "user.max_user_namespaces"),
        (b"bwrap: setting up uid map: Permission denied", "user.max_user_namespaces"),
        (b"bwrap: Unknown option --size", "bubblewrap 0.8"),
        (b"bwrap: Can't find source path /x: Permission denied", "WORK_DIR"),
        (b"", "apt-get install -y bubblewrap gcc libc6-dev g"),
    ],
)
def test_a_sandbox_that_does_not_start_says_what_helps(said, remedy):
    with pytest.raises(SandboxUnavailable, match=remedy):
        selftest.check_report(report(outcome=Outcome.INTERNAL, message="no report", err=said))
