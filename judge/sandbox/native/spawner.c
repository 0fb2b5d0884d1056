/* The long-lived starter of sandboxes, one at a time.
 *
 * It lives in a slot's control groups, so nothing is ever moved into them, in the house that
 * rootfs.py describes, and holds neither the worker's memory nor its environment. Descriptor 0 is a
 * SOCK_SEQPACKET socket to the worker, which first says "UID GID LATE", whom to be (-1: who we are)
 * and whether only sandboxes shall be (1) or this process, too (0); the answer is "ready PID". Then
 *   "R" + configuration + descriptors   start a sandbox; they become its 0, 1, 2, ...
 *   "C" + the same                      born in the control group that the last descriptor is
 *   "K"                                 kill it
 * are answered by "done STATUS" (a wait status) or "fail ERRNO". When the worker is gone,
 * everything here dies with it.
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
/* All but the control group's, which is made when it is known. */
#define NAMESPACES                                                                                 \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
#define MAX_FDS 32
#define MAX_WORDS_BYTES (128 * 1024)

static char said[MAX_WORDS_BYTES]; /* the last message: a letter and what follows it */
static size_t said_length;
static long uid, gid; /* whom sandboxes run as; -1: as who we are */

struct clone_request {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

static void answer(const char *word, long value)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s %ld", word, value);
    if (send(0, line, length, MSG_NOSIGNAL) != length)
        _exit(1);
}

/* For good: nothing is started as root, whom resource limits do not hold. */
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
    for (int i = 0; i < count; i++) /* received ones are above 2 * MAX_FDS, see receive() */
        if (dup2(fds[i], i) < 0)
            _exit(125);
    if (syscall(SYS_close_range, count, ~0U, 0))
        _exit(125);
    read_config(said + 1, said_length - 1);
    enter_room(uid, gid);
    run_program();
}

/* A C library's fork knows nothing of namespaces: this is the bare call on a copied stack. */
static pid_t start(int *fds, int count)
{
    unsigned uid = geteuid(), gid = getegid();
    pid_t pid = syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        become_runner(fds, count, uid, gid);
    return pid;
}

/* The same, born in a control group, which takes a user who may write to it: only what is born there
 * becomes whom it is to be, and waits as the sandbox's parent. */
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

/* Return the command letter, 0 when the worker is gone; descriptors are moved out of the way. */
static char receive(int *fds, int *count)
{
    char control[CMSG_SPACE(sizeof(int) * MAX_FDS)];
    struct iovec part = {said, sizeof said};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got;

    *count = 0;
    do
        got = recvmsg(0, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0 || message.msg_flags & MSG_TRUNC)
        return 0;
    said_length = got;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        int *passed = (int *)CMSG_DATA(header);
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (int i = 0; i < *count; i++) {
            fds[i] = fcntl(passed[i], F_DUPFD_CLOEXEC, 2 * MAX_FDS);
            close(passed[i]);
        }
    }
    return said[0];
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
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
    close(pidfd);
    answer("done", status);
}

static void read_user(int *is_late)
{
    char line[64];
    ssize_t length = read(0, line, sizeof line - 1);

    line[length > 0 ? length : 0] = 0;
    if (sscanf(line, "%ld %ld %d", &uid, &gid, is_late) != 3)
        _exit(123);
}

int main(void)
{
    int fds[MAX_FDS], count, is_late;

    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that what loses its parent here is waited for here */
    read_user(&is_late);
    if (!is_late)
        become_user();
    answer("ready", getpid());
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
            answer("fail", error);
        else
            attend(pid);
    }
}
