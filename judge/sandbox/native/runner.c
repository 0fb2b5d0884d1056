/* The runner: pid 1 of one sandbox. It starts the program, enforces the limits, kills all remaining
 * processes and sends one report. No process in the sandbox can read, trace or signal the runner,
 * because the runner is pid 1 and not dumpable.
 *
 * Descriptors 1 and 2 are the program's output; descriptor 3 is a SOCK_SEQPACKET socket to the
 * worker. The runner immediately forks the child that becomes the program. The child waits on
 * descriptor 3 for the start message, which contains the program's standard input and its
 * descriptors 3, 4, ... Then the child sends its start time to the runner. From this time on, the
 * runner watches the clock and descriptor 3. If another message arrives on descriptor 3, or the
 * worker closes the socket, the runner stops the program. The report is sent on descriptor 3. The
 * program has no other open descriptors. */
#define _GNU_SOURCE
#include "sandbox.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COLLECTED 512
#define MAX_INPUTS 8
#define HIGH_FD 16

static struct {
    const char *reason;
    int main_ended, main_status, start_error;
    int64_t wall_us, waited_us, cpu_us, watched_kb, base_kb;
} result = {.reason = "none"};

static pid_t main_pid;
static int64_t begun_us;

static int64_t now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000LL + at.tv_nsec / 1000;
}

/* ---- the child that becomes the program ---- */

static void limit(int which, int64_t value)
{
    struct rlimit both = {value, value};
    if (setrlimit(which, &both))
        _exit(errno);
}

static void set_limits(void)
{
    limit(RLIMIT_CPU, config.cpu_us / 1000000 + 2);
    limit(RLIMIT_NPROC, config.processes + 1); /* the runner also counts */
    limit(RLIMIT_NOFILE, config.files);
    limit(RLIMIT_FSIZE, config.file_kb * 1024);
    limit(RLIMIT_STACK, config.stack_kb * 1024);
    limit(RLIMIT_CORE, 1); /* 0 would still start a pipe handler of core_pattern */
    limit(RLIMIT_MSGQUEUE, 0);
    if (config.address_kb)
        limit(RLIMIT_AS, config.address_kb * 1024);
}

static void prefer_for_oom(void)
{
    prctl(PR_SET_DUMPABLE, 1); /* otherwise root owns the file */
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
        if (write(file, "1000", 4) != 4)
            _exit(errno);
        close(file);
    }
    prctl(PR_SET_DUMPABLE, 0);
}

/* Do all preparations that do not need the program's input. */
static void prepare(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prefer_for_oom();
    set_limits();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &config.filter))
        give_up("filter");
}

/* Wait for the start message. Move its descriptors to high numbers and return how many there are.
 * If the worker has closed the socket, exit, because the worker does not need this sandbox. */
static int await_start(int *inputs)
{
    char word[16], control[CMSG_SPACE(sizeof(int) * MAX_INPUTS)];
    struct iovec part = {word, sizeof word};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got;

    do
        got = recvmsg(REPORT_FD, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        _exit(0);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    errno = EPROTO;
    if (!header || header->cmsg_type != SCM_RIGHTS)
        give_up("start");
    int count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (int i = 0; i < count; i++) {
        inputs[i] = fcntl(((int *)CMSG_DATA(header))[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (inputs[i] < 0)
            give_up("inputs");
    }
    return count;
}

/* Start the program. Send the start time to the runner, and an errno if the start fails. */
static void become_program(int runner)
{
    int inputs[MAX_INPUTS];

    runner = fcntl(runner, F_DUPFD_CLOEXEC, HIGH_FD);
    prepare();
    int input_count = await_start(inputs), last = REPORT_FD + input_count - 1;
    int64_t value = now_us();
    if (runner < 0 || write(runner, &value, sizeof value) != sizeof value)
        _exit(errno);
    for (int i = 0; i < input_count; i++)
        if (dup2(inputs[i], i ? REPORT_FD + i - 1 : 0) < 0)
            _exit(errno);
    if (dup3(runner, last, O_CLOEXEC) < 0)
        _exit(errno);
    syscall(SYS_close_range, last + 1, ~0U, 0);
    execve(config.arguments[0], config.arguments, config.environment);
    value = errno;
    if (write(last, &value, sizeof value) < 0)
        _exit(errno);
    _exit(127);
}

/* ---- watching the limits ---- */

static int64_t wall_left_us(void)
{
    int64_t extra = config.hard_wall_us - config.wall_us;
    if (result.waited_us < extra)
        extra = result.waited_us;
    return config.wall_us + extra - (now_us() - begun_us);
}

static int is_wall_exceeded(void)
{
    if (wall_left_us() >= 0)
        return 0;
    result.waited_us = tree_waited_us();
    return wall_left_us() < 0;
}

static void reap(int flags)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, flags)) > 0 || (pid < 0 && errno == EINTR))
        if (pid == main_pid) {
            result.main_ended = 1;
            result.main_status = status;
            result.wall_us = now_us() - begun_us;
        }
}

