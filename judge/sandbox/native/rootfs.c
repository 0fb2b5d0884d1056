/* The room of one run, made by its pid 1 in namespaces of its own.
 *
 * The house (rootfs.py) holds its read-only part, ready at ROOM. What is added here: the run's own
 * processes in /proc, its empty places for files, its program. Afterwards there is no way back to
 * the house, and no capability left.
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

#define ROOM "/sandbox"
#define INSIDE_ID 1000
#define LOCKED (MS_RDONLY | MS_NOSUID | MS_NODEV)

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

/* Be the user INSIDE_ID here and nobody else: what the kernel sees is the spawner's user. */
static void map_user(unsigned uid, unsigned gid)
{
    char line[64];
    check(prctl(PR_SET_DUMPABLE, 1), "dumpable"); /* or the files were root's */
    write_line("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%d %u 1", INSIDE_ID, uid);
    write_line("/proc/self/uid_map", line);
    snprintf(line, sizeof line, "%d %u 1", INSIDE_ID, gid);
    write_line("/proc/self/gid_map", line);
    check(prctl(PR_SET_DUMPABLE, 0), "dumpable");
}

/* A path of the room while it is still a part of the house. */
static const char *in_room(const char *place)
{
    static char path[512];
    errno = ENAMETOOLONG;
    check(snprintf(path, sizeof path, ROOM "%s", place) >= (int)sizeof path, "place");
    return path;
}

static void add_places(void)
{
    char options[64];
    for (int i = 0; i < config.tmpfs_count; i++) {
        struct place *one = &config.tmpfs[i];
        snprintf(options, sizeof options, "mode=0755,size=%lldk", (long long)one->size_kb);
        check(mount("tmpfs", in_room(one->at), "tmpfs", MS_NOSUID | MS_NODEV, options), one->at);
    }
    for (int i = 0; i < config.bind_count; i++) {
        struct place *one = &config.binds[i];
        mkdir(in_room(one->at), 0755); /* where the place is a tmpfs's */
        check(mount(one->source, in_room(one->at), NULL, MS_BIND | MS_REC, NULL) ||
                  mount(NULL, in_room(one->at), NULL, MS_REMOUNT | MS_BIND | LOCKED, NULL),
              one->at);
    }
}

/* The room becomes the root, and the house is gone. */
static void move_in(void)
{
    check(mount(ROOM, ROOM, NULL, MS_BIND | MS_REC, NULL), "room");
    check(mount("proc", in_room("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "proc");
    add_places();
    check(chdir(ROOM) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH), "root");
    check(chdir("/box"), "box");
}

static void copy_files(void)
{
    for (int i = 0; i < config.copy_count; i++) {
        struct place *one = &config.copies[i];
        int from = (int)one->size_kb;
        int to = open(one->at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
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
    for (int one = 0; prctl(PR_CAPBSET_READ, one) >= 0; one++)
        check(prctl(PR_CAPBSET_DROP, one), "bounding");
    check(syscall(SYS_capset, &header, none), "capabilities");
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges");
}

void enter_room(unsigned uid, unsigned gid)
{
    map_user(uid, gid);
    check(unshare(CLONE_NEWCGROUP) && errno != EINVAL, "cgroups"); /* since Linux 4.6 */
    check(sethostname("sandbox", 7), "hostname");
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    move_in();
    copy_files();
    drop_capabilities();
}
