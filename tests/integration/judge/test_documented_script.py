"""The script of docs/judge.md, run as it is written there."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SCRIPT = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_documented_script_judges_a_submission(best_sandbox, tmp_path):
    del best_sandbox  # it skips the test on hosts without a sandbox
    (script,) = SCRIPT.findall((ROOT / "docs/judge.md").read_text())
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("AC ['AC']\n", "")
