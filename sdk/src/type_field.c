/* SPDX-License-Identifier: Apache-2.0 */
/* From SQL names to fields, nested ones too: integer[], struct(a integer, "b c" text[]), json. */
#include "internal.h"

#include <stdio.h>

enum { WORD_MAX = 80 };

struct sql {
    const char *at;
    int depth;
    struct qetl_text bad; /* the first words that are no type, if it failed at such */
};

static void blanks_skip(struct sql *sql)
{
    while (*sql->at && strchr(" \t\r\n", *sql->at))
        sql->at++;
}

static bool accept(struct sql *sql, char c)
{
    blanks_skip(sql);
    if (*sql->at != c)
        return false;
    sql->at++;
    return true;
}

static bool letter_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c & (char)0x80;
}

/* "quoted ""name""" into out, which has room for all of the text. */
static bool name_quoted(struct sql *sql, char *out)
{
    for (;;) {
        if (!*sql->at)
            return false;
        if (*sql->at == '"' && sql->at[1] != '"')
            break;
        sql->at += *sql->at == '"';
        *out++ = *sql->at++;
    }
    *out = 0;
    sql->at++;
    return true;
}

static bool name_read(struct sql *sql, char *out)
{
    if (accept(sql, '"'))
        return name_quoted(sql, out);
    char *begin = out;
    while (letter_is_name(*sql->at))
        *out++ = *sql->at++;
    *out = 0;
    return out > begin;
}

/* The words of a scalar type: up to a comma, bracket or closing parenthesis of what is around. */
static int32_t scalar_read(struct sql *sql, const char *name, struct ArrowSchema *out)
{
    char word[WORD_MAX], format[QETL_TYPE_FORMAT_MAX];
    const char *begin = sql->at;
    int open = 0;
    for (; *sql->at && !(strchr(",)[", *sql->at) && !open); sql->at++)
        open += (*sql->at == '(') - (*sql->at == ')');
    size_t size = (size_t)(sql->at - begin);
    while (size && strchr(" \t\r\n", begin[size - 1]))
        size--;
    sql->bad = (struct qetl_text){begin, (int64_t)size};
    if (!size || size >= sizeof word)
        return QETL_E_UNSUPPORTED;
    memcpy(word, begin, size);
    word[size] = 0;
    bool json = !strcasecmp(word, "json");
    int32_t status = json ? QETL_OK : qetl_type_parse(word, format);
    if (!status)
        status = qetl_schema_init_field(out, name, json ? "vu" : format);
    if (!status && json)
        status = qetl_schema_set_metadata(out, "qetl:type", "json");
    if (!status)
        sql->bad.size = 0;
    return status;
}

static int32_t type_read(struct sql *sql, const char *name, struct ArrowSchema *out);

static int32_t member_read(struct sql *sql, struct ArrowSchema *parent, char *name)
{
    struct ArrowSchema child = {0};
    blanks_skip(sql);
    if (!name_read(sql, name) || qetl_schema_find(parent, name) >= 0)
        return QETL_E_UNSUPPORTED;
    int32_t status = type_read(sql, name, &child);
    if (!status)
        status = qetl_schema_append(parent, &child);
    qetl_schema_release(&child);
    return status;
}

/* Behind the opening parenthesis. */
static int32_t struct_read(struct sql *sql, const char *name, struct ArrowSchema *out)
{
    char *member = malloc(strlen(sql->at) + 1);
    int32_t status = member ? qetl_schema_init_field(out, name, "+s") : QETL_E_NO_MEMORY;
    do {
        if (!status)
            status = member_read(sql, out, member);
    } while (!status && accept(sql, ','));
    if (!status && !accept(sql, ')'))
        status = QETL_E_UNSUPPORTED;
    free(member);
    return status;
}

/* Behind [ and ]: what was read becomes the list's elements. */
static int32_t list_wrap(const char *name, struct ArrowSchema *field)
{
    struct ArrowSchema list = {0};
    int32_t status = qetl_schema_set_name(field, "item");
    if (!status)
        status = qetl_schema_init_field(&list, name, "+l");
    if (!status)
        status = qetl_schema_append(&list, field);
    if (status) {
        qetl_schema_release(&list);
        return status;
    }
    *field = list;
    return QETL_OK;
}

static bool word_accept(struct sql *sql, const char *word)
{
    size_t size = strlen(word);
    blanks_skip(sql);
    if (strncasecmp(sql->at, word, size) != 0)
        return false;
    struct sql behind = {.at = sql->at + size};
    if (!accept(&behind, '('))
        return false;
    sql->at = behind.at;
    return true;
}

static int32_t type_read(struct sql *sql, const char *name, struct ArrowSchema *out)
{
    int32_t status;
    int lists = 0;
    if (++sql->depth > QETL_SDK_DEPTH_MAX)
        return QETL_E_UNSUPPORTED;
    status = word_accept(sql, "struct") ? struct_read(sql, name, out) : scalar_read(sql, name, out);
    while (!status && accept(sql, '[')) {
        status = accept(sql, ']') && sql->depth + ++lists <= QETL_SDK_DEPTH_MAX
                     ? list_wrap(name, out)
                     : QETL_E_UNSUPPORTED;
    }
    sql->depth--;
    return status;
}

int32_t qetl_sdk_type_field(const char *type, const char *name, struct ArrowSchema *out,
                            struct qetl_text *bad)
{
    struct sql sql = {.at = type ? type : ""};
    memset(out, 0, sizeof *out);
    blanks_skip(&sql);
    int32_t status = type_read(&sql, name, out);
    blanks_skip(&sql);
    if (!status && *sql.at)
        status = QETL_E_UNSUPPORTED;
    if (status)
        qetl_schema_release(out);
    *bad = sql.bad;
    return status;
}

int32_t qetl_type_field(const char *type, const char *name, struct ArrowSchema *out)
{
    struct qetl_text bad;
    return qetl_sdk_type_field(type, name, out, &bad);
}
