/* The long-lived starter of sandboxes, one at a time.
 *
 *   spawner UID GID BWRAP RUNNER      (UID -1: stay who we are)
 *
 * It lives in a slot's control groups, so nothing is ever moved into them, in the house that rootfs.py
 * describes, and holds neither the worker's memory nor its environment. Descriptor 0 is a
 * SOCK_SEQPACKET socket to the worker:
 *   "R" + descriptors   start bwrap; they become its 0, 1, 2, ... (5: its arguments)
 *   "C" + descriptors   the same, started in the control group that the last descriptor is
 *   "K"                 kill it
 * and back: "ready PID", "done STATUS" (a wait status), "fail ERRNO". When the worker is gone,
 * everything here dies with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define INTO_CGROUP 0x200000000ULL
#define MAX_FDS 32

struct clone_request {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

static long uid, gid;
static const char *bwrap, *runner;

static void answer(const char *word, long value)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s %ld", word, value);
    if (send(0, line, length, MSG_NOSIGNAL) != length)
        _exit(1);
}

static void become_bwrap(int *fds, int count, pid_t parent)
{
    static char *const environment[] = {NULL};
    char *const arguments[] = {"bwrap", "--args", "5", (char *)runner, NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 0; i < count; i++) /* received ones are above 2 * MAX_FDS, see receive() */
        if (dup2(fds[i], i) < 0)
            _exit(125);
    if (syscall(SYS_close_range, count, ~0U, 0))
        _exit(125);
    umask(077);
    if (uid >= 0 && (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
        _exit(125);
    if (geteuid() == 0 || getegid() == 0) /* rlimits do not hold root, whatever bwrap maps it to */
        _exit(126);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
        _exit(125);
    execve(bwrap, arguments, environment);
    _exit(124);
}

static pid_t start(int *fds, int count, int into_group)
{
    pid_t self = getpid(), pid;

    if (into_group) {
        struct clone_request request = {
            .flags = INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = fds[count - 1]};
        pid = syscall(SYS_clone3, &request, sizeof request);
        count--;
    } else {
        pid = fork();
    }
    if (pid == 0)
        become_bwrap(fds, count, self);
    return pid;
}

/* Return the command letter, 0 when the worker is gone; descriptors are moved out of the way. */
static char receive(int *fds, int *count)
{
    char letter = 0, control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct iovec part = {&letter, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got;

    *count = 0;
    do
        got = recvmsg(0, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        int *passed = (int *)CMSG_DATA(header);
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (int i = 0; i < *count; i++) {
            fds[i] = fcntl(passed[i], F_DUPFD_CLOEXEC, 2 * MAX_FDS);
            close(passed[i]);
        }
    }
    return letter;
}

static void attend(pid_t pid)
{
    int pidfd = syscall(SYS_pidfd_open, pid, 0), status = 0, ignored[MAX_FDS], count;
    struct pollfd watched[2] = {{.fd = 0, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

    while (pidfd >= 0) {
        if (poll(watched, 2, -1) < 0)
            continue;
        if (watched[1].revents)
            break;
        char letter = receive(ignored, &count);
        kill(pid, SIGKILL);
        if (letter == 0) {
            waitpid(pid, &status, 0);
            _exit(0);
        }
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(pidfd);
    answer("done", status);
}

int main(int argc, char **argv)
{
    int fds[MAX_FDS], count;

    if (argc != 5)
        return 2;
    uid = atol(argv[1]);
    gid = atol(argv[2]);
    bwrap = argv[3];
    runner = argv[4];
    setsid();
    prctl(PR_SET_DUMPABLE, 0);
    answer("ready", getpid());
    for (;;) {
        char letter = receive(fds, &count);
        if (letter == 0)
            return 0;
        if (letter != 'R' && letter != 'C')
            continue;
        pid_t pid = start(fds, count, letter == 'C');
        int error = errno;
        for (int i = 0; i < count; i++)
            close(fds[i]);
        if (pid < 0)
            answer("fail", error);
        else
            attend(pid);
    }
}
