"""Generators of packages run in the sandbox. Hostile generators reach nothing of this machine."""

import hashlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graphql_api.cli.problem_packages.files import PackageError
from graphql_api.cli.problem_packages.generators import LIMITS, GeneratorSandbox
from graphql_api.cli.problem_packages.model import Generated
from graphql_api.cli.problem_packages.reader import find_packages, read_package
from graphql_api.cli.problem_packages.testdata import read_test
from graphql_api.data.limits import MB
from judge.sandbox import sandbox
from judge.sandbox.errors import SandboxUnavailable
from tests.support.paths import ROOT
from tests.support.services import skip_or_fail

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
EXAMPLES = ROOT / "examples" / "problems"
SHA = hashlib.sha256(b"x\n").hexdigest()
# Short limits for generators that never end.
SHORT = replace(
    LIMITS, cpu_ms=1000, wall_ms=2000, hard_wall_ms=20_000, memory_kb=128 * 1024, processes=16
)


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeneratorSandbox]:
    with GeneratorSandbox(tmp_path_factory.mktemp("work"), 1, SHORT) as opened:
        try:
            sandbox.open_sandbox(tmp_path_factory.mktemp("probe")).close()
        except SandboxUnavailable as error:
            skip_or_fail(str(error))
        yield opened


def generated(folder: Path, script: str, *arguments: str) -> Generated:
    path = folder / "make.py"
    path.write_text(script)
    return Generated(script=path, arguments=arguments, sha256=SHA)


def refuse(generators: GeneratorSandbox, entry: Generated, limit: int = MB) -> str:
    with pytest.raises(PackageError, match=r"make\.py") as caught:
        generators.generate(entry, limit)
    return caught.value.message


def test_a_generated_input_is_the_output_of_the_script(
    generators: GeneratorSandbox, tmp_path: Path
) -> None:
    entry = generated(tmp_path, "import sys; print(sys.argv[1])", "x")
    assert generators.generate(entry) == b"x\n"
    assert generators.generate(entry) == b"x\n"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("print('y')", "which differs from the SHA-256 in generated.yaml"),
        ("raise SystemExit('no seed')", "The generator failed: no seed"),
        ("import os; os.abort()", "The generator failed: SIGABRT"),
        ("import os; print(os.environ['SECRET_KEYS'])", "KeyError: 'SECRET_KEYS'"),
        ("while True: print('x' * 1000)", "wrote more than 1 MB"),
        ("while True: pass", "ran for more than 2 s"),
        ("import time; time.sleep(1000)", "ran for more than 2 s"),
        ("a = bytearray(1 << 30); print(len(a))", "memory"),
        ("import os\nwhile True: os.fork()", ""),
        ("print(open('/etc/passwd').read())", "No such file or directory: '/etc/passwd'"),
    ],
)
def test_a_failing_or_hostile_generator_is_an_error_with_its_reason(
    generators: GeneratorSandbox, tmp_path: Path, script: str, why: str
) -> None:
    assert why in refuse(generators, generated(tmp_path, script)).replace("MemoryError", "memory")


def test_a_generator_reads_no_file_of_the_importer(
    generators: GeneratorSandbox, tmp_path: Path
) -> None:
    script = "import sys; print(open(sys.argv[1]).read())"
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    for path in (secret, Path.home(), ROOT / "README.md", tmp_path / "make.py"):
        reason = refuse(generators, generated(tmp_path, script, str(path)))
        assert "The generator failed: FileNotFoundError" in reason


def test_a_generator_reaches_no_server_of_this_machine(
    generators: GeneratorSandbox, tmp_path: Path
) -> None:
    script = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert "Error" in refuse(generators, generated(tmp_path, script, str(port)))
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_generator_leaves_nothing_for_the_next_one(
    generators: GeneratorSandbox, tmp_path: Path
) -> None:
    script = "open('/tmp/left', 'x'); open('/box/left', 'x'); print('x')"
    for _ in range(3):
        assert generators.generate(generated(tmp_path, script)) == b"x\n"


def test_without_a_sandbox_the_error_gives_the_reason_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none() -> Path:
        raise SandboxUnavailable("bubblewrap is not installed. Install it.")

    monkeypatch.setattr(sandbox, "find_bwrap", find_none)
    proof = tmp_path / "proof"
    entry = generated(tmp_path, f"open({str(proof)!r}, 'x'); print('x')")
    with GeneratorSandbox(tmp_path / "work") as closed:
        reason = refuse(closed, entry)
    assert "cannot run generators in a sandbox. bubblewrap is not installed. Install it." in reason
    assert not proof.exists()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GeneratorSandbox]:
    """A sandbox with the limits of `algoitny problems import`."""
    with GeneratorSandbox(tmp_path_factory.mktemp("patient")) as opened:
        yield opened


def test_the_big_input_is_generated_the_same_every_time(patient: GeneratorSandbox) -> None:
    """`generated.yaml` has the SHA-256 of each input, which `generate` compares."""
    package = read_package(EXAMPLES / "002-lighthouse-log")
    (test,) = (test for test in package.tests if test.name == "secret/10-ten-megabytes")

    content, _ = read_test(test, patient)

    assert 10_000_000 < len(content) < 11_000_000
    assert content == read_test(test, patient)[0]


@pytest.mark.parametrize("path", find_packages(EXAMPLES), ids=lambda path: path.name)
def test_every_input_obeys_its_own_rules(path: Path, patient: GeneratorSandbox) -> None:
    code = (path / "input_validators/validate.py").read_text().replace("{{most}}", "400")

    for test in read_package(path).tests:
        content, _ = read_test(test, patient)
        done = subprocess.run([sys.executable, "-I", "-c", code], input=content, check=False)
        assert done.returncode == 42, test.name


def test_disabled_generators_are_an_error() -> None:
    tests = read_package(EXAMPLES / "002-lighthouse-log").tests
    (first, *_) = [test for test in tests if test.generated]
    with pytest.raises(PackageError, match="generators are disabled"):
        read_test(first)
