/* The spawner: a long-lived process that starts sandboxes, one at a time.
 *
 * The spawner runs in the base rootfs (rootfs.py) and in the slot's control groups, so sandboxes do
 * not have to be moved into the groups. It has neither the memory nor the environment variables of
 * the worker. Descriptor 0 is a SOCK_SEQPACKET socket to the worker. The worker first sends
 * "UID GID LATE". UID and GID are the new user and group (-1: keep the current user and group). If
 * LATE is 0, the spawner itself changes its user and group. If LATE is 1, only its sandboxes change
 * their user and group. The spawner answers "ready PID". Then the worker sends commands:
 *   "R" + configuration + descriptors   start a sandbox with these as its descriptors 0, 1, 2, ...
 *   "C" + configuration + descriptors   the same, but in the control group of the last descriptor
 *   "K"                                 kill the sandbox
 * When the sandbox has ended, the spawner answers "done STATUS" (a wait status), or "fail ERRNO" if
 * the sandbox could not be started. When the worker's socket closes, the spawner kills its sandbox
 * and exits.
 */
#define _GNU_SOURCE
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
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
#define INTO_CGROUP 0x200000000ULL
/* All namespaces except the cgroup namespace. It is created later, inside the run's group. */
#define NAMESPACES                                                                                 \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define MAX_FDS 32
#define MAX_MESSAGE_BYTES (128 * 1024)

static char message[MAX_MESSAGE_BYTES]; /* the last command: a letter and its configuration */
static size_t message_length;
static long uid, gid; /* user and group of the sandboxes (-1: those of this process) */

struct clone_request {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

static void send_answer(const char *word, long value)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s %ld", word, value);
    if (send(0, line, length, MSG_NOSIGNAL) != length)
        _exit(1);
}

/* Drop privileges permanently, because some resource limits do not apply to root. */
static void become_user(void)
{
    if (uid >= 0 && (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
        _exit(124);
    if (geteuid() == 0 || getegid() == 0)
        _exit(126);
    umask(077);
    prctl(PR_SET_DUMPABLE, 0);
}

static void become_runner(int *fds, int count, unsigned uid, unsigned gid)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    for (int i = 0; i < count; i++) /* received descriptors are above 2 * MAX_FDS, see receive() */
        if (dup2(fds[i], i) < 0)
            _exit(125);
    if (syscall(SYS_close_range, count, ~0U, 0))
        _exit(125);
    read_config(message + 1, message_length - 1);
    enter_rootfs(uid, gid);
    run_program();
}

/* fork() of the C library cannot create namespaces, so this function uses the system call. */
static pid_t start(int *fds, int count)
{
    unsigned uid = geteuid(), gid = getegid();
    pid_t pid = syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        become_runner(fds, count, uid, gid);
    return pid;
}

/* Start a sandbox in a control group. This requires write permission on the group, so the spawner
 * keeps its privileges. An intermediate process inside the group drops the privileges, starts the
 * sandbox and waits until it ends. */
static pid_t start_in_group(int *fds, int count)
{
    struct clone_request request = {
        .flags = INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = fds[count - 1]};
    int status = 0;
    pid_t pid = syscall(SYS_clone3, &request, sizeof request);

    if (pid)
        return pid;
    become_user();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid = start(fds, count - 1);
    syscall(SYS_close_range, 1, ~0U, 0);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(pid > 0 ? WEXITSTATUS(status) : 127);
}

/* Receive a command and return its letter, or 0 if the worker has closed the socket. Received
 * descriptors are moved to high numbers, so that dup2 does not overwrite them. */
static char receive(int *fds, int *count)
{
    char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct iovec part = {message, sizeof message};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof control};
    ssize_t got;

    *count = 0;
    do
        got = recvmsg(0, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0 || header.msg_flags & MSG_TRUNC)
        return 0;
    message_length = got;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    if (rights && rights->cmsg_type == SCM_RIGHTS) {
        int *passed = (int *)CMSG_DATA(rights);
        *count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (int i = 0; i < *count; i++) {
            fds[i] = fcntl(passed[i], F_DUPFD_CLOEXEC, 2 * MAX_FDS);
            close(passed[i]);
        }
    }
    return message[0];
}

/* Wait until a sandbox ends. Any command from the worker kills the sandbox. */
static void supervise(pid_t pid)
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
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    close(pidfd);
    send_answer("done", status);
}

static void read_user(int *drops_late)
{
    char line[64];
    ssize_t length = read(0, line, sizeof line - 1);

    line[length > 0 ? length : 0] = 0;
    if (sscanf(line, "%ld %ld %d", &uid, &gid, drops_late) != 3)
        _exit(123);
}

int main(void)
{
    int fds[MAX_FDS], count, drops_late;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* reap orphans of the sandbox */
    read_user(&drops_late);
    if (!drops_late)
        become_user();
    send_answer("ready", getpid());
    for (;;) {
        char letter = receive(fds, &count);
        if (letter == 0)
            return 0;
        if (letter != 'R' && letter != 'C')
            continue;
        pid_t pid = letter == 'C' ? start_in_group(fds, count) : start(fds, count);
        int error = errno;
        for (int i = 0; i < count; i++)
            close(fds[i]);
        if (pid < 0)
            send_answer("fail", error);
        else
            supervise(pid);
    }
}
