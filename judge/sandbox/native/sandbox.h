/* Declarations that the sources of the native program share. */
#ifndef SANDBOX_H
#define SANDBOX_H
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* The runner's report socket. The start message contains descriptor 0 of the program. Descriptors 1
 * and 2 are the output of the program. */
#define REPORT_FD 3

#define MAX_WORDS 256
#define MAX_MOUNTS 16

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* A tmpfs (path and size), a bind mount (path and source), or a file to copy (its name, and its
 * descriptor in size_kb). */
struct entry {
    char *at, *source;
    int64_t size_kb;
};

struct config {
    int64_t cpu_us, wall_us, hard_wall_us, memory_kb, address_kb, stack_kb, file_kb, processes,
        files, cores;
    int64_t cpu_fd, memory_fd, collect_fd, collect_kb;
    char *arguments[MAX_WORDS + 1], *environment[MAX_WORDS + 1], *collect_at;
    struct entry tmpfs[MAX_MOUNTS], binds[MAX_MOUNTS], copies[MAX_WORDS];
    int argument_count, environment_count, tmpfs_count, bind_count, copy_count;
    struct sock_fprog filter;
};
extern struct config config;

/* Report the failed step on REPORT_FD, and exit. */
void give_up(const char *what);

/* Parse the configuration of a run into `config`, which keeps pointers into the text. */
void read_config(char *text, size_t length);

/* Build the run rootfs that `config` describes and make it the root of this process, which is pid 1
 * in new namespaces. `uid` and `gid` are the user and group of this process outside the namespaces.
 */
void enter_rootfs(unsigned uid, unsigned gid);

/* Start measuring this process's children. Return the memory used so far in KB (0: unknown). */
int64_t begin_measuring(void);

/* Return the CPU time of all children so far. is_running: the program has not been reaped. */
int64_t tree_us(int is_running);

/* Return the memory of all children and of the files in tmpfs, for hosts without control groups. */
int64_t tree_kb(void);

/* Return the longest time for which a thread of a child was ready to run but had no CPU. */
int64_t tree_waited_us(void);

/* Run the program as pid 1 of the sandbox. Never returns. */
void run_program(void);
#endif
