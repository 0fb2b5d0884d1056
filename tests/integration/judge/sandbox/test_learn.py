"""Attacks that try to read from the host, other users and other runs."""

import contextlib
import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from judge.sandbox import rootfs
from judge.sandbox.report import Outcome, Program, RunLimits
from judge.sandbox.sandbox import Sandbox
from tests.support.sandbox.attacks import Attacks, LayeredAttacks
from tests.support.sandbox.host import (
    METADATA,
    enter_network_with_metadata,
    in_thread,
    remove_segments,
)
from tests.support.sandbox.sandboxes import SandboxFixture, descendants
from tests.support.sandbox.sources import CONNECT, ENVIRONMENT, LANGUAGES, READ
from tests.support.sandbox.weakened import (
    EMPTY_ENVIRONMENT,
    IPC,
    NETWORK,
    NETWORK_OF_THE_HOUSE,
    NO_GROUPS,
    NOT_DUMPABLE,
    OWN_ROOT,
    OWN_TMP,
    OWN_USER,
    PROCESSES,
    RUNNER_CLOSES,
    SYSTEM_CALLS,
)
from tests.support.tiers import by_tier

pytestmark = pytest.mark.sandbox
ATTACKS = Attacks()
SEGMENT = 0x5EC2E7


def reads(sandbox: SandboxFixture, path: Path) -> str:
    """Return the contents that a program reads at a path of the host, below any possible root."""
    return sandbox.script(
        f"""
import os
for top in ("", "/host"):
    try:
        print(open(top + {str(path)!r}, "rb").read())
    except OSError as error:
        print(error.strerror)
"""
    ).out


@ATTACKS.stopped_by(OWN_ROOT)
def a_file_of_the_host(sandbox, host):
    return host.marker in reads(sandbox, host.public)


@ATTACKS.stopped_by(OWN_ROOT, OWN_USER)
def a_file_of_another_user(sandbox, host):
    return host.marker in reads(sandbox, host.private)


@ATTACKS.stopped_by(OWN_ROOT, NO_GROUPS)
def a_file_of_a_group_of_the_worker(sandbox, host):
    if os.geteuid() != 0:
        pytest.skip("only root can join a group")
    sandbox.drop_spawners()
    with host.group_of_the_worker():
        return host.marker in reads(sandbox, host.of_a_group)


@ATTACKS.stopped_by(EMPTY_ENVIRONMENT, NOT_DUMPABLE)
def the_environment_of_process_1(sandbox, host):
    del host
    return "SECRET=" in reads(sandbox, Path("/proc/1/environ"))


@ATTACKS.stopped_by(NOT_DUMPABLE)
def the_memory_of_process_1(sandbox, host):
    del host
    ran = sandbox.script(
        """
first = open("/proc/1/maps").readline()
with open("/proc/1/mem", "rb") as memory:
    memory.seek(int(first.split("-")[0], 16))
    print("read", len(memory.read(64)))
"""
    )
    return "read 64" in ran.out


@ATTACKS.stopped_by(NOT_DUMPABLE)
def the_descriptors_of_process_1(sandbox, host):
    del host
    return "'3'" in sandbox.script("import os; print(os.listdir('/proc/1/fd'))").out


COMMAND_LINES = """
import glob
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        print(open(path, "rb").read(500))
    except OSError:
        pass
"""


@ATTACKS.stopped_by(PROCESSES)
def a_process_of_the_host(sandbox, host):
    with host.process():
        return host.marker in sandbox.script(COMMAND_LINES).out


@ATTACKS.stopped_by(PROCESSES)
def a_run_at_the_same_time(sandbox, host):
    with sandbox.meanwhile("/bin/sh", "-c", "sleep 20; true", host.marker):
        host.victim(sandbox)
        return host.marker in sandbox.script(COMMAND_LINES).out


