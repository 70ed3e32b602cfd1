/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a container file. The first byte chooses: the bytes as they are; blocks behind
 * a header whose schema has every type; or a schema, a NUL, and the blocks behind it; the second
 * the codec, what becomes of a block's length, and the cuts. Held: rows and rejected records are
 * all records; batches are valid; every cut gives the same; what was read is read again as it was
 * written.
 */
#include "format_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
qetl_plugin_entry_fn qetl_plugin_entry;

enum { FILE_MAX = 1 << 16, SYNC_BYTES = 16, MODES = 3, VARINT_MAX = 10 };

static const char sync_marker[] = "0123456789abcdef";
static const char all_types[] =
    "{\"type\":\"record\",\"name\":\"r\",\"fields\":["
    "{\"name\":\"a\",\"type\":\"long\"},{\"name\":\"b\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"c\",\"type\":{\"type\":\"array\",\"items\":[\"int\",\"null\"]}},"
    "{\"name\":\"d\",\"type\":{\"type\":\"map\",\"values\":\"bytes\"}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"x\","
    "\"a_longer_symbol\"]}},"
    "{\"name\":\"f\",\"type\":[\"string\",\"boolean\",\"null\",\"double\"]},"
    "{\"name\":\"g\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,"
    "\"scale\":3}},"
    "{\"name\":\"h\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"h\",\"fields\":["
    "{\"name\":\"i\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
    "{\"name\":\"j\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}}]}]},"
    "{\"name\":\"k\",\"type\":{\"type\":\"fixed\",\"name\":\"k\",\"size\":12,\"logicalType\":"
    "\"duration\"}},"
    "{\"name\":\"l\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"int\",\"logicalType\":\"time-millis\"}},"
    "{\"name\":\"n\",\"type\":[\"float\",\"double\"]}]}";
static const char *const codecs[] = {"null",  "deflate", "snappy", "zstandard",
                                     "bzip2", "xz",      "null",   "lzma"};

struct file {
    uint8_t data[FILE_MAX];
    size_t size;
};

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void put(struct file *file, const void *data, size_t size)
{
    size = size < FILE_MAX - file->size ? size : FILE_MAX - file->size;
    if (size)
        memcpy(file->data + file->size, data, size);
    file->size += size;
}

static void number_put(struct file *file, uint64_t value)
{
    uint8_t room[VARINT_MAX];
    size_t n = 0;
    for (value <<= 1; value > 127; value >>= 7)
        room[n++] = (uint8_t)(value | 128);
    room[n++] = (uint8_t)value;
    put(file, room, n);
}

static void text_put(struct file *file, const char *text, size_t size)
{
    number_put(file, size);
    put(file, text, size);
}

/* Pieces of the bytes become blocks: a byte for the rows, two for the size of the content. */
static void blocks_put(struct file *file, const uint8_t *data, size_t size)
{
    while (size > 3) {
        size_t rows = data[0] & 15, wanted = (size_t)(data[1] | (data[2] & 3) << 8);
        bool honest = !(data[2] & 128);
        data += 3;
        size -= 3;
        wanted = wanted < size ? wanted : size;
        number_put(file, honest ? rows : rows * UINT32_MAX);
        number_put(file, wanted);
        put(file, data, wanted);
        put(file, sync_marker, SYNC_BYTES);
        data += wanted;
        size -= wanted;
    }
}

static void file_make(struct file *file, const uint8_t *data, size_t size, uint8_t mode,
                      uint8_t choice)
{
    static const char magic[] = "Obj\1\4";
    const char *codec = codecs[choice & 7], *schema = all_types;
    size_t schema_size = sizeof all_types - 1;
    file->size = 0;
    if (mode % MODES == 0) {
        put(file, data, size);
        return;
    }
    if (mode % MODES == 2) {
        const uint8_t *end = memchr(data, 0, size);
        schema = (const char *)data;
        schema_size = end ? (size_t)(end - data) : size;
        data += end ? schema_size + 1 : size;
        size -= end ? schema_size + 1 : size;
    }
    put(file, magic, sizeof magic - 1);
    text_put(file, "avro.codec", 10);
    text_put(file, codec, strlen(codec));
    text_put(file, "avro.schema", 11);
    text_put(file, schema, schema_size);
    number_put(file, 0);
    put(file, sync_marker, SYNC_BYTES);
    blocks_put(file, data, size);
}

static void rig_open(struct format_rig *rig, uint8_t choice)
{
    char options[300];
    snprintf(options, sizeof options,
             "{\"new_columns\":\"%s\",\"max_block\":1048576,\"codec\":\"%s\",\"level\":0,"
             "\"block_bytes\":%d,\"record_name\":\"row\",\"namespace\":\"\",\"names\":\"strict\"}",
             choice & 64 ? "drop" : "reject", codecs[(choice >> 2) % 6], choice & 32 ? 32 : 65536);
    format_rig_open(rig, qetl_plugin_entry, "avro", options);
    rig->max_record = choice & 128 ? 60 : 1 << 20;
}

static char *read_as(const struct file *file, uint8_t choice, size_t cut)
{
    struct format_rig rig;
    rig_open(&rig, choice);
    format_rig_run(&rig, file->data, file->size, QETL_FORM_VALUE, cut);
    expect(rig.status <= 0, "all is read, or it fails");
    expect(!rig.status || rig.fake.n_errors || rig.status == QETL_E_NO_MEMORY,
           "what fails says why");
    expect(rig.status || rig.rows + rig.rejected == rig.records, "rows + rejected = records");
    char *text = rig.status ? NULL : format_rig_take(&rig);
    format_rig_close(&rig);
    return text;
}

/* What is read, written, and read again is the same. */
static void write_again(const struct file *file, uint8_t choice)
{
    struct format_rig rig, again;
    struct qetl_fake_space whole;
    rig_open(&rig, choice);
    rig.encode = true;
    rig.max_record = 1 << 30;
    format_rig_run(&rig, file->data, file->size, QETL_FORM_VALUE, SIZE_MAX / 4);
    if (!rig.status && rig.rows && !rig.rejected) {
        qetl_fake_space_init(&whole);
        expect(!rig.component->format->begin(rig.self, &whole.space), "it begins");
        expect(!qetl_space_put(&whole.space, rig.encoded.space.data, rig.encoded.space.size),
               "memory");
        rig_open(&again, choice);
        again.max_record = 1 << 30;
        format_rig_run(&again, whole.space.data, (size_t)whole.space.size, QETL_FORM_VALUE,
                       SIZE_MAX / 4);
        expect(!again.status && !again.rejected && again.rows == rig.rows, "all is read again");
        char *first = format_rig_take(&rig), *second = format_rig_take(&again);
        expect(!strcmp(first, second), "what was written is what was read");
        free(first);
        free(second);
        format_rig_close(&again);
        qetl_fake_space_free(&whole);
    }
    format_rig_close(&rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct file file;
    if (size < 2)
        return 0;
    file_make(&file, data + 2, size - 2, data[0], data[1]);
    char *whole = read_as(&file, data[1], SIZE_MAX / 4);
    char *cut = read_as(&file, data[1], (size_t)(data[0] >> 2) + 1);
    expect(!whole == !cut && (!whole || !strcmp(whole, cut)), "cuts agree");
    free(whole);
    free(cut);
    write_again(&file, data[1]);
    return 0;
}
