/* The run rootfs: the file system of one run, built by its pid 1 in new namespaces.
 *
 * The base rootfs (rootfs.py) contains the read-only part of the run rootfs at RUN_ROOT. This file
 * adds a new /proc, tmpfs directories and the program. Then it unmounts the base rootfs and drops
 * all capabilities.
 */
#define _GNU_SOURCE
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RUN_ROOT "/sandbox"
#define INSIDE_ID 1000
#define READ_ONLY (MS_RDONLY | MS_NOSUID | MS_NODEV)

static void check(int failed, const char *what)
{
    if (failed)
        give_up(what);
}

static void write_line(const char *path, const char *line)
{
    int file = open(path, O_WRONLY | O_CLOEXEC), length = strlen(line);
    check(file < 0 || write(file, line, length) != length, path);
    close(file);
}

/* Map INSIDE_ID to the spawner's user and group. No other id exists inside the namespace. */
static void map_user(unsigned uid, unsigned gid)
{
    char line[64];
    check(prctl(PR_SET_DUMPABLE, 1), "dumpable"); /* otherwise root owns these files */
    write_line("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%d %u 1", INSIDE_ID, uid);
    write_line("/proc/self/uid_map", line);
    snprintf(line, sizeof line, "%d %u 1", INSIDE_ID, gid);
    write_line("/proc/self/gid_map", line);
    check(prctl(PR_SET_DUMPABLE, 0), "dumpable");
}

/* Return the path in the base rootfs of a path in the run rootfs. */
static const char *in_rootfs(const char *inside)
{
    static char path[512];
    errno = ENAMETOOLONG;
    check(snprintf(path, sizeof path, RUN_ROOT "%s", inside) >= (int)sizeof path, "path");
    return path;
}

static void add_mounts(void)
{
    char options[64];
    for (int i = 0; i < config.tmpfs_count; i++) {
        struct entry *tmpfs = &config.tmpfs[i];
        snprintf(options, sizeof options, "mode=0755,size=%lldk", (long long)tmpfs->size_kb);
        check(mount("tmpfs", in_rootfs(tmpfs->at), "tmpfs", MS_NOSUID | MS_NODEV, options),
              tmpfs->at);
    }
    for (int i = 0; i < config.bind_count; i++) {
        struct entry *bind = &config.binds[i];
        mkdir(in_rootfs(bind->at), 0755); /* only necessary below a tmpfs */
        check(mount(bind->source, in_rootfs(bind->at), NULL, MS_BIND | MS_REC, NULL) ||
                  mount(NULL, in_rootfs(bind->at), NULL, MS_REMOUNT | MS_BIND | READ_ONLY, NULL),
              bind->at);
    }
}

/* Make the run rootfs the root directory and unmount the base rootfs. */
static void pivot_to_rootfs(void)
{
    check(mount(RUN_ROOT, RUN_ROOT, NULL, MS_BIND | MS_REC, NULL), "rootfs");
    check(mount("proc", in_rootfs("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
    add_mounts();
    check(chdir(RUN_ROOT) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH), "root");
    check(chdir("/box"), "box");
}

static void copy_files(void)
{
    for (int i = 0; i < config.copy_count; i++) {
        struct entry *copy = &config.copies[i];
        int from = (int)copy->size_kb;
        int to = open(copy->at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        check(to < 0, "file");
        ssize_t sent;
        while ((sent = sendfile(to, from, NULL, 1 << 30)) > 0)
            ;
        check(sent < 0 || close(to) || close(from), "file");
    }
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        check(prctl(PR_CAPBSET_DROP, capability), "bounding");
    check(syscall(SYS_capset, &header, none), "capabilities");
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges");
}

void enter_rootfs(unsigned uid, unsigned gid)
{
    map_user(uid, gid);
    check(unshare(CLONE_NEWCGROUP) && errno != EINVAL, "cgroups"); /* since Linux 4.6 */
    check(sethostname("sandbox", 7), "hostname");
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    pivot_to_rootfs();
    copy_files();
    drop_capabilities();
}
