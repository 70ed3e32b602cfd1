/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that options name, and what was meant where there is none of the name. */
#include "internal.h"

#include <stdio.h>

int32_t qetl_option_pointer(char *out, size_t size, const char *parent, const char *key)
{
    size_t used = strlen(parent);
    if (used + 2 > size)
        return QETL_E_UNSUPPORTED;
    memcpy(out, parent, used);
    out[used++] = '/';
    for (; *key; key++) {
        bool escaped = *key == '~' || *key == '/';
        if (used + 3 > size)
            return QETL_E_UNSUPPORTED;
        out[used++] = escaped ? '~' : *key;
        if (escaped)
            out[used++] = *key == '~' ? '0' : '1';
    }
    out[used] = '\0';
    return QETL_OK;
}

/* Length of the longest common beginning and end, any case: enough to find what was meant. */
static size_t likeness(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), head = 0, tail = 0;
    while (head < n && head < m && (a[head] | 32) == (b[head] | 32))
        head++;
    while (tail < n - head && tail < m - head && (a[n - 1 - tail] | 32) == (b[m - 1 - tail] | 32))
        tail++;
    return head + tail;
}

static const char *name_of(const struct ArrowSchema *schema, int64_t i)
{
    return schema->children[i]->name ? schema->children[i]->name : "";
}

static int32_t fail_unknown(struct qetl_env env, const struct ArrowSchema *schema,
                            const char *option, const char *name)
{
    char mend[400] = "";
    size_t best = 0, used = 0;
    const char *near = NULL;
    for (int64_t i = 0; i < schema->n_children; i++) {
        size_t like = likeness(name, name_of(schema, i));
        if (like > best && 2 * like >= strlen(name_of(schema, i))) {
            best = like;
            near = name_of(schema, i);
        }
    }
    if (near)
        used = (size_t)snprintf(mend, sizeof mend, "did you mean \"%.80s\"? ", near);
    used += (size_t)snprintf(mend + used, sizeof mend - used, "the input has");
    for (int64_t i = 0; i < schema->n_children && used + 90 < sizeof mend; i++)
        used += (size_t)snprintf(mend + used, sizeof mend - used, "%s \"%.80s\"", i ? "," : "",
                                 name_of(schema, i));
    return qetl_fail(env, QETL_E_CONFIG, option, mend, "there is no column \"%s\"", name);
}

int64_t qetl_schema_require(struct qetl_env env, const struct ArrowSchema *schema,
                            const char *option, const char *name)
{
    if (!name)
        return qetl_fail(env, QETL_E_CONFIG, option, "write a column's name",
                         "a name was expected here");
    int64_t column = qetl_schema_find(schema, name);
    return column >= 0 ? column : fail_unknown(env, schema, option, name);
}