@ATTACKS.stopped_by(OWN_TMP)
def a_file_of_the_run_before(sandbox, host):
    sandbox.script(f"open('/tmp/{host.marker}', 'w').write('left')")
    ran = sandbox.script("import os; print(os.listdir('/tmp'))")
    with contextlib.suppress(FileNotFoundError):
        Path("/tmp", host.marker).unlink()
    return host.marker in ran.out


@ATTACKS.stopped_by(IPC, without_groups=(SYSTEM_CALLS,))
def a_segment_of_the_run_before(sandbox, host):
    del host
    attach = (
        f"import ctypes; libc = ctypes.CDLL(None)\nprint(libc.shmget({SEGMENT}, 4096, FLAGS) >= 0)"
    )
    sandbox.script(attach.replace("FLAGS", "0o1666"))
    found = sandbox.script(attach.replace("FLAGS", "0o666")).out == "True\n"
    remove_segments(SEGMENT)
    return found


@ATTACKS.stopped_by(RUNNER_CLOSES)
def an_inherited_descriptor(sandbox, host):
    del host
    ran = sandbox.script(
        """
import fcntl
for number in range(3, 1024):
    try:
        print(fcntl.fcntl(number, fcntl.F_GETFD), "open")
    except OSError:
        pass
"""
    )
    return "open" in ran.out


def connects(sandbox: SandboxFixture, host: str, port: int) -> str:
    return sandbox.script(CONNECT["python"], f"{host} {port} hello".encode()).out


@ATTACKS.stopped_by(NETWORK, NETWORK_OF_THE_HOUSE, SYSTEM_CALLS)
def a_server_on_loopback(sandbox, host):
    with host.listener(("127.0.0.1", 0)) as listener:
        learned = host.marker in connects(sandbox, "127.0.0.1", listener.port)
    assert learned is (listener.heard > 0)
    return learned


@ATTACKS.stopped_by(NETWORK, NETWORK_OF_THE_HOUSE, SYSTEM_CALLS)
def the_metadata_address(sandbox, host):
    def connect() -> bool:
        sandbox.drop_spawners()
        with host.listener((METADATA, 80)) as listener:
            learned = host.marker in connects(sandbox, METADATA, listener.port)
        sandbox.drop_spawners()
        return learned and listener.heard > 0

    return in_thread(enter_network_with_metadata, connect)


SAY = """
import socket
server = socket.socket(socket.AF_UNIX)
server.connect(ADDRESS)
print(server.recv(99))
"""


@ATTACKS.stopped_by(NETWORK, NETWORK_OF_THE_HOUSE, SYSTEM_CALLS)
def an_abstract_socket(sandbox, host):
    address = f"\0{host.marker[::-1]}"
    with host.listener(address) as listener:
        ran = sandbox.script(SAY.replace("ADDRESS", repr(address)))
    return host.marker in ran.out and listener.heard > 0


@ATTACKS.stopped_by(OWN_ROOT, SYSTEM_CALLS)
def a_socket_in_a_directory(sandbox, host):
    path = str(host.place / "socket")
    with host.listener(path) as listener:
        ran = sandbox.script(SAY.replace("ADDRESS", repr(f"/host{path}")))
    return host.marker in ran.out and listener.heard > 0


@pytest.mark.slow
class TestAttacks(LayeredAttacks):
    """Runs each attack of this module."""


