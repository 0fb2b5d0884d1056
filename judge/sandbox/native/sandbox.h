/* What the sources of the sandbox's one native program share. */
#ifndef SANDBOX_H
#define SANDBOX_H
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors of a runner; 0 comes with the word to go, 1 and 2 are the program's. */
#define REPORT_FD 3

#define MAX_WORDS 256
#define MAX_PLACES 16

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* A place of the room: what is seen there, or how large an empty place for files it is. */
struct place {
    char *at, *source;
    int64_t size_kb;
};

struct config {
    int64_t cpu_us, wall_us, memory_kb, address_kb, stack_kb, file_kb, processes, files, cores;
    int64_t cpu_fd, memory_fd, collect_fd, collect_kb;
    char *arguments[MAX_WORDS + 1], *environment[MAX_WORDS + 1], *collect_at;
    struct place tmpfs[MAX_PLACES], binds[MAX_PLACES], copies[MAX_WORDS];
    int argument_count, environment_count, tmpfs_count, bind_count, copy_count;
    struct sock_fprog filter;
};
extern struct config config;

/* Say on REPORT_FD what could not be done, and end. */
void give_up(const char *what);

/* Understand the configuration of a run, which must stay where it is. */
void read_config(char *text, size_t length);

/* Make a new process in new namespaces pid 1 of a room with nothing but what config names. It is
 * the user and group given, as its parent sees them. */
void enter_room(unsigned uid, unsigned gid);

/* Be pid 1 of one sandbox: never returns. */
void run_program(void);
#endif
