/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file` over many files: each call that writes, names or makes durable fails once. */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITES = 60, VALUES = 3, HANDLES_MOST = 16 };

/* ---- Calls of the system that fail on request ---- */

static long calls_left = -1; /* the call that fails; -1: none */

static bool fails(int error)
{
    if (calls_left < 0 || --calls_left >= 0)
        return false;
    errno = error;
    return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size)
{
    return fails(ENOSPC) ? -1 : REAL(write)(fd, data, size);
}

int fsync(int fd)
{
    return fails(EIO) ? -1 : REAL(fsync)(fd);
}

int syncfs(int fd)
{
    return fails(EIO) ? -1 : REAL(syncfs)(fd);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(EDQUOT) ? -1 : REAL(mkdir)(path, mode);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    return fails(EIO) ? -1 : REAL(renameat2)(from, name, to, other, flags);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(EMFILE) ? -1 : REAL(open)(path, flags, mode);
}

/* ---- A run ---- */

struct handles {
    struct qetl_blob items[HANDLES_MOST];
    int64_t count;
};

static int32_t handle_add(void *stream, const void *data, size_t size)
{
    struct handles *handles = stream;
    void *copy = malloc(size);
    cr_assert(copy && handles->count < HANDLES_MOST);
    memcpy(copy, data, size);
    handles->items[handles->count++] = (struct qetl_blob){copy, size};
    return QETL_OK;
}

static int32_t rows_put(struct sink_rig *rig)
{
    int32_t status = QETL_OK;
    for (int i = 0; i < WRITES && !status; i++) {
        char value[2] = {(char)('a' + i % VALUES), 0}, line[32];
        struct qetl_blob key = {value, 1};
        int size = snprintf(line, sizeof line, "row %d\n", i);
        struct qetl_write write = {.struct_size = sizeof write,
                                   .bytes = line,
                                   .bytes_size = size,
                                   .rows = 1,
                                   .n_keys = 1,
                                   .keys = &key};
        status = rig->component->sink->write(rig->self, &write);
    }
    return status;
}

static int32_t run_begin(struct sink_rig *rig)
{
    struct ArrowSchema key = {.format = "vu", .name = "k"}, value = {.format = "vu", .name = "v"};
    struct ArrowSchema *children[] = {&key, &value};
    struct ArrowSchema schema = {.format = "+s", .name = "", .n_children = 2, .children = children};
    const struct qetl_sink_parts *parts =
        rig->component->get_extension(rig->self, QETL_EXT_SINK_PARTS);
    int64_t columns[2];
    int32_t leave_out[2] = {0}, status = rig->component->start(rig->self);
    cr_assert(parts);
    cr_assert_eq(parts->columns(rig->self, &schema, columns, leave_out), 1);
    cr_assert(columns[0] == 0 && leave_out[0] && !leave_out[1]);
    if (!status)
        status = rig->component->sink->open(rig->self, 0, &schema);
    return status ? status
                  : parts->frame(rig->self, (struct qetl_blob){"head\n", 5},
                                 (struct qetl_blob){"foot\n", 5});
}

/* As the host would drive it; what fails is aborted. */
static int32_t run_all(struct sink_rig *rig)
{
    struct handles handles = {0};
    struct qetl_writer writer = {&handles, handle_add};
    struct qetl_epoch epoch = {.struct_size = sizeof epoch, .flags = QETL_EPOCH_FINAL, .number = 1};
    const struct qetl_sink *sink = rig->component->sink;
    int32_t status = run_begin(rig);
    if (!status)
        status = rows_put(rig);
    if (!status)
        status = sink->prepare(rig->self, &epoch, &writer);
    if (!status)
        status = sink->commit(rig->self, &epoch, handles.count, handles.items);
    calls_left = -1;
    if (status)
        sink->abort(rig->self, &epoch, handles.count, handles.items);
    for (int64_t i = 0; i < handles.count; i++)
        free((void *)handles.items[i].data);
    return status;
}

/* ---- What is left of it ---- */

static int whole_files(long call)
{
    int whole = 0;
    for (int v = 0; v < VALUES; v++) {
        char name[32], wanted[1024] = "head\n";
        int64_t size;
        snprintf(name, sizeof name, "root/k=%c/f.csv", 'a' + v);
        if (access(name, F_OK) != 0)
            continue;
        for (int i = v; i < WRITES; i += VALUES)
            snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "row %d\n", i);
        strcat(wanted, "foot\n");
        uint8_t *data = file_get(name, &size);
        cr_expect(size == (int64_t)strlen(wanted) && memcmp(data, wanted, (size_t)size) == 0,
                  "call %ld: %s is not whole", call, name);
        free(data);
        whole++;
    }
    return whole;
}

static void expect_tidy(long call)
{
    DIR *root = opendir("root");
    struct dirent *entry;
    while (root && (entry = readdir(root)))
        cr_expect(strncmp(entry->d_name, ".qetl", 5) != 0, "call %ld: %s is left", call,
                  entry->d_name);
    if (root)
        closedir(root);
}

static void fail_each(const char *config)
{
    bool reached = true;
    long call = 0, failed = 0;
    for (; reached; call++) {
        struct sink_rig rig;
        cr_assert_eq(sink_make(&rig, config), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
        calls_left = call;
        int32_t status = run_all(&rig);
        reached = status != QETL_OK;
        failed += reached;
        cr_expect(!reached || *qetl_fake_host_message(&rig.fake), "call %ld: no message", call);
        sink_free(&rig);
        int whole = whole_files(call);
        cr_expect(reached || whole == VALUES, "call %ld: %d files", call, whole);
        expect_tidy(call);
        shell("rm -rf root");
    }
    cr_expect_gt(failed, 30, "%ld calls failed", failed);
}

TestSuite(file_sink_faults, .init = scratch, .fini = scratch_end, .timeout = 120);

Test(file_sink_faults, every_call_of_many_files)
{
    fail_each("{\"path\":\"root/f.csv\",\"partition_by\":\"k\",\"max_open\":2}");
}

Test(file_sink_faults, every_call_of_files_that_replace)
{
    fail_each("{\"path\":\"root/f.csv\",\"partition_by\":\"k\",\"max_open\":1,\"if_exists\":"
              "\"replace\"}");
}