FORBIDDEN = (
    *("/etc/shadow", "/etc/passwd", "/etc/hostname", "/root", "/home", "/var", "/sys", "/boot"),
    *("/mnt", "/srv", "/work", "/run/docker.sock", "/host", "/.dockerenv"),
    *(f"/proc/1/{name}" for name in ("environ", "mem", "maps", "fd", "root", "cwd", "task/1/mem")),
    *(f"/proc/1/{name}" for name in ("fd/0", "fd/3", "fd/4", "root/etc", "auxv", "stack", "io")),
    *("/proc/kcore", "/proc/kmsg", "/proc/2/environ/x", "/dev/mem", "/dev/sda", "/dev/vda"),
    *("/proc/self/fd/3/x", "/proc/sys/kernel/core_pattern/x", "/box/../root", "/dev/pts/0"),
)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["run", "run_as_compiler"])
@pytest.mark.parametrize("language", by_tier(LANGUAGES, ["c", "python"]))
def test_no_language_reads_what_is_not_its_own(best_sandbox, host, language, how):
    best_sandbox.need(language)
    (best_sandbox.inner.root / "tests").mkdir(exist_ok=True)
    expected = best_sandbox.inner.root / "tests" / "expected-output"
    expected.write_text(host.marker)
    paths = (*FORBIDDEN, str(host.public), str(host.place), str(expected))
    ran = getattr(best_sandbox, how)(language, READ[language], "\n".join(paths).encode())
    assert ran.out.splitlines() == [f"refused {path}" for path in paths]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["run", "run_as_compiler"])
@pytest.mark.parametrize("language", by_tier(LANGUAGES, ["c", "python"]))
def test_the_environment_is_three_harmless_words(best_sandbox, monkeypatch, host, language, how):
    best_sandbox.need(language)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", host.marker)
    best_sandbox.drop_spawners()
    ran = getattr(best_sandbox, how)(language, ENVIRONMENT[language])
    found = dict(line.split("=", 1) for line in ran.out.splitlines())
    if how == "run_as_compiler":
        found.pop("PWD", None)  # the shell's, which starts the program there
    assert found == rootfs.ENVIRONMENT


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.dynamodb
@pytest.mark.parametrize("how", ["run", "run_as_compiler"])
@pytest.mark.parametrize("language", by_tier(LANGUAGES, ["c", "python"]))
def test_redis_and_dynamodb_on_loopback_hear_nothing(
    best_sandbox, redis_server, dynamodb_endpoint, language, how
):
    best_sandbox.need(language)
    run = getattr(best_sandbox, how)
    with redis.Redis.from_url(redis_server) as client:
        before = client.info()["total_connections_received"]
        port = urlsplit(redis_server).port
        for host in ("127.0.0.1", METADATA):
            assert (
                run(language, CONNECT[language], f"{host} {port} PING".encode()).out == "refused\n"
            )
        assert client.info()["total_connections_received"] == before
    port = urlsplit(dynamodb_endpoint).port
    ran = run(language, CONNECT[language], f"127.0.0.1 {port} GET / HTTP/1.0".encode())
    assert ran.out == "refused\n"


@pytest.mark.redis
@pytest.mark.dynamodb
@pytest.mark.slow
def test_without_its_layers_redis_and_dynamodb_would_answer(
    best_sandbox, weaken, redis_server, dynamodb_endpoint
):
    with weaken((NETWORK, NETWORK_OF_THE_HOUSE, SYSTEM_CALLS), best_sandbox) as sandbox:
        for url, words in ((redis_server, "PING"), (dynamodb_endpoint, "GET / HTTP/1.0")):
            ran = sandbox.script(
                CONNECT["python"], f"127.0.0.1 {urlsplit(url).port} {words}".encode()
            )
            assert ran.out.startswith("heard"), (url, ran)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("c", '#include "PATH"\nint main(void) {}'),
        ("c", '__asm__(".incbin \\"PATH\\""); int main(void) {}'),
        ("c", '#pragma GCC dependency "PATH"\nint main(void) { return x; }'),
        ("cpp", '#include "PATH"\nint main() {}'),
        ("cpp", 'asm(".incbin \\"PATH\\""); int main() {}'),
        ("java", "import static PATH.*; class Main {}"),
    ],
)
@pytest.mark.parametrize("path", ["/etc/shadow", "/proc/1/environ", "PUBLIC"])
def test_no_compiler_tells_what_a_source_may_not_know(best_sandbox, host, language, code, path):
    best_sandbox.need(language)
    path = str(host.public) if path == "PUBLIC" else path
    installed = best_sandbox.languages.installed[language]
    compiled = best_sandbox.compiler.compile(installed, code.replace("PATH", path).encode())
    assert compiled.directory is None
    assert "root:" not in compiled.output
    assert host.marker not in compiled.output


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_what_is_only_checked_is_not_run(best_sandbox, language):
    code = {
        "python": "import sys\nprint('ran', file=sys.stderr)\n",
        "javascript": "console.error('ran')\n",
    }
    best_sandbox.need(language)
    compiled = best_sandbox.compiler.compile(
        best_sandbox.languages.installed[language], code[language].encode()
    )
    assert compiled.directory is not None
    assert compiled.output == ""


