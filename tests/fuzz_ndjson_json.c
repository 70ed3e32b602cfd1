/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as JSON documents. The first byte chooses form, pointer and cut, the rest is the
 * input. Held: rows and rejected records are all records; every kernel and every cut of the input
 * give the same; one valid list of objects gives all of them.
 */
#include "ndjson_rig.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static char *decoded(const uint8_t *data, size_t size, uint8_t choice, int kernel, size_t block,
                     int64_t *records)
{
    static const uint32_t forms[] = {QETL_FORM_VALUE, QETL_FORM_LEXICAL};
    static const char *const pointers[] = {"", "/a", "/a/1", ""};
    struct rig rig;
    ndjson_rig_open(&rig, choice & 2 ? "{\"new_columns\":\"drop\"}" : NULL);
    rig.across = true;
    rig.kernel = kernel_at(kernel);
    rig.max_record = choice & 32 ? 40 : 1 << 20;
    expect(!json_path_read(&rig.path, pointers[choice >> 2 & 3]), "a pointer");
    rig_infer(&rig, data, size);
    expect(!rig.status, "the sample is taken");
    rig_want(&rig, forms[choice & 1]);
    rig_run(&rig, data, size, block, choice);
    expect(!rig.status, "all is decoded");
    expect(rig.rows + rig.rejected == rig.records, "rows + rejected = records");
    *records = rig.records;
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

/* That a file ends too early is said before or behind what was wrong with its last records. */
static void empties_remove(char *text)
{
    static const char empty[] = "!bad_json:\n";
    for (char *at = strstr(text, empty); at; at = strstr(at, empty))
        if (at == text || at[-1] == '\n')
            memmove(at, at + sizeof empty - 1, strlen(at + sizeof empty - 1) + 1);
        else
            at++;
}

static void same(char *a, char *b)
{
    empties_remove(a);
    empties_remove(b);
    expect(!strcmp(a, b), "one result");
}

static void list_expect(const uint8_t *data, size_t size, int64_t records)
{
    json_t *list = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    if (json_is_array(list))
        expect((int64_t)json_array_size(list) == records, "an element is a record");
    json_decref(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t records, again;
    if (size < 1 || size > 4096)
        return 0;
    uint8_t choice = *data++;
    size--;
    char *whole = decoded(data, size, choice, ndjson_kernels_count - 1, SIZE_MAX, &records);
    for (int k = 0; k < ndjson_kernels_count; k++) {
        char *other = decoded(data, size, choice, k, k ? 0 : 1 + choice % 13, &again);
        expect(records == again, "as many records");
        same(whole, other);
        free(other);
    }
    if (!(choice >> 2 & 3) && !(choice & 32))
        list_expect(data, size, records);
    free(whole);
    return 0;
}
