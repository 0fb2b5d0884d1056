"""Many runs leave nothing behind; `python -m benchmarks.soak --runs 10000` makes more of them."""

import subprocess
import sys

import pytest

from benchmarks.soak import KINDS
from judge.sandbox.cgroups import LimitBackend
from tests.support.paths import ROOT
from tests.support.services import skip_or_fail

pytestmark = [pytest.mark.thorough, pytest.mark.sandbox, pytest.mark.slow]


@pytest.mark.parametrize(
    "limits", [[], ["--limits", LimitBackend.RLIMITS]], ids=["best", "rlimits"]
)
def test_runs_with_every_kind_of_end_leave_nothing_behind(limits):
    command = [sys.executable, "-m", "benchmarks.soak", "--runs", "300", *limits]
    ran = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=250
    )
    if "SandboxUnavailable" in ran.stderr:
        skip_or_fail(ran.stderr)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("nothing is left\n")
    assert all(f"  {kind}" in ran.stdout for kind in KINDS)
