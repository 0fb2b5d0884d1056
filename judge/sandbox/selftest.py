"""The self-test of a sandbox. A worker starts only if its sandbox passes the self-test."""

from judge.sandbox.errors import SandboxUnavailable
from judge.sandbox.native.build import REMEDY
from judge.sandbox.report import Outcome, Program, Report, RunLimits

SCRIPT = """
while read -r name value rest; do case "$name" in
  NoNewPrivs:|Seccomp:|CapEff:|CapPrm:|CapBnd:) echo "$name $value" ;; esac
done < /proc/self/status
devices=0; while read -r line; do case "$line" in *:*) devices=$((devices + 1)) ;; esac
done < /proc/net/dev; echo "devices: $devices"
for place in / /usr /etc /dev /box; do
  if (: > "$place/probe") 2>/dev/null; then echo "writable: $place"; fi; done
for place in /root /home /var /work /etc/shadow /etc/passwd /sys /run/dbus; do
  if [ -e "$place" ]; then echo "visible: $place"; fi; done
if (read -r line < /proc/1/environ) 2>/dev/null; then echo "readable: /proc/1/environ"; fi
"""
EXPECTED = {
    "NoNewPrivs: 1",
    "Seccomp: 2",
    "CapEff: 0000000000000000",
    "CapPrm: 0000000000000000",
    "CapBnd: 0000000000000000",
    "devices: 1",
}
PROGRAM = Program(("/bin/sh", "-c", SCRIPT))
LIMITS = RunLimits(cpu_ms=2000, wall_ms=10_000, memory_kb=64 * 1024)

_NAMESPACES = (
    "Allow this user to create user namespaces: sysctl -w user.max_user_namespaces=10000. On "
    "Debian before 11, set kernel.unprivileged_userns_clone=1. On Ubuntu, set "
    "kernel.apparmor_restrict_unprivileged_userns=0. In a container, use a seccomp profile that "
    "allows user namespaces."
)


def check_report(report: Report) -> None:
    """Check that the self-test printed exactly the expected lines.

    Raises:
        SandboxUnavailable: a line is missing or different.
    """
    if report.outcome is not Outcome.OK:
        raise SandboxUnavailable(_explain(report))
    output = report.stdout.read().decode("utf-8", "replace").split("\n")
    lines = {line.replace("\t", " ") for line in output if line}
    wrong = [f"not {line}" for line in sorted(EXPECTED - lines)]
    wrong += sorted(lines - EXPECTED - {"writable: /box"})
    if wrong:
        raise SandboxUnavailable(
            "The worker does not start, because the sandbox does not isolate programs on this "
            f"host: {', '.join(wrong)}. See docs/sandbox.md#requirements-of-a-host."
        )


def _explain(report: Report) -> str:
    reason = f"{report.message} {report.stderr[-500:].decode('utf-8', 'replace')}".strip()
    hint = REMEDY
    if any(
        word in reason for word in ("namespace", "uid map", "uid_map", "Operation not permitted")
    ):
        hint = _NAMESPACES
    elif "--size" in reason or "Unknown option" in reason:
        hint = f"Install bubblewrap 0.8 or newer: {REMEDY}"
    elif "Can't find source path" in reason or "Permission denied" in reason:
        hint = "Make the work directory (WORK_DIR) accessible to unprivileged users."
    return f"The sandbox cannot be started ({report.outcome}: {reason}). Remedy: {hint}"
