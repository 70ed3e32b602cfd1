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

static struct qetl_epoch epoch_of(const struct sink_rig *rig, uint64_t number)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = rig->goes_on ? 0 : QETL_EPOCH_FINAL,
                               .number = number,
                               .generation = 1,
                               .pipeline = "",
                               .component = "sink"};
}

int32_t sink_prepare(struct sink_rig *rig, uint64_t epoch)
{
    struct qetl_writer writer = {rig, handle_take};
    struct qetl_epoch asked = epoch_of(rig, epoch);
    rig->handles = 0;
    return rig->component->sink->prepare(rig->self, &asked, &writer);
}

static int32_t state_take(void *stream, const void *data, size_t size)
{
    struct sink_rig *rig = stream;
    cr_assert_leq(rig->state_size + size, sizeof rig->state);
    memcpy(rig->state + rig->state_size, data, size);
    rig->state_size += size;
    return QETL_OK;
}

int32_t sink_save(struct sink_rig *rig)
{
    struct qetl_writer writer = {rig, state_take};
    rig->state_size = 0;
    return rig->component->save(rig->self, &rig->state_version, &writer);
}

struct given {
    const uint8_t *at;
    size_t left;
};

/* In small pieces, as a file might. */
static int64_t state_give(void *stream, void *data, size_t capacity)
{
    struct given *given = stream;
    size_t size = given->left < 100 ? given->left : 100;
    size = size < capacity ? size : capacity;
    memcpy(data, given->at, size);
    given->at += size;
    given->left -= size;
    return (int64_t)size;
}

int32_t sink_restore(struct sink_rig *rig, const struct sink_rig *saved)
{
    struct given given = {saved->state, saved->state_size};
    struct qetl_reader reader = {&given, state_give};
    return rig->component->restore(rig->self, saved->state_version, &reader);
}

static int32_t run_yes(struct qetl_ctx *ctx)
{
    (void)ctx;
    return 1;
}

static int32_t run_no(struct qetl_ctx *ctx)
{
    (void)ctx;
    return 0;
}

static const char *run_owner(struct qetl_ctx *ctx)
{
    (void)ctx;
    return "the owner";
}

static const void *run_facts(struct qetl_fake_host *fake, const char *id)
{
    static const struct qetl_run_facts facts[] = {
        {sizeof facts[0], run_no, run_no, run_yes, run_owner},
        {sizeof facts[0], run_yes, run_no, run_yes, run_owner},
        {sizeof facts[0], run_no, run_yes, run_yes, run_owner},
        {sizeof facts[0], run_yes, run_yes, run_yes, run_owner}};
    const int *which = fake->user;
    return strcmp(id, QETL_EXT_RUN) == 0 ? &facts[*which] : NULL;
}

/* A sink of many files, over the columns k and v. */
static void parts_ready(struct sink_rig *rig)
{
    struct ArrowSchema key = {.format = "vu", .name = "k"}, value = {.format = "vu", .name = "v"};
    struct ArrowSchema *children[] = {&key, &value};
    struct ArrowSchema schema = {.format = "+s", .name = "", .n_children = 2, .children = children};
    int64_t columns[2];
    int32_t leave_out[2];
    cr_assert_geq(rig->parts->columns(rig->self, &schema, columns, leave_out), 0);
}

int32_t sink_checkpointed(struct sink_rig *rig, const char *config, bool endless,
                          const struct sink_rig *saved)
{
    static int which[] = {0, 1, 2, 3};
    int32_t status = sink_make(rig, config);
    cr_assert_eq(status, QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    rig->goes_on = true;
    rig->fake.extension = run_facts;
    rig->fake.user = &which[(saved ? 2 : 0) + endless];
    rig->parts = rig->component->get_extension(rig->self, QETL_EXT_SINK_PARTS);
    status = rig->component->start(rig->self);
    if (rig->parts)
        parts_ready(rig);
    if (!status && saved)
        status = sink_restore(rig, saved);
    if (!status)
        status = rig->component->sink->open(rig->self, 0, NULL);
    if (!status && rig->parts)
        status = rig->parts->frame(rig->self, (struct qetl_blob){"head\n", 5},
                                   (struct qetl_blob){"", 0});
    return status;
}

int32_t sink_commit(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared)
{
    struct qetl_blob handle = {prepared->handle, prepared->handle_size};
    struct qetl_epoch decided = epoch_of(rig, epoch);
    return rig->component->sink->commit(rig->self, &decided, 1, &handle);
}

int32_t sink_abort(struct sink_rig *rig, uint64_t epoch, const struct sink_rig *prepared)
{
    struct qetl_blob handle = {prepared->handle, prepared->handle_size};
    struct qetl_epoch decided = epoch_of(rig, epoch);
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