def test_command_lines_in_the_sandbox_name_no_host_path(sandbox):
    ran = sandbox.python(
        "import glob\nfor path in glob.glob('/proc/[0-9]*/cmdline'): print(open(path, 'rb').read())"
    )
    assert sorted(set(ran.out.split("\n"))) == [
        "",
        "b'/run/runner\\x00'",
        "b'/usr/bin/python3\\x00main.py\\x00'",
    ]


@pytest.mark.slow
def test_no_file_of_the_work_directory_can_be_found(sandbox, host):
    (sandbox.inner.root / host.marker).write_text("42")
    (sandbox.inner.shared / host.marker).write_text("42")
    ran = sandbox.python(
        f"""
import os
for top, directories, files in os.walk("/"):
    if top == "/":
        directories.remove("usr")
    if {host.marker!r} in files:
        print("found in", top)
print("walked")
"""
    )
    assert ran.out == "walked\n"


def test_where_more_could_be_mounted_there_is_nothing(sandbox):
    assert sandbox.command("/bin/ls", "-A", "/opt").out == ""


def test_no_descriptor_is_inherited(sandbox):
    ran = sandbox.c(
        """
#include <fcntl.h>
#include <stdio.h>
int main(void) {
    for (int fd = 0; fd < 4096; fd++) if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
}
"""
    )
    assert ran.out == "0 1 2 "


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_VSOCK"])
def test_no_kind_of_socket_opens(sandbox, family):
    ran = sandbox.script(
        f"""
import socket
try:
    socket.socket(socket.{family}, socket.SOCK_DGRAM)
    print("opened")
except PermissionError:
    print("refused")
"""
    )
    assert ran.out == "refused\n"


def test_the_network_has_no_device_but_its_own_loopback(sandbox):
    ran = sandbox.script(
        "print([l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l])"
    )
    assert ran.out == "['lo']\n"


def test_the_host_s_processes_are_not_seen(sandbox):
    ran = sandbox.script(
        "import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))"
    )
    assert ran.out == "[1, 2]\n"


@pytest.mark.slow
@pytest.mark.usefixtures("best_sandbox")
@pytest.mark.skipif(os.geteuid() != 0, reason="only a root worker has another user to drop to")
def test_the_host_sees_an_unprivileged_user_without_groups(tmp_path, host):
    sandbox = Sandbox(tmp_path, slots=1)
    seen: dict[str, str] = {}
    stop = threading.Event()

    def look():
        while not stop.is_set():
            for pid in descendants([one.pid for one in sandbox._spawners.values()]):
                with contextlib.suppress(OSError):
                    lines = Path(f"/proc/{pid}/status").read_text().split("\n")
                    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
                    if status["Name"] == "sleep":
                        seen.update(status)
                        stop.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    limits = RunLimits(cpu_ms=2000, wall_ms=20_000, memory_kb=64 * 1024)
    with (
        host.group_of_the_worker(),
        sandbox.run(Program(("/bin/sleep", "20")), b"", limits, stop.is_set) as report,
    ):
        assert report.outcome is Outcome.CANCELLED
    watcher.join()
    sandbox.close()
    assert all(int(uid) > 60_000 for uid in seen["Uid"].split())
    assert all(int(gid) > 60_000 for gid in seen["Gid"].split())
    assert seen["Groups"].strip() == ""
    assert int(seen["CapEff"], 16) == int(seen["CapBnd"], 16) == 0
    assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2")
