/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const char *const words[] = {"error", "warn", "info", "debug", "trace"};

int qetl_log_level(const char *word)
{
    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

int qetl_log_open(struct qetl_log *log, const char *path)
{
    log->file = fopen(path, "ae");
    return log->file ? 0 : errno;
}

void qetl_log_close(struct qetl_log *log)
{
    if (log->file)
        fclose(log->file);
    log->file = NULL;
}

void qetl_log_write(void *arg, const char *component, int level, const char *message)
{
    const struct qetl_log *log = arg;
    if (level > log->level || level < 0)
        return;
    if (!log->file) {
        fprintf(stderr, "qetl: %s: %s: %s\n", words[level], component, message);
        return;
    }
    char stamp[32];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    fprintf(log->file, "%s.%03ldZ %-5s %s: %s\n", stamp, now.tv_nsec / 1000000, words[level],
            component, message);
    fflush(log->file);
}
