"""What a program must never learn."""

import contextlib
import json
import os
import socket
import threading
from pathlib import Path

import pytest

from tasks.sandbox.report import Program, RunLimits
from tasks.sandbox.rootfs import ENVIRONMENT
from tasks.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.sandbox
LIMITS = RunLimits(cpu_ms=2000, wall_ms=6000, memory_kb=64 * 1024)


def test_the_environment_is_three_harmless_words(box):
    ran = box.python("import os, json; print(json.dumps(dict(os.environ)))")
    assert json.loads(ran.out) == ENVIRONMENT


@pytest.mark.parametrize(
    "path",
    ["/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/proc/1/fd", "/proc/1/root", "/proc/1/cwd"],
)
def test_pid_1_can_not_be_looked_into(box, path):
    ran = box.python(
        f"""
import os
for look in (lambda: open({path!r}, "rb").read(1), lambda: os.listdir({path!r})):
    try:
        print("learned", look())
    except OSError as error:
        print(type(error).__name__)
"""
    )
    assert "learned" not in ran.out
    assert "PermissionError" in ran.out


def test_command_lines_in_the_sandbox_name_no_host_path(box):
    ran = box.python(
        """
import glob
for path in glob.glob("/proc/[0-9]*/cmdline"):
    print(open(path, "rb").read())
"""
    )
    assert sorted(set(ran.out.split("\n"))) == [
        "",
        "b'/run/runner\\x00'",
        "b'/usr/bin/python3\\x00main.py\\x00'",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/passwd",
        "/root",
        "/home",
        "/work",
        "/var",
        "/sys",
        "/boot",
        "/mnt",
        "/srv",
        "/run/docker.sock",
        "/proc/1/root/etc",
    ],
)
def test_of_the_host_only_programs_and_libraries_are_there(box, path):
    ran = box.python(f"import os; print(os.path.lexists({path!r}))")
    assert ran.out == "False\n"


def test_where_more_could_be_mounted_there_is_nothing(box):
    assert box.command("/bin/ls", "-A", "/opt").out == ""


@pytest.mark.slow
def test_no_file_of_the_work_directory_can_be_found(box):
    marker = "expected-output-of-a-hidden-test"
    (box.sandbox.root / marker).write_text("42")
    (box.sandbox.shared / marker).write_text("42")
    ran = box.python(
        f"""
import os
for top, directories, files in os.walk("/"):
    if top == "/":
        directories.remove("usr")
    if {marker!r} in files:
        print("found in", top)
print("walked")
"""
    )
    assert ran.out == "walked\n"


def test_no_descriptor_is_inherited(box):
    ran = box.c(
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
def test_no_kind_of_socket_opens(box, family):
    ran = box.python(
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


def test_a_server_on_the_host_s_loopback_hears_nothing(box):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        port = server.getsockname()[1]

        def listen():
            with contextlib.suppress(TimeoutError):
                heard.append(server.accept())

        listener = threading.Thread(target=listen)
        listener.start()
        ran = box.python(f"import socket; socket.create_connection(('127.0.0.1', {port}), 0.2)")
        listener.join()
    assert ran.report.exit_code == 1
    assert heard == []


def test_the_network_has_no_device_but_its_own_loopback(box):
    ran = box.python("print([l.split(':')[0].strip() for l in open('/proc/net/dev') if ':' in l])")
    assert ran.out == "['lo']\n"


def test_another_run_left_nothing_behind(box):
    box.python("open('/tmp/left', 'w').write('x'); open('/dev/shm/left', 'w').write('x')")
    ran = box.python("import os; print(os.listdir('/tmp'), os.listdir('/dev/shm'))")
    assert ran.out == "[] []\n"


def test_the_host_s_processes_are_not_seen(box):
    ran = box.python("import os; print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit()))")
    assert ran.out == "[1, 2]\n"


@pytest.mark.slow
@pytest.mark.usefixtures("best_box")
@pytest.mark.skipif(os.geteuid() != 0, reason="only a root worker has another user to drop to")
def test_the_host_sees_an_unprivileged_user_without_groups(tmp_path, descendants):
    """The worker belongs to the groups 0 and 4242, its sandbox to none."""
    groups = os.getgroups()
    os.setgroups([0, 4242])
    sandbox = Sandbox(tmp_path, slots=1)
    seen: dict[str, str] = {}
    stop = threading.Event()

    def look():
        while not stop.is_set():
            for spawner in list(sandbox._spawners.values()):
                for pid in descendants(spawner.pid):
                    with contextlib.suppress(OSError):
                        lines = Path(f"/proc/{pid}/status").read_text().split("\n")
                        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
                        if status["Name"] == "sleep":
                            seen.update(status)

    watcher = threading.Thread(target=look)
    watcher.start()
    with sandbox.run(Program(("/bin/sleep", "0.3")), b"", LIMITS):
        stop.set()
    watcher.join()
    os.setgroups(groups)
    sandbox.close()
    assert all(int(uid) > 60_000 for uid in seen["Uid"].split())
    assert all(int(gid) > 60_000 for gid in seen["Gid"].split())
    assert seen["Groups"].strip() == ""
    assert int(seen["CapEff"], 16) == int(seen["CapBnd"], 16) == 0
    assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2")
