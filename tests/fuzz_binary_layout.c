/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a layout file, or as a struct string: refused with a reason, or records are read by
 * it. */
#include "rig_binary.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void struct_try(const uint8_t *data, size_t size, const uint8_t *bytes, int64_t n)
{
    struct rig_binary rig;
    json_t *text = json_stringn((const char *)data, size), *options;
    char *dumped;

    if (!text || memchr(data, 0, size)) {
        json_decref(text);
        return;
    }
    options = json_pack("{s:o}", "struct", text);
    dumped = json_dumps(options, 0);
    rig_binary_open(&rig, dumped);
    if (rig_binary_run(&rig, bytes, n, 0) && !rig.fake.n_errors)
        abort();
    rig_binary_close(&rig);
    free(dumped);
    json_decref(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_binary rig;
    uint8_t bytes[600];
    char options[128];

    if (size > 4096)
        return 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i < 300 ? i % 7 : i * i);
    if (size < 64)
        struct_try(data, size, bytes, sizeof bytes);
    snprintf(options, sizeof options, "{\"layout\": \"%s\"}",
             rig_binary_file((const char *)data, size));
    rig_binary_open(&rig, options);
    if (rig_binary_run(&rig, bytes, sizeof bytes, 0) && !rig.fake.n_errors)
        abort();
    rig_binary_close(&rig);
    return 0;
}
