/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file` told to go on at a position of any bytes: it refuses it, or reads on. */
#include "fake_host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char content[] = "one\ntwo\nthree\n";

/* A position that holds, with the fuzzer's bytes in the place of some of its own. */
static void reading(const char *config, const uint8_t *data, size_t size, bool change)
{
    static uint8_t position[1 << 16];
    const struct qetl_plugin *plugin;
    uint8_t space[64];
    uint32_t abi = QETL_ABI_VERSION;
    struct qetl_fake_host fake;
    struct qetl_blob blob = {data, size};
    for (int pass = change ? 0 : 1; pass < 2; pass++) {
        qetl_fake_host_init(&fake, config);
        qetl_plugin_entry(&fake.host, fake.ctx, &abi, &plugin);
        const struct qetl_component *component = plugin->components[0];
        void *self = calloc(1, component->state_size);
        int32_t status = component->create(self, &fake.host, fake.ctx, fake.config_json);
        assert(!status && !component->start(self));
        status = component->source->open(self, (struct qetl_blob){0}, pass ? &blob : NULL);
        for (int i = 0; i < 20 && status >= 0 && (pass || i < 2); i++) {
            struct qetl_item item = {.struct_size = sizeof item};
            struct qetl_demand demand = {
                .struct_size = sizeof demand, .max_bytes = 8, .space = space};
            status = component->source->next(self, &demand, &item);
            if (!pass && status == QETL_BYTES && item.position.size <= sizeof position) {
                memcpy(position, item.position.data, item.position.size);
                blob = (struct qetl_blob){position, item.position.size};
                for (size_t k = 0; k + 1 < size; k += 2)
                    position[data[k] * 3u % blob.size] ^= data[k + 1];
            }
            if (status == QETL_IDLE || status == QETL_END)
                break;
        }
        assert(status >= 0 || fake.n_errors > 0);
        component->destroy(self);
        free(self);
        assert(qetl_fake_host_free(&fake) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], config[160];
    if (size < 1 || size > 1 << 16)
        return 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, content, sizeof content - 1) == (ssize_t)sizeof content - 1);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    for (int follows = 0; follows < 2; follows++) {
        snprintf(config, sizeof config, "{\"path\":\"%s\"%s}", path,
                 follows ? ",\"follow\":true,\"follow_poll_ms\":1000" : "");
        reading(config, data + 1, size - 1, data[0] & 1);
    }
    close(fd);
    return 0;
}
