/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as ndjson. The first byte chooses form and cut, the rest is the input, a part of
 * which is the sample. Held: rows and rejected records are all records; batches are valid; every
 * kernel and every cut give the same; what is encoded decodes to the same values again.
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

static char *decoded(const uint8_t *data, size_t size, uint8_t choice, int kernel, size_t block)
{
    static const uint32_t forms[] = {QETL_FORM_VALUE, QETL_FORM_LEXICAL, QETL_FORM_CHECKED,
                                     QETL_FORM_VALUE};
    static const char declared[] =
        "{\"types\":{\"n\":\"decimal(9,2)\",\"i\":\"smallint\",\"t\":\"text\","
        "\"z\":\"binary\",\"s\":\"timestamp\",\"j\":\"json\",\"g\":\"double\",\"o\":\"struct(a "
        "integer, b text[], c struct(d json)[])\"}}";
    struct rig rig;
    ndjson_rig_open(&rig, choice & 4 ? declared : NULL);
    rig.kernel = kernel_at(kernel);
    rig_infer(&rig, data, choice & 8 ? size / 2 : size);
    expect(!rig.status, "the sample is taken");
    rig_want(&rig, forms[choice & 3]);
    rig_run(&rig, data, size, block, choice);
    expect(!rig.status, "all is decoded");
    expect(rig.rows + rig.rejected == rig.records, "rows + rejected = records");
    /* The sample is read by the plain parser, which foresees nothing. Only names with NUL are
     * beyond it. */
    if (!(choice & 12) && (choice & 3) == 1 && !memmem(data, size, "0000", 4))
        expect(rig.rows == rig.infer.records, "prediction takes what the plain parser takes");
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

static char *encoded(const char *options, const void *data, size_t size, int64_t *rows, int kernel)
{
    struct rig rig;
    ndjson_rig_open(&rig, options);
    rig.kernel = kernel_at(kernel);
    rig_infer(&rig, data, size);
    rig_want_for_encode(&rig);
    rig_run(&rig, data, size, SIZE_MAX, 0);
    expect(!rig.status, "all is encoded");
    *rows = rig.rows;
    expect(rows && rig.rows + rig.rejected == rig.records, "nothing that was decoded is rejected");
    char *text = rig_take(&rig);
    ndjson_rig_close(&rig);
    return text;
}

/* Values of mixed kinds stay as they are spelled; where the others were rejected, those that are
 * left may be of one kind. */
static bool same_values(const char *line, size_t size, const char *other, size_t other_size)
{
    static const size_t flags = JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL;
    if (size == other_size && !memcmp(line, other, size))
        return true;
    json_t *one = json_loadb(line, size, flags, NULL),
           *two = json_loadb(other, other_size, flags, NULL);
    bool same = one && two && json_equal(one, two);
    json_decref(one);
    json_decref(two);
    return same;
}

static bool same_lines(const char *lines, const char *others)
{
    while (*lines && *others) {
        size_t n = strcspn(lines, "\n"), m = strcspn(others, "\n");
        if (!same_values(lines, n, others, m))
            return false;
        lines += n + (lines[n] != 0);
        others += m + (others[m] != 0);
    }
    return *lines == *others;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    uint8_t choice = *data++;
    size--;
    char *first = decoded(data, size, choice, ndjson_kernels_count - 1, SIZE_MAX);
    for (int k = 0; k < ndjson_kernels_count; k++) {
        char *whole = decoded(data, size, choice, k, SIZE_MAX);
        char *cut = decoded(data, size, choice, k, choice >> 4);
        expect(!strcmp(first, whole), "kernels agree");
        expect(!strcmp(first, cut), "cuts agree");
        free(whole);
        free(cut);
    }
    free(first);

    int64_t rows, again_rows;
    char *lines = encoded(NULL, data, size, &rows, choice % ndjson_kernels_count);
    char *again = encoded(NULL, lines, strlen(lines), &again_rows, 0);
    expect(rows == again_rows, "every line that was encoded is a record");
    expect(same_lines(lines, again), "what was encoded decodes to the same");
    free(lines);
    free(again);
    return 0;
}