static int over_limit(void)
{
    result.cpu_us = tree_us(main_pid != 0);
    if (result.cpu_us > config.cpu_us) {
        result.reason = "cpu";
    } else if (is_wall_exceeded()) {
        result.reason = "wall";
    } else if (config.memory_kb) {
        int64_t used = tree_kb();
        if (used > result.watched_kb)
            result.watched_kb = used;
        if (used > config.memory_kb)
            result.reason = "memory";
    }
    return strcmp(result.reason, "none") != 0;
}

/* Return the time until the next check of the limits. The program cannot exceed the CPU limit
 * before all cores together have used the remaining CPU time. */
static int pause_ms(void)
{
    int64_t left = (config.cpu_us - result.cpu_us) / (config.cores > 0 ? config.cores : 1);
    int64_t wall = wall_left_us();
    int64_t most = config.memory_kb ? 5000 : 100000;
    if (wall < left)
        left = wall;
    if (left > most)
        left = most;
    return left < 1000 ? 1 : left / 1000 + 1;
}

static void watch(int signals)
{
    struct pollfd watched[2] = {{.fd = signals, .events = POLLIN},
                                {.fd = REPORT_FD, .events = POLLIN}};
    struct signalfd_siginfo ignored[4];

    do {
        if (poll(watched, 2, pause_ms()) > 0) {
            if (watched[0].revents && read(signals, ignored, sizeof ignored) > 0)
                reap(WNOHANG);
            if (watched[1].revents && !result.main_ended) {
                result.reason = "stop";
                return;
            }
        }
    } while (!result.main_ended && !over_limit());
}

static void end_all(void)
{
    kill(-1, SIGKILL);
    reap(0);
    if (!result.main_ended)
        result.wall_us = now_us() - begun_us;
    main_pid = 0;
    result.cpu_us = tree_us(main_pid != 0);
}

/* ---- collected files ---- */

static int put(const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t written = write(config.collect_fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return 0;
        at += written;
        size -= written;
    }
    return 1;
}

static int put_file(int directory, const char *name, int64_t *left)
{
    char block[65536];
    struct stat info;
    uint32_t length = strlen(name);
    int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) || !S_ISREG(info.st_mode)) {
        close(file);
        return 1; /* links, directories and pipes are skipped */
    }
    uint64_t size = info.st_size;
    int good = (*left -= size) >= 0 && put(&length, sizeof length) && put(name, length) &&
               put(&size, sizeof size);
    while (good && size) {
        ssize_t got = read(file, block, size < sizeof block ? size : sizeof block);
        good = got > 0 && put(block, got);
        size -= good ? got : 0;
    }
    close(file);
    return good;
}

/* Send the regular files of a directory. The format of a file is: length of its name, name, size,
 * content. A length of 0 marks the end. */
static void collect(const char *path)
{
    int64_t left = config.collect_kb * 1024;
    uint32_t end = 0, count = 0, good = 1;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *files = directory < 0 ? NULL : fdopendir(directory);
    struct dirent *entry;
    while (good && files && (entry = readdir(files)))
        if (entry->d_name[0] != '.')
            good = ++count <= MAX_COLLECTED && put_file(directory, entry->d_name, &left);
    if (files && good)
        put(&end, sizeof end);
}

static void report(void)
{
    struct rusage usage;
    char line[512];
    getrusage(RUSAGE_CHILDREN, &usage);
    int length = snprintf(
        line, sizeof line,
        "report reason=%s ended=%d status=%d cpu_us=%lld wall_us=%lld waited_us=%lld rss_kb=%ld "
        "watched_kb=%lld base_kb=%lld start_errno=%d",
        result.reason, result.main_ended, result.main_status, (long long)result.cpu_us,
        (long long)result.wall_us, (long long)result.waited_us, usage.ru_maxrss,
        (long long)result.watched_kb,
        (long long)result.base_kb, result.start_error);
    send(REPORT_FD, line, length, MSG_NOSIGNAL);
}

void run_program(void)
{
    sigset_t child;
    int status_pipe[2];
    int64_t start_errno;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || pipe2(status_pipe, O_CLOEXEC))
        give_up("signals");
    result.base_kb = begin_measuring();
    main_pid = fork();
    if (main_pid < 0)
        give_up("fork");
    if (main_pid == 0)
        become_program(status_pipe[1]);
    close(status_pipe[1]);
    close(0), close(1), close(2);
    if (read(status_pipe[0], &begun_us, sizeof begun_us) != sizeof begun_us)
        _exit(0);
    watch(signals);
    end_all();
    if (read(status_pipe[0], &start_errno, sizeof start_errno) == sizeof start_errno) {
        result.reason = "start";
        result.start_error = start_errno;
    }
    if (config.collect_fd >= 0 && config.collect_at && result.main_ended)
        collect(config.collect_at);
    else if (config.collect_fd >= 0 && result.main_ended && result.main_status == 0)
        collect(".");
    report();
    _exit(0);
}
