/* SPDX-License-Identifier: Apache-2.0 */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

int32_t sink_make(struct sink_rig *rig, const char *config)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, config);
    cr_assert_eq(qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin), QETL_OK);
    rig->component = plugin->components[0];
    rig->self = calloc(1, rig->component->state_size);
    return rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json);
}

int32_t sink_begin(struct sink_rig *rig, const char *config)
{
    int32_t status = sink_make(rig, config);
    cr_assert_eq(status, QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    status = rig->component->start(rig->self);
    return status ? status : rig->component->sink->open(rig->self, 0, NULL);
}

int32_t sink_put(struct sink_rig *rig, const char *text, int64_t rows)
{
    struct qetl_write write = {.struct_size = sizeof write,
                               .bytes = text,
                               .bytes_size = (int64_t)strlen(text),
                               .rows = rows};
    int32_t status = rig->component->sink->write(rig->self, &write);
    cr_assert_eq(write.rows_written, status ? 0 : rows);
    return status;
}

static int32_t handle_take(void *stream, const void *data, size_t size)
{
    struct sink_rig *rig = stream;
    cr_assert_leq(size, sizeof rig->handle);
    memcpy(rig->handle, data, size);
    rig->handle_size = size;
    rig->handles++;
    return QETL_OK;
}

int32_t sink_prepare(struct sink_rig *rig, uint64_t epoch)
{
    struct qetl_writer writer = {rig, handle_take};
    rig->handles = 0;
    struct qetl_epoch asked = {.struct_size = sizeof asked, .number = epoch};
    return rig->component->sink->prepare(rig->self, &asked, &writer);
}

int32_t sink_commit(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared)
{
    struct qetl_blob handle = {prepared->handle, prepared->handle_size};
    struct qetl_epoch decided = {.struct_size = sizeof decided, .number = epoch};
    return rig->component->sink->commit(rig->self, &decided, 1, &handle);
}

int32_t sink_abort(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared)
{
    struct qetl_blob handle = {prepared->handle, prepared->handle_size};
    struct qetl_epoch decided = {.struct_size = sizeof decided, .number = epoch};
    return rig->component->sink->abort(rig->self, &decided, 1, &handle);
}

void sink_free(struct sink_rig *rig)
{
    rig->component->destroy(rig->self);
    free(rig->self);
    cr_assert_eq(qetl_fake_host_free(&rig->fake), 0, "buffers were kept");
}

void sink_fill(struct sink_rig *rig, const char *config, const char *text)
{
    cr_assert_eq(sink_begin(rig, config), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    cr_assert_eq(sink_put(rig, text, 1), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    cr_assert_eq(sink_prepare(rig, 1), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    cr_assert_eq(rig->handles, 1);
}

static int is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int name_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void expect_names(const char *names)
{
    struct dirent **list;
    char found[4096] = "";
    int count = scandir(".", &list, is_name, name_order);
    for (int i = 0; i < count; i++) {
        size_t at = strlen(found);
        snprintf(found + at, sizeof found - at, "%s%s", at ? " " : "", list[i]->d_name);
        free(list[i]);
    }
    free(list);
    cr_expect_str_eq(found, names);
}

void expect_message(const struct sink_rig *rig, const char *part)
{
    const char *said = qetl_fake_host_message(&rig->fake);
    cr_expect(strstr(said, part), "\"%s\" is not in \"%s\"", part, said);
}
