"""The judge can be used without the product's services."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import judge

ROOT = Path(__file__).parents[3]
SERVICES = ("dramatiq", "redis", "boto3", "botocore", "aiobotocore")
IMPORT_ALL = """
import importlib, sys
for name in sys.stdin.read().split():
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_no_module_of_the_judge_imports_a_broker_or_a_database():
    names = [module.name for module in pkgutil.walk_packages(judge.__path__, "judge.")]
    assert {"judge.judge", "judge.comparison.floats", "judge.sandbox.native.build"} <= set(names)
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        input="\n".join(names),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert "judge" in loaded
    assert loaded.isdisjoint(SERVICES)
