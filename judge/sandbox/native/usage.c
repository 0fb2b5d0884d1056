/* Measures the processes of a sandbox: CPU time, memory, and the time spent waiting for a CPU. The
 * values come from the counters of the control group, or from /proc if there is no group. */
#define _GNU_SOURCE
#include "sandbox.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DEFAULT_SOCKET_KB 208
#define MAX_COUNTED 256

static int64_t cpu_base_us, cpu_seen_us, cpu_lost_us;

static int64_t read_number(int fd)
{
    char text[256];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = 0;
    if (!strncmp(text, "usage_usec ", 11)) /* cgroup v2 cpu.stat */
        return atoll(text + 11) * 1000;
    return atoll(text);
}

static int64_t in_us(struct timeval time)
{
    return time.tv_sec * 1000000LL + time.tv_usec;
}

static int64_t reaped_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return in_us(usage.ru_utime) + in_us(usage.ru_stime);
}

static int64_t own_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return in_us(usage.ru_utime) + in_us(usage.ru_stime);
}

static int read_file(const char *path, char *text, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, size - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    return length > 0;
}

/* Return the CPU time of a process and its reaped children, from /proc/PID/stat. The name of the
 * program may contain any character, so parsing begins after the last parenthesis. */
static int64_t process_us(const char *pid)
{
    char path[64], text[1024];
    unsigned long long user, system, child_user, child_system;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    if (!read_file(path, text, sizeof text))
        return 0;
    char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu",
                        &user, &system, &child_user, &child_system) != 4)
        return 0;
    return (user + system + child_user + child_system) * (1000000 / sysconf(_SC_CLK_TCK));
}

static int64_t field_kb(const char *text, const char *name)
{
    const char *field = strstr(text, name);
    return field ? atoll(field + strlen(name)) : 0;
}

/* Return the resident memory plus the page tables. The page tables can be much larger than the
 * resident memory. */
static int64_t process_kb(const char *pid, int exact)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%s/status", pid);
    if (!read_file(path, text, sizeof text))
        return 0;
    int64_t resident = field_kb(text, "\nVmRSS:"), tables = field_kb(text, "\nVmPTE:");
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", pid);
    if (exact && read_file(path, text, sizeof text) && strstr(text, "\nPss:"))
        resident = field_kb(text, "\nPss:"); /* unreadable if the process is not dumpable */
    return resident + tables;
}

/* Return the capacity of all Unix sockets, because their content cannot be measured. */
static int64_t sockets_kb(void)
{
    char text[4096];
    int64_t lines = -1, each_kb = DEFAULT_SOCKET_KB;
    ssize_t length;
    if (read_file("/proc/sys/net/core/wmem_default", text, sizeof text))
        each_kb = atoll(text) / 1024;
    int file = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && (length = read(file, text, sizeof text)) > 0)
        for (ssize_t i = 0; i < length; i++)
            lines += text[i] == '\n';
    close(file);
    return lines > 0 ? lines * each_kb : 0;
}

static int64_t over_processes(int64_t (*measure)(const char *pid))
{
    int64_t total = 0;
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    while (processes && (entry = readdir(processes)))
        if (isdigit(entry->d_name[0]) && strcmp(entry->d_name, "1"))
            total += measure(entry->d_name);
    if (processes)
        closedir(processes);
    return total;
}

static pid_t counted[MAX_COUNTED];
static int counted_count;

/* Return whether the memory of a process was counted already. A child of vfork shares the memory of
 * its parent, and shared memory must be counted only once. */
static int is_counted(pid_t pid)
{
    for (int i = 0; i < counted_count; i++)
        if (syscall(SYS_kcmp, counted[i], pid, KCMP_VM, 0, 0) == 0)
            return 1;
    if (counted_count < MAX_COUNTED)
        counted[counted_count++] = pid;
    return 0;
}

static int64_t rough_kb(const char *pid) { return process_kb(pid, 0); }
static int64_t exact_kb(const char *pid) { return is_counted(atoi(pid)) ? 0 : process_kb(pid, 1); }

int64_t tree_kb(void)
{
    int64_t other_kb = sockets_kb(), total_kb;
    for (int i = 0; i < config.tmpfs_count; i++) {
        struct statfs info;
        if (!statfs(config.tmpfs[i].at, &info)) /* even an empty file takes about 1 KB */
            other_kb += (info.f_blocks - info.f_bfree) * (info.f_bsize / 1024) +
                        (info.f_files - info.f_ffree);
    }
    total_kb = other_kb + over_processes(rough_kb);
    counted_count = 0;
    if (total_kb > config.memory_kb)
        total_kb = other_kb + over_processes(exact_kb);
    return total_kb;
}

/* Return the CPU time of the whole tree. Without a control group, a process that was never reaped
 * (because its parent ignores SIGCHLD) stays counted after its end. */
int64_t tree_us(int is_running)
{
    int64_t used = reaped_us();
    if (config.cpu_fd >= 0) {
        int64_t group = read_number(config.cpu_fd) / 1000 - own_us() - cpu_base_us;
        return group > used ? group : used;
    }
    if (is_running)
        used += over_processes(process_us);
    if (used + cpu_lost_us < cpu_seen_us)
        cpu_lost_us = cpu_seen_us - used;
    cpu_seen_us = used + cpu_lost_us;
    return cpu_seen_us;
}

/* Return the second number in a schedstat file: the time a thread has waited for a CPU, in ns. */
static int64_t thread_waited_us(const char *process, const char *thread)
{
    char path[640], text[128];
    long long waited_ns;
    snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", process, thread);
    if (!read_file(path, text, sizeof text) || sscanf(text, "%*s %lld", &waited_ns) != 1)
        return 0;
    return waited_ns / 1000;
}

static int64_t longest_waited_us;

static int64_t note_waits(const char *process)
{
    char path[320];
    snprintf(path, sizeof path, "/proc/%s/task", process);
    DIR *threads = opendir(path);
    struct dirent *entry;
    while (threads && (entry = readdir(threads))) {
        int64_t waited = entry->d_name[0] == '.' ? 0 : thread_waited_us(process, entry->d_name);
        longest_waited_us = waited > longest_waited_us ? waited : longest_waited_us;
    }
    if (threads)
        closedir(threads);
    return 0;
}

/* Return the longest time for which a thread of the tree was ready to run while other programs used
 * the CPUs. The program was not idle in this time, so the time does not count against the wall
 * limit. */
int64_t tree_waited_us(void)
{
    over_processes(note_waits);
    return longest_waited_us;
}

int64_t begin_measuring(void)
{
    if (config.cpu_fd >= 0)
        cpu_base_us = read_number(config.cpu_fd) / 1000 - own_us();
    return config.memory_fd >= 0 ? read_number(config.memory_fd) / 1024 : 0;
}
