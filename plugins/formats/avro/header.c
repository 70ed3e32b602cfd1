/* SPDX-License-Identifier: Apache-2.0 */
#include "header.h"

#include "wire.h"

#include <stdio.h>

struct cursor {
    const uint8_t *at, *end;
    char *fault;
};

static int32_t fault_set(struct cursor *c, const char *text)
{
    snprintf(c->fault, AVRO_FAULT_TEXT, "%s", text);
    return QETL_E_DATA;
}

static int32_t long_read(struct cursor *c, int64_t *out)
{
    switch (avro_varint(&c->at, c->end, out)) {
    case AVRO_WIRE_OK:
        return QETL_OK;
    case AVRO_WIRE_SHORT:
        return QETL_NEED_INPUT;
    default:
        return fault_set(c, "a number in its header has more than 64 bits");
    }
}

static int32_t bytes_read(struct cursor *c, struct qetl_text *out)
{
    int64_t size;
    int32_t status = long_read(c, &size);
    if (status)
        return status;
    if (size < 0 || size > AVRO_HEADER_MAX)
        return fault_set(c, "its header has a text of an impossible length");
    if (size > c->end - c->at)
        return QETL_NEED_INPUT;
    *out = (struct qetl_text){(const char *)c->at, size};
    c->at += size;
    return QETL_OK;
}

static bool text_is(struct qetl_text text, const char *word)
{
    return text.size == (int64_t)strlen(word) && !memcmp(text.data, word, strlen(word));
}

static int32_t entry_read(struct cursor *c, struct avro_header *out)
{
    struct qetl_text key, value;
    int32_t status = bytes_read(c, &key);
    if (!status)
        status = bytes_read(c, &value);
    if (status)
        return status;
    if (text_is(key, "avro.schema")) {
        out->schema = value.data;
        out->schema_size = value.size;
    } else if (text_is(key, "avro.codec") && value.size) {
        out->codec = value.data;
        out->codec_size = value.size;
    }
    return QETL_OK;
}

static int32_t metadata_read(struct cursor *c, struct avro_header *out)
{
    int64_t count, bytes;
    int32_t status = long_read(c, &count);
    while (!status && count) {
        if (count == INT64_MIN)
            return fault_set(c, "its header has an impossible number of entries");
        if (count < 0)
            status = long_read(c, &bytes);
        for (int64_t i = count < 0 ? -count : count; !status && i > 0; i--)
            status = entry_read(c, out);
        if (!status)
            status = long_read(c, &count);
    }
    return status;
}

static int32_t header_read(struct cursor *c, struct avro_header *out)
{
    static const char magic[] = {'O', 'b', 'j', 1};
    int64_t size = c->end - c->at, known = size < 4 ? size : 4;
    if (memcmp(c->at, magic, (size_t)known) != 0)
        return fault_set(c, known > 3 && !memcmp(c->at, magic, 3)
                                ? "it is a container of another version of Avro than 1"
                                : "it is no container file of Avro: it does not begin with Obj");
    if (size < 4)
        return QETL_NEED_INPUT;
    c->at += 4;
    int32_t status = metadata_read(c, out);
    if (status)
        return status;
    if (!out->schema)
        return fault_set(c, "its header has no avro.schema");
    if (c->end - c->at < AVRO_SYNC_BYTES)
        return QETL_NEED_INPUT;
    out->sync = c->at;
    out->size = size - (c->end - c->at) + AVRO_SYNC_BYTES;
    return QETL_OK;
}

int32_t avro_header_read(const uint8_t *data, int64_t size, struct avro_header *out,
                         char fault[AVRO_FAULT_TEXT])
{
    static const uint8_t nothing[1];
    struct cursor c = {data ? data : nothing, data ? data + size : nothing, fault};
    *out = (struct avro_header){.codec = "null", .codec_size = 4};
    *fault = 0;
    int32_t status = header_read(&c, out);
    if (status == QETL_NEED_INPUT && size > AVRO_HEADER_MAX)
        return fault_set(&c, "its header has more than 16 MiB");
    return status;
}

int32_t avro_header_open(struct qetl_env env, const struct avro_header *header, const char *object,
                         enum avro_codec *codec, struct avro_type *type)
{
    char fault[AVRO_FAULT_TEXT];
    object = object ? object : "input";
    if (!avro_codec_named(header->codec, header->codec_size, codec))
        return qetl_fail(env, QETL_E_UNSUPPORTED, NULL,
                         "write it with another codec: null, deflate, snappy, zstandard, bzip2, "
                         "xz",
                         "%s is packed with the codec \"%.*s\", which is not known", object,
                         (int)(header->codec_size < 40 ? header->codec_size : 40), header->codec);
    int32_t status = avro_schema_parse(header->schema, (size_t)header->schema_size, type, fault);
    if (status == QETL_E_NO_MEMORY)
        return status;
    return status ? qetl_fail(env, status, NULL, NULL, "the schema of %s cannot be read: %s",
                              object, fault)
                  : QETL_OK;
}
