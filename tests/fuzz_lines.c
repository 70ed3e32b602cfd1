/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as lines. The first byte chooses separator, encoding and form, the second the
 * block. Held: rows and rejected records are all records; batches are valid; every cut gives the
 * same; bytes that are read as lines and written again are the same but for the last line's end.
 */
#include "format_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
qetl_plugin_entry_fn qetl_plugin_entry;

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void rig_open(struct format_rig *rig, uint8_t choice, bool exact)
{
    static const char *const separators[] = {"\\\\n", "\\\\0", "aa", "\\\\n--\\\\n"};
    static const char *const encodings[] = {"utf-8", "binary", "windows-1252", "utf-8"};
    char options[400];
    snprintf(options, sizeof options,
             "{\"column\":\"line\",\"separator\":\"%s\",\"carriage_return\":\"%s\","
             "\"blank\":\"%s\",\"max_bytes\":%d,\"encoding\":\"%s\",\"invalid\":\"%s\","
             "\"file_column\":\"f\",\"offset_column\":\"o\",\"nulls\":\"reject\"}",
             separators[choice & 3], exact || choice & 4 ? "keep" : "strip",
             !exact && choice & 8 ? "skip" : "keep", !exact && choice & 16 ? 7 : 0,
             exact ? "binary" : encodings[choice >> 5 & 3], choice & 128 ? "replace" : "reject");
    format_rig_open(rig, qetl_plugin_entry, "lines", options);
}

static char *read_as(const uint8_t *data, size_t size, uint8_t choice, size_t block)
{
    static const uint32_t forms[] = {QETL_FORM_VALUE, QETL_FORM_LEXICAL};
    struct format_rig rig;
    rig_open(&rig, choice, false);
    rig.max_record = choice & 64 ? 20 : 1 << 20;
    format_rig_run(&rig, data, size, forms[choice & 1], block);
    expect(!rig.status, "all is read");
    expect(rig.rows + rig.rejected == rig.records, "rows + rejected = records");
    char *text = format_rig_take(&rig);
    format_rig_close(&rig);
    return text;
}

static void write_again(const uint8_t *data, size_t size, uint8_t choice)
{
    struct format_rig rig;
    rig_open(&rig, choice, true);
    rig.encode = true;
    format_rig_run(&rig, data, size, QETL_FORM_VALUE, SIZE_MAX / 4);
    expect(!rig.status && !rig.rejected, "all is written");
    expect((size_t)rig.encoded.space.size >= size, "nothing is lost");
    expect(!size || !memcmp(rig.encoded.space.data, data, size), "what was read is written");
    format_rig_close(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    uint8_t choice = data[0], block = data[1];
    data += 2;
    size -= 2;
    char *whole = read_as(data, size, choice, SIZE_MAX / 4);
    char *cut = read_as(data, size, choice, (size_t)(block & 31) + 1);
    expect(!strcmp(whole, cut), "cuts agree");
    free(whole);
    free(cut);
    write_again(data, size, choice);
    return 0;
}
