/* SPDX-License-Identifier: Apache-2.0 */
#include "rig_file_source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

static int32_t split_take(void *stream, const void *data, size_t size)
{
    struct rig *rig = stream;
    cr_assert_eq(rig->split_size, 0, "one split is planned");
    memcpy(rig->split, data, size);
    rig->split_size = size;
    return QETL_OK;
}

void rig_create(struct rig *rig, const char *config)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->fake, config);
    cr_assert_eq(qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin), QETL_OK);
    rig->component = plugin->components[0];
    rig->self = calloc(1, rig->component->state_size);
    rig->space = malloc(SPACE);
    rig->step = SPACE;
    rig->deadline_ns = 10000000000;
    cr_assert_eq(
        rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json),
        QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
}

int32_t rig_open(struct rig *rig, const struct qetl_blob *position)
{
    struct qetl_writer writer = {rig, split_take};
    int32_t status = rig->component->start(rig->self);
    if (status)
        return status;
    rig->split_size = 0;
    status = rig->component->source->plan_splits(rig->self, 4, &writer);
    if (status)
        return status;
    struct qetl_blob split = {rig->split, rig->split_size};
    return rig->component->source->open(rig->self, split, position);
}

int32_t rig_next(struct rig *rig)
{
    struct qetl_demand demand = {.struct_size = sizeof demand,
                                 .max_bytes = rig->step,
                                 .deadline_ns = now_ns() + rig->deadline_ns,
                                 .space = rig->space};
    rig->item = (struct qetl_item){.struct_size = sizeof rig->item};
    int32_t status = rig->component->source->next(rig->self, &demand, &rig->item);
    if (status != QETL_BYTES)
        return status;
    cr_assert(rig->item.flags & QETL_ITEM_CUT);
    cr_assert_leq(rig->item.bytes, rig->step);
    if (rig->item.flags & QETL_ITEM_OBJECT_START)
        rig->object_size = 0;
    else
        cr_assert(rig->item.bytes || rig->item.flags, "an item of nothing");
    rig->data = realloc(rig->data, (size_t)(rig->size + rig->item.bytes + 1));
    memcpy(rig->data + rig->size, rig->space, (size_t)rig->item.bytes);
    rig->size += rig->item.bytes;
    rig->object_size += rig->item.bytes;
    rig->bytes_read += rig->item.bytes_read;
    memcpy(rig->position, rig->item.position.data, rig->item.position.size);
    rig->position_size = rig->item.position.size;
    if (rig->item.flags & QETL_ITEM_OBJECT_END) {
        size_t at = strlen(rig->log);
        snprintf(rig->log + at, sizeof rig->log - at, "%s:%lld;", rig->item.object,
                 (long long)rig->object_size);
    }
    return status;
}

int32_t rig_drain(struct rig *rig)
{
    int32_t status;
    do {
        status = rig_next(rig);
    } while (status == QETL_BYTES);
    return status;
}

void rig_free(struct rig *rig)
{
    rig->component->destroy(rig->self);
    free(rig->self);
    free(rig->space);
    free(rig->data);
    cr_assert_eq(qetl_fake_host_free(&rig->fake), 0, "buffers were kept");
}

void expect_same(const struct rig *rig, const char *name)
{
    int64_t size;
    uint8_t *data = file_get(name, &size);
    cr_assert_eq(rig->size, size, "%lld bytes of %lld", (long long)rig->size, (long long)size);
    cr_assert_eq(memcmp(rig->data, data, (size_t)size), 0);
    free(data);
}

int32_t rig_read(struct rig *rig, const char *config, int64_t step)
{
    rig_create(rig, config);
    rig->step = step;
    int32_t status = rig_open(rig, NULL);
    return status ? status : rig_drain(rig);
}

void expect_log(const char *config, const char *log)
{
    struct rig rig;
    int32_t status = rig_read(&rig, config, SPACE);
    cr_assert_eq(status, QETL_END, "%s: %d %s", config, status, qetl_fake_host_message(&rig.fake));
    cr_assert_str_eq(rig.log, log);
    rig_free(&rig);
}

void expect_fault(const char *config, int32_t code, const char *message, const char *suggestion)
{
    struct rig rig;
    int32_t status = rig_read(&rig, config, SPACE);
    const char *said = qetl_fake_host_message(&rig.fake);
    cr_assert_eq(status, code, "%s: %d %s", config, status, said);
    cr_assert(strstr(said, message), "%s: \"%s\" is not in \"%s\"", config, message, said);
    if (suggestion) {
        const char *mend = rig.fake.errors[rig.fake.n_errors - 1].suggestion;
        cr_assert(mend && strstr(mend, suggestion), "%s: \"%s\" is not in \"%s\"", config,
                  suggestion, mend ? mend : "");
    }
    rig_free(&rig);
}

void archives_make(void)
{
    shell("mkdir -p in/sub; printf 'b1\\nb2\\n' > in/b.csv; printf 'a1\\n' > in/a.csv; : > "
          "in/empty.csv; "
          "printf 'deep' > in/sub/d.txt; printf x > in/.hidden; ln -s a.csv in/link");
    shell("cd in && python3 -c \"import zipfile as z; f=z.ZipFile('../z','w',z.ZIP_DEFLATED); "
          "[f.write(n) for n in ('b.csv','a.csv','empty.csv','sub/d.txt','.hidden')]; f.close()\"");
    shell("cd in && tar cf ../t b.csv a.csv empty.csv sub .hidden link && cd .. && "
          "gzip -c t > tgz && xz -c t > txz && zstd -qc t > tzst && bzip2 -c t > tbz && lz4 -qc t "
          "> tlz");
}
