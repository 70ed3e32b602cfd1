/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as records of several layouts, by every kernel and in every cut: the same values, valid
 * arrays, no record lost. The first byte chooses the layout, the second the blocks.
 */
#include "rig_binary.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const layouts[] = {
    "{\"fields\": [{\"name\": \"a\", \"type\": \"u16\"}, {\"name\": \"t\", \"type\": \"text\", "
    "\"size\": 11}, {\"name\": \"p\", \"type\": \"packed\", \"size\": 3, \"scale\": 1}]}",
    "{\"endian\": \"big\", \"header\": {\"size\": 4, \"count\": {\"at\": 1, \"type\": \"u8\"}}, "
    "\"fields\": [{\"name\": \"t\", \"type\": \"text\", \"prefix\": \"u8\"}, {\"name\": \"n\", "
    "\"type\": \"u8\"}, {\"name\": \"l\", \"type\": \"i24\", \"count_field\": \"n\"}]}",
    "{\"trailer\": 3, \"fields\": [{\"name\": \"k\", \"type\": \"u8\"}], \"types\": {\"by\": "
    "\"k\", "
    "\"of\": [{\"when\": 0, \"fields\": [{\"name\": \"a\", \"type\": \"f32\"}]}, {\"when\": 1, "
    "\"fields\": [{\"name\": \"b\", \"type\": \"bytes\", \"prefix\": \"u16\"}]}]}}",
    "{\"record_size\": 9, \"fields\": [{\"name\": \"k\", \"type\": \"i8\"}], \"types\": {\"by\": "
    "\"k\", \"of\": [{\"when\": 65, \"fields\": [{\"name\": \"d\", \"type\": \"u32\", \"time\": "
    "{\"epoch\": \"dos\"}}]}, {\"when\": 66, \"fields\": [{\"name\": \"e\", \"type\": \"u8\", "
    "\"enum\": {\"1\": \"x\"}}]}]}}",
    "{\"header\": {\"size\": 1, \"bytes\": {\"at\": 0, \"type\": \"u8\"}}, \"fields\": [{\"name\": "
    "\"s\", \"type\": \"struct\", \"count\": 2, \"fields\": [{\"name\": \"w\", \"type\": \"text\", "
    "\"size\": 4, \"encoding\": \"utf-16le\"}, {\"type\": \"u16\", \"bits\": [{\"name\": \"x\", "
    "\"width\": 5}, {\"name\": \"y\", \"width\": 11, \"signed\": true}]}]}]}",
    "{\"fields\": [{\"name\": \"w\", \"type\": \"u64\", \"time\": {\"epoch\": \"windows\", "
    "\"unit\": \"100ns\"}}, {\"name\": \"t\", \"type\": \"text\", \"size\": 40, \"trim\": "
    "\"both\", "
    "\"null\": \"\"}]}",
};

static void options_make(char *out, size_t size, uint8_t choice)
{
    static const char *const structs[] = {"<IQIq32s", "@bhilqefd?c9p", ">3H2x70s"};
    size_t n = sizeof layouts / sizeof *layouts, k = choice % (n + 3);

    if (k >= n)
        snprintf(out, size, "{\"struct\": \"%s\", \"text\": \"text\", \"trim\": \"nul\"}",
                 structs[k - n]);
    else
        snprintf(out, size, "{\"layout\": \"%s\"}",
                 rig_binary_file(layouts[k], strlen(layouts[k])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig_binary first, other;
    char options[256];

    if (size < 3 || size > 4096)
        return 0;
    options_make(options, sizeof options, data[0]);
    rig_binary_open(&first, options);
    first.kernel = &binary_kernel_portable;
    rig_binary_run(&first, data + 2, (int64_t)size - 2, 0);
    if (!first.status && first.rows + first.rejected != first.records)
        abort();
    for (int k = 0; k < binary_kernels_count; k++) {
        if (!binary_kernels[k]->usable())
            continue;
        rig_binary_open(&other, options);
        other.kernel = binary_kernels[k];
        rig_binary_run(&other, data + 2, (int64_t)size - 2, 1 + data[1]);
        if (other.status != first.status || other.hash != first.hash || other.rows != first.rows ||
            other.rejected != first.rejected) {
            fprintf(stderr, "%s: %s: %lld rows, %lld rejected; whole: %lld, %lld\n", options,
                    binary_kernels[k]->name, (long long)other.rows, (long long)other.rejected,
                    (long long)first.rows, (long long)first.rejected);
            abort();
        }
        rig_binary_close(&other);
    }
    rig_binary_close(&first);
    return 0;
}
