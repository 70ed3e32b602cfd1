/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key-value metadata of a field, in Arrow's encoding: int32 count, then per entry int32 size and
 * bytes of the key, and the same of the value. Native byte order, nothing aligned, nothing
 * terminated.
 */
#include "internal.h"

struct entry {
    const char *key, *value;
    int32_t key_size, value_size;
};

static int32_t int_read(const char *at)
{
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static char *int_write(char *at, int32_t value)
{
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

/* Answers the place behind the entry. */
static const char *entry_read(const char *at, struct entry *out)
{
    out->key_size = int_read(at);
    out->key = at + 4;
    at = out->key + out->key_size;
    out->value_size = int_read(at);
    out->value = at + 4;
    return out->value + out->value_size;
}

static char *entry_write(char *at, const struct entry *entry)
{
    at = int_write(at, entry->key_size);
    memcpy(at, entry->key, (size_t)entry->key_size);
    at = int_write(at + entry->key_size, entry->value_size);
    memcpy(at, entry->value, (size_t)entry->value_size);
    return at + entry->value_size;
}

static bool entry_is(const struct entry *entry, const char *key)
{
    return strlen(key) == (size_t)entry->key_size &&
           !memcmp(entry->key, key, (size_t)entry->key_size);
}

size_t qetl_sdk_metadata_size(const char *metadata)
{
    const char *at = metadata + 4;
    struct entry entry;
    for (int32_t i = int_read(metadata); i > 0; i--)
        at = entry_read(at, &entry);
    return (size_t)(at - metadata);
}

char *qetl_sdk_metadata_with(const char *metadata, const char *key, const char *value)
{
    size_t old_size = metadata ? qetl_sdk_metadata_size(metadata) : 4;
    struct entry set = {key, value, (int32_t)strlen(key), (int32_t)strlen(value)}, entry;
    char *made = malloc(old_size + 8 + (size_t)set.key_size + (size_t)set.value_size);
    if (!made)
        return NULL;
    int32_t n = metadata ? int_read(metadata) : 0, count = 1;
    char *to = made + 4;
    const char *at = metadata ? metadata + 4 : NULL;
    for (int32_t i = 0; i < n; i++) {
        at = entry_read(at, &entry);
        if (!entry_is(&entry, key)) {
            to = entry_write(to, &entry);
            count++;
        }
    }
    entry_write(to, &set);
    int_write(made, count);
    return made;
}

const char *qetl_schema_metadata(const struct ArrowSchema *schema, const char *key, size_t *size)
{
    if (!schema->metadata)
        return NULL;
    const char *at = schema->metadata + 4;
    struct entry entry;
    for (int32_t i = int_read(schema->metadata); i > 0; i--) {
        at = entry_read(at, &entry);
        if (entry_is(&entry, key)) {
            *size = (size_t)entry.value_size;
            return entry.value;
        }
    }
    return NULL;
}
