/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a component's state that a restart brings back, by a table. */
#include "row.h"

enum { KEPT_MAX = QETL_PARCEL_MAX - 16, TEXT_HEAD = 4 };

static void *field_of(void *self, const struct qetl_kept_field *field)
{
    return (char *)self + field->offset;
}

int32_t qetl_sdk_kept_check(struct qetl_env env, struct qetl_kept_table table)
{
    size_t size = 0;
    for (int64_t i = 0; i < table.n; i++) {
        size += table.fields[i].size + TEXT_HEAD;
        if (!table.fields[i].text && table.fields[i].size != sizeof(int64_t))
            return qetl_fail(env, QETL_E_FATAL, NULL, "mend the plugin",
                             "kept field %lld is no int64_t", (long long)i);
    }
    return size <= KEPT_MAX
               ? QETL_OK
               : qetl_fail(env, QETL_E_FATAL, NULL, "mend the plugin",
                           "all kept fields together may have %d bytes, not %zu", KEPT_MAX, size);
}

void qetl_sdk_kept_clear(struct qetl_kept_table table, void *self)
{
    for (int64_t i = 0; i < table.n; i++)
        memset(field_of(self, &table.fields[i]), 0, table.fields[i].size);
}

void qetl_sdk_kept_put(struct qetl_kept_table table, const void *self, struct qetl_parcel *to)
{
    for (int64_t i = 0; i < table.n; i++) {
        const struct qetl_kept_field *field = &table.fields[i];
        const char *at = (const char *)self + field->offset;
        int64_t number;
        if (field->text) {
            qetl_parcel_put_bytes(to, at, strnlen(at, field->size - 1));
            continue;
        }
        memcpy(&number, at, sizeof number);
        qetl_parcel_put_int(to, number);
    }
}

/* self NULL: looks at them only. */
static int32_t fields_take(struct qetl_kept_table table, void *self, struct qetl_parcel_in in)
{
    for (int64_t i = 0; i < table.n; i++) {
        const struct qetl_kept_field *field = &table.fields[i];
        if (!field->text) {
            int64_t number = qetl_parcel_int(&in);
            if (self)
                memcpy(field_of(self, field), &number, sizeof number);
            continue;
        }
        struct qetl_blob text = qetl_parcel_bytes(&in);
        if (text.size >= field->size || (text.size && memchr(text.data, 0, text.size)))
            return QETL_E_UNSUPPORTED;
        if (self)
            memset(field_of(self, field), 0, field->size);
        if (self && text.size)
            memcpy(field_of(self, field), text.data, text.size);
    }
    return qetl_parcel_close(&in);
}

int32_t qetl_sdk_kept_take(struct qetl_kept_table table, void *self, struct qetl_parcel_in from)
{
    int32_t status = fields_take(table, NULL, from);
    return status ? status : fields_take(table, self, from);
}

size_t qetl_sdk_kept_size(struct qetl_kept_table table)
{
    size_t size = 0;
    for (int64_t i = 0; i < table.n; i++)
        size += table.fields[i].size;
    return size;
}

void qetl_sdk_kept_copy(struct qetl_kept_table table, const void *self, uint8_t *to)
{
    for (int64_t i = 0; i < table.n; to += table.fields[i++].size)
        memcpy(to, (const char *)self + table.fields[i].offset, table.fields[i].size);
}

void qetl_sdk_kept_return(struct qetl_kept_table table, void *self, const uint8_t *from)
{
    for (int64_t i = 0; i < table.n; from += table.fields[i++].size)
        memcpy(field_of(self, &table.fields[i]), from, table.fields[i].size);
}
