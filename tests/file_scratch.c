/* SPDX-License-Identifier: Apache-2.0 */
#include "file_scratch.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void scratch(void)
{
    char folder[] = "/tmp/qetl_test.XXXXXX";
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

void scratch_end(void)
{
    cr_assert_eq(system("folder=$(pwd); cd /; chmod -R u+rwX \"$folder\"; rm -rf \"$folder\""), 0);
}

void file_put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(name, "wb");
    cr_assert(file, "%s", name);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    fclose(file);
}

void text_put(const char *name, const char *text)
{
    file_put(name, text, strlen(text));
}

void shell(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}

uint8_t *file_get(const char *name, int64_t *size)
{
    FILE *file = fopen(name, "rb");
    cr_assert(file, "%s", name);
    fseek(file, 0, SEEK_END);
    *size = ftell(file);
    rewind(file);
    uint8_t *data = malloc((size_t)*size + 1);
    cr_assert_eq(fread(data, 1, (size_t)*size, file), (size_t)*size);
    fclose(file);
    return data;
}

void lines_put(const char *name, int lines)
{
    FILE *file = fopen(name, "wb");
    uint32_t seed = 12345;
    cr_assert(file);
    for (int i = 0; i < lines; i++) {
        seed = seed * 1664525 + 1013904223;
        fprintf(file, "%d,%u,customer %u,open\n", i, seed >> 8, seed >> 20);
    }
    fclose(file);
}

void expect_text(const char *name, const char *text)
{
    int64_t size;
    uint8_t *data = file_get(name, &size);
    data[size] = 0;
    cr_expect_str_eq((char *)data, text, "%s", name);
    free(data);
}

void expect_done(pid_t child, const char *who)
{
    enum { PATIENCE_MS = 60000 };
    int status = -1;
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    cr_assert_geq(end.fd, 0);
    int ended = poll(&end, 1, PATIENCE_MS);
    close(end.fd);
    if (ended <= 0)
        kill(child, SIGKILL);
    waitpid(child, &status, 0);
    cr_assert_gt(ended, 0, "%s did not end within %d ms", who, PATIENCE_MS);
    cr_expect_eq(status, 0, "%s ended with the status %#x", who, (unsigned)status);
}

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}
