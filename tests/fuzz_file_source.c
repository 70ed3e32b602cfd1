/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file` on a file of any bytes: whatever it holds, small steps and large ones bring the
 * same, a position brings the rest, and the end is an end or an error. */
#include "fake_host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20, STEP = 1 << 16 };

struct reading {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    uint64_t hash;
    int64_t total, objects, offset;
    int32_t status;
    uint8_t position[8192];
    size_t position_size;
};

static void reading_open(struct reading *r, const char *path, const struct qetl_blob *position)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    char config[128];
    memset(r, 0, sizeof *r);
    snprintf(config, sizeof config, "{\"path\":\"%s\"}", path);
    qetl_fake_host_init(&r->fake, config);
    qetl_plugin_entry(&r->fake.host, r->fake.ctx, &abi, &plugin);
    r->component = plugin->components[0];
    r->self = calloc(1, r->component->state_size);
    r->status = r->component->create(r->self, &r->fake.host, r->fake.ctx, r->fake.config_json);
    if (!r->status)
        r->status = r->component->start(r->self);
    if (!r->status)
        r->status = r->component->source->open(r->self, (struct qetl_blob){0}, position);
}

static void item_take(struct reading *r, const struct qetl_item *item, const uint8_t *space)
{
    if (item->flags & QETL_ITEM_OBJECT_START)
        r->offset = item->offset;
    assert(item->offset == r->offset && item->object && item->flags & QETL_ITEM_CUT);
    for (int64_t i = 0; i < item->bytes; i++)
        r->hash = (r->hash ^ space[i]) * 1099511628211u;
    if (item->flags & QETL_ITEM_OBJECT_END)
        r->hash = (r->hash ^ 0x100) * 1099511628211u;
    r->objects += (item->flags & QETL_ITEM_OBJECT_END) != 0;
    r->total += item->bytes;
    r->offset += item->bytes;
    assert(item->position.size <= sizeof r->position);
    memcpy(r->position, item->position.data, item->position.size);
    r->position_size = item->position.size;
}

/* At most `items` items in steps of `step` bytes. */
static void reading_run(struct reading *r, int64_t step, int64_t items)
{
    uint8_t *space = malloc((size_t)step);
    while (r->status >= 0 && r->status != QETL_END && items-- > 0 && r->total < MOST) {
        struct qetl_item item = {.struct_size = sizeof item};
        struct qetl_demand demand = {
            .struct_size = sizeof demand, .max_bytes = step, .space = space};
        r->status = r->component->source->next(r->self, &demand, &item);
        assert(r->status == QETL_BYTES || r->status == QETL_END || r->status < 0);
        if (r->status == QETL_BYTES)
            item_take(r, &item, space);
    }
    if (r->status < 0)
        assert(r->fake.n_errors == 1 && strchr(qetl_fake_host_message(&r->fake), '/'));
    free(space);
}

static void reading_close(struct reading *r)
{
    r->component->destroy(r->self);
    free(r->self);
    assert(qetl_fake_host_free(&r->fake) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, part, rest;
    char path[64];
    if (size < 2 || size > 1 << 18)
        return 0;
    int64_t step = 1 + data[0] * 7, items = 1 + data[1] % 5;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data + 2, size - 2) == (ssize_t)(size - 2));
    lseek(fd, 0, SEEK_SET);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    reading_open(&whole, path, NULL);
    reading_run(&whole, STEP, INT64_MAX);
    reading_open(&part, path, NULL);
    reading_run(&part, step, items);
    if (part.status == QETL_BYTES && part.total < MOST) {
        struct qetl_blob position = {part.position, part.position_size};
        reading_open(&rest, path, &position);
        rest.hash = part.hash;
        rest.offset = part.offset;
        reading_run(&rest, step + 1, INT64_MAX);
        if (whole.total < MOST && rest.total < MOST) {
            /* How many bytes come before damage is the decoders' affair. */
            assert((rest.status == QETL_END) == (whole.status == QETL_END));
            assert(part.objects + rest.objects == whole.objects);
            assert(whole.status != QETL_END || part.total + rest.total == whole.total);
            assert(whole.status != QETL_END || rest.hash == whole.hash);
        }
        reading_close(&rest);
    }
    reading_close(&part);
    reading_close(&whole);
    close(fd);
    return 0;
}
