/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file` that replaces folders: killed at each call, failing at each, and resumed. */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VALUES = 3, HANDLES_MOST = 16 };

static const char *const ALL =
    "{\"path\":\"root/f.csv\",\"partition_by\":\"k\",\"if_exists\":\"replace_all\"}";
static const char *const PARTITIONS =
    "{\"path\":\"root/f.csv\",\"partition_by\":\"k\",\"if_exists\":\"replace_partitions\"}";

static const struct qetl_epoch FINAL = {
    .struct_size = sizeof FINAL, .flags = QETL_EPOCH_FINAL, .number = 1};

/* ---- Calls of the system that fail, or are the last ---- */

static long calls_left = -1; /* until the call that fails; -1: none */
static bool kills, no_exchange;

static bool fails(int error)
{
    if (calls_left < 0 || --calls_left >= 0)
        return false;
    if (kills)
        raise(SIGKILL);
    errno = error;
    return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int syncfs(int fd)
{
    return fails(EIO) ? -1 : REAL(syncfs)(fd);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(EDQUOT) ? -1 : REAL(mkdir)(path, mode);
}

int rmdir(const char *path)
{
    return fails(EIO) ? -1 : REAL(rmdir)(path);
}

int rename(const char *name, const char *other)
{
    return fails(EIO) ? -1 : REAL(rename)(name, other);
}

int renameat2(int from, const char *name, int to, const char *other, unsigned flags)
{
    if (fails(EIO))
        return -1;
    if (!no_exchange)
        return REAL(renameat2)(from, name, to, other, flags);
    errno = EINVAL;
    return -1;
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

static void handles_free(struct handles *handles)
{
    for (int64_t i = 0; i < handles->count; i++)
        free((void *)handles->items[i].data);
}

/* For whoever goes on behind a kill. */
static void handles_save(const struct handles *handles)
{
    FILE *file = fopen("handles", "wb");
    cr_assert(file);
    for (int64_t i = 0; i < handles->count; i++) {
        fwrite(&handles->items[i].size, sizeof(size_t), 1, file);
        fwrite(handles->items[i].data, 1, handles->items[i].size, file);
    }
    fclose(file);
}

static bool handles_load(struct handles *handles)
{
    FILE *file = fopen("handles", "rb");
    size_t size;
    while (file && fread(&size, sizeof size, 1, file) == 1) {
        uint8_t data[8192];
        cr_assert(size <= sizeof data && fread(data, 1, size, file) == size);
        handle_add(handles, data, size);
    }
    if (file)
        fclose(file);
    return file != NULL;
}

static int32_t rows_put(struct sink_rig *rig)
{
    struct ArrowSchema key = {.format = "vu", .name = "k"}, value = {.format = "vu", .name = "v"};
    struct ArrowSchema *children[] = {&key, &value};
    struct ArrowSchema schema = {.format = "+s", .name = "", .n_children = 2, .children = children};
    const struct qetl_sink_parts *parts =
        rig->component->get_extension(rig->self, QETL_EXT_SINK_PARTS);
    int64_t columns[2];
    int32_t leave_out[2] = {0}, status = rig->component->start(rig->self);
    cr_assert_eq(parts->columns(rig->self, &schema, columns, leave_out), 1);
    if (!status)
        status = rig->component->sink->open(rig->self, 0, &schema);
    for (int i = 0; i < VALUES && !status; i++) {
        char value_text[2] = {(char)('a' + i), 0};
        struct qetl_blob blob = {value_text, 1};
        struct qetl_write write = {.struct_size = sizeof write,
                                   .bytes = "new\n",
                                   .bytes_size = 4,
                                   .rows = 1,
                                   .n_keys = 1,
                                   .keys = &blob};
        status = rig->component->sink->write(rig->self, &write);
    }
    return status;
}

/* As the host would drive it; what fails is aborted. */
static int32_t run_all(const char *config)
{
    struct sink_rig rig;
    struct handles handles = {0};
    struct qetl_writer writer = {&handles, handle_add};
    long left = calls_left;
    calls_left = -1;
    cr_assert_eq(sink_make(&rig, config), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    calls_left = left;
    const struct qetl_sink *sink = rig.component->sink;
    int32_t status = rows_put(&rig);
    if (!status)
        status = sink->prepare(rig.self, &FINAL, &writer);
    if (!status && kills)
        handles_save(&handles);
    if (!status)
        status = sink->commit(rig.self, &FINAL, handles.count, handles.items);
    calls_left = -1;
    if (status) {
        cr_expect(*qetl_fake_host_message(&rig.fake), "no message");
        sink->abort(rig.self, &FINAL, handles.count, handles.items);
    }
    handles_free(&handles);
    sink_free(&rig);
    return status;
}

/* ---- What stands there ---- */

static bool there(const char *pattern)
{
    glob_t found;
    bool any = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return any;
}

static void former_make(void)
{
    shell("rm -rf root* .root* handles; mkdir -p root/k=a root/k=z;"
          "echo old >root/k=a/old.csv; echo old >root/k=z/old.csv");
}

static bool all_new(void)
{
    return there("root/k=a/f.csv") && there("root/k=b/f.csv") && there("root/k=c/f.csv") &&
           !there("root/k=a/old.csv");
}

static void expect_former_kept(long call, const char *config)
{
    cr_expect(there("root/k=a/old.csv") || there("root.*/k=a/old.csv"), "call %ld: lost", call);
    if (config == PARTITIONS)
        cr_expect(there("root/k=z/old.csv") && !there("root/k=z/f.csv"), "call %ld: z", call);
    else
        cr_expect(there("root/k=z/old.csv") || there("root.*/k=z/old.csv"), "call %ld: z lost",
                  call);
}

/* Old or new, as far as a reader sees it at once. */
static void expect_one_of_two(long call, const char *config)
{
    bool old = there("root/k=a/old.csv"), fresh = there("root/k=a/f.csv");
    expect_former_kept(call, config);
    if (!no_exchange)
        cr_expect(old != fresh, "call %ld: neither the old nor the new", call);
    cr_expect(!(old && fresh), "call %ld: both", call);
    if (config == ALL && fresh)
        cr_expect(all_new() && !there("root/k=z"), "call %ld: half of it is new", call);
    if (config == ALL && old)
        cr_expect(there("root/k=z/old.csv") && !there("root/k=b"), "call %ld: mixed", call);
}

static void expect_replaced(long call, const char *config)
{
    cr_expect(all_new(), "call %ld: not all is new", call);
    expect_former_kept(call, config);
}

static void expect_tidy(long call)
{
    cr_expect(!there(".root*") && !there("root/.q*"), "call %ld: something is left", call);
}

/* ---- Every call ---- */

static void fail_each(const char *config)
{
    long call = 0;
    for (int32_t status = -1; status; call++) {
        former_make();
        calls_left = call;
        status = run_all(config);
        expect_one_of_two(call, config);
        if (status == QETL_OK)
            expect_replaced(call, config);
        expect_tidy(call);
    }
    cr_expect_gt(call, 15, "%ld calls", call);
}

/* resume: with the handles of the killed run; else another run. */
static void kill_each(const char *config, bool resume)
{
    long call = 0, resumed = 0;
    for (bool killed = true; killed; call++) {
        int how;
        former_make();
        pid_t child = fork();
        if (child == 0) {
            kills = true;
            calls_left = call;
            _exit(run_all(config) == QETL_OK ? 0 : 1);
        }
        waitpid(child, &how, 0);
        killed = WIFSIGNALED(how);
        cr_expect(killed || WEXITSTATUS(how) == 0);
        expect_one_of_two(call, config);
        struct handles handles = {0};
        if (resume && handles_load(&handles)) {
            struct sink_rig rig;
            cr_assert_eq(sink_make(&rig, config), QETL_OK);
            for (int twice = 0; twice < 2; twice++)
                cr_expect_eq(
                    rig.component->sink->commit(rig.self, &FINAL, handles.count, handles.items),
                    QETL_OK, "call %ld: %s", call, qetl_fake_host_message(&rig.fake));
            sink_free(&rig);
            handles_free(&handles);
            expect_replaced(call, config);
            resumed++;
        } else {
            cr_expect_eq(run_all(config), QETL_OK, "call %ld", call);
            expect_replaced(call, config);
            expect_tidy(call);
        }
    }
    cr_expect_gt(call, 15, "%ld calls", call);
    cr_expect(!resume || resumed > 3, "%ld resumed", resumed);
}

TestSuite(file_sink_swap, .init = scratch, .fini = scratch_end, .timeout = 120);

Test(file_sink_swap, every_call_fails_all)
{
    fail_each(ALL);
}

Test(file_sink_swap, every_call_fails_partitions)
{
    fail_each(PARTITIONS);
}

Test(file_sink_swap, killed_all)
{
    kill_each(ALL, false);
}

Test(file_sink_swap, killed_partitions)
{
    kill_each(PARTITIONS, false);
}

Test(file_sink_swap, resumed_all)
{
    kill_each(ALL, true);
}

Test(file_sink_swap, resumed_partitions)
{
    kill_each(PARTITIONS, true);
}

Test(file_sink_swap, without_exchange)
{
    no_exchange = true;
    fail_each(ALL);
    kill_each(ALL, true);
    kill_each(PARTITIONS, true);
    kill_each(PARTITIONS, false);
}

Test(file_sink_swap, abort_removes_what_was_prepared)
{
    struct handles handles = {0};
    struct qetl_writer writer = {&handles, handle_add};
    struct sink_rig rig;
    former_make();
    cr_assert_eq(sink_make(&rig, PARTITIONS), QETL_OK);
    cr_assert_eq(rows_put(&rig), QETL_OK);
    cr_assert_eq(rig.component->sink->prepare(rig.self, &FINAL, &writer), QETL_OK);
    cr_expect_eq(rig.component->sink->abort(rig.self, &FINAL, handles.count, handles.items),
                 QETL_OK);
    cr_expect_eq(rig.component->sink->abort(rig.self, &FINAL, handles.count, handles.items),
                 QETL_OK);
    handles_free(&handles);
    sink_free(&rig);
    cr_expect(there("root/k=a/old.csv") && !there("root/k=b") && !there("root.*"));
    expect_tidy(0);
}

/* What would stop the second folder is found before the first is replaced. */
Test(file_sink_swap, all_folders_can_be_replaced_or_none_is)
{
    struct handles handles = {0};
    struct qetl_writer writer = {&handles, handle_add};
    struct sink_rig rig;
    former_make();
    shell("mkdir root/k=b; echo old >root/k=b/old.csv; chmod 0555 root/k=b");
    if (geteuid() == 0) {
        shell("chown -R 65534 .");
        cr_assert_eq(seteuid(65534), 0);
    }
    cr_assert_eq(sink_make(&rig, PARTITIONS), QETL_OK);
    cr_assert_eq(rows_put(&rig), QETL_OK);
    cr_expect_eq(rig.component->sink->prepare(rig.self, &FINAL, &writer), QETL_E_ENVIRONMENT);
    expect_message(&rig, "k=b: cannot be replaced, and so no folder is: Permission denied");
    handles_free(&handles);
    sink_free(&rig);
    cr_expect(there("root/k=a/old.csv") && there("root/k=b/old.csv") && !there("root.*"));
    chmod("root/k=b", 0755);
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}
