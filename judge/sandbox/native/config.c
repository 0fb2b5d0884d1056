/* Parses the configuration of one run: NUL-terminated `key=value` strings, an empty string, and the
 * seccomp program. */
#define _GNU_SOURCE
#include "sandbox.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct config config = {.cpu_fd = -1, .memory_fd = -1, .collect_fd = -1};

void give_up(const char *what)
{
    char line[128];
    int length = snprintf(line, sizeof line, "error what=%s errno=%d", what, errno);
    send(REPORT_FD, line, length, MSG_NOSIGNAL);
    _exit(1);
}

static void set_number(const char *key, const char *value)
{
    static const struct {
        const char *name;
        int64_t *value;
    } numbers[] = {
        {"cpu_us", &config.cpu_us},         {"wall_us", &config.wall_us},
        {"memory_kb", &config.memory_kb},   {"address_kb", &config.address_kb},
        {"stack_kb", &config.stack_kb},     {"file_kb", &config.file_kb},
        {"processes", &config.processes},   {"files", &config.files},
        {"cores", &config.cores},           {"cpu_fd", &config.cpu_fd},
        {"memory_fd", &config.memory_fd},   {"collect_fd", &config.collect_fd},
        {"collect_kb", &config.collect_kb}, {"hard_wall_us", &config.hard_wall_us},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!strcmp(numbers[i].name, key)) {
            *numbers[i].value = atoll(value);
            return;
        }
    errno = EINVAL;
    give_up("key");
}

static void check_count(int count, int limit)
{
    errno = E2BIG;
    if (count >= limit)
        give_up("words");
}

static void append(char **list, int *count, char *value)
{
    check_count(*count, MAX_WORDS);
    list[(*count)++] = value;
}

/* Examples: `/tmp=65536` is a tmpfs of 65,536 KB at /tmp, `/box=/shared/x` is a bind mount of
 * /shared/x at /box, and `main.c=7` is a copy of the file behind descriptor 7 in /box. */
static void append_entry(struct entry *list, int *count, int limit, char *word)
{
    char *value = strchr(word, '=');
    check_count(*count, limit);
    errno = EINVAL;
    if (!value)
        give_up("entry");
    *value++ = 0;
    list[(*count)++] = (struct entry){.at = word, .source = value, .size_kb = atoll(value)};
}

static void set_value(char *word)
{
    char *value = strchr(word, '=');
    errno = EINVAL;
    if (!value)
        give_up("word");
    *value++ = 0;
    if (!strcmp(word, "arg"))
        append(config.arguments, &config.argument_count, value);
    else if (!strcmp(word, "env"))
        append(config.environment, &config.environment_count, value);
    else if (!strcmp(word, "tmpfs"))
        append_entry(config.tmpfs, &config.tmpfs_count, MAX_MOUNTS, value);
    else if (!strcmp(word, "bind"))
        append_entry(config.binds, &config.bind_count, MAX_MOUNTS, value);
    else if (!strcmp(word, "file"))
        append_entry(config.copies, &config.copy_count, MAX_WORDS, value);
    else if (!strcmp(word, "collect_at"))
        config.collect_at = value;
    else
        set_number(word, value);
}

void read_config(char *text, size_t length)
{
    char *end = text + length;
    while (text < end && *text) {
        char *next = text + strnlen(text, end - text) + 1;
        errno = EINVAL;
        if (next > end)
            give_up("config");
        set_value(text);
        text = next;
    }
    text++;
    config.filter.len = text < end ? (end - text) / sizeof(struct sock_filter) : 0;
    config.filter.filter = malloc(config.filter.len * sizeof(struct sock_filter) + 1);
    if (!config.filter.len || !config.filter.filter || !config.argument_count)
        give_up("filter");
    memcpy(config.filter.filter, text, config.filter.len * sizeof(struct sock_filter));
}
