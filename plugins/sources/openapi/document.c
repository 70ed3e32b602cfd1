/* SPDX-License-Identifier: Apache-2.0 */
#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 64 << 20, HOPS_MAX = 64 };

/* ---- the file ---- */

static int32_t fail_read(const struct document *d)
{
    return qetl_fail(d->env, QETL_E_CONFIG, "/path", NULL, "%s: %s", d->path, strerror(errno));
}

/* To be freed. */
static int32_t file_read(const struct document *d, char **out, size_t *size)
{
    FILE *file = fopen(d->path, "re");
    if (!file)
        return fail_read(d);
    char *text = malloc(BYTES_MAX);
    *size = text ? fread(text, 1, BYTES_MAX, file) : 0;
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (!text)
        return qetl_fail(d->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a description");
    *out = text;
    errno = error;
    if (error)
        return fail_read(d);
    if (*size < BYTES_MAX)
        return QETL_OK;
    return qetl_fail(d->env, QETL_E_CONFIG, "/path", NULL, "%s: it has more than %d MiB", d->path,
                     BYTES_MAX >> 20);
}

static int32_t parse(struct document *d, const char *text, size_t size)
{
    json_error_t where = {0};
    char why[120] = "";
    size_t begin = strspn(text, " \t\r\n"), line = 0, column = 0;
    bool json = text[begin] == '{';
    if (json)
        d->root = json_loadb(text, size, 0, &where);
    if (json && !d->root && json_error_code(&where) == json_error_numeric_overflow)
        d->root = json_loadb(text, size, JSON_DECODE_INT_AS_REAL, &where); /* 2^64 - 1, say */
    if (!json)
        d->root = yaml_value(text, size, why, &line, &column);
    if (!d->root)
        return qetl_fail(d->env, QETL_E_CONFIG, "/path", NULL, "%s:%zu:%zu: %s%.100s", d->path,
                         json ? (size_t)where.line : line, json ? (size_t)where.column : column,
                         json ? "it is no JSON: " : "", json ? where.text : why);
    return QETL_OK;
}

static int32_t version_check(const struct document *d)
{
    const json_t *version = json_object_get(d->root, "openapi");
    char text[24] = "";
    if (json_is_string(version))
        snprintf(text, sizeof text, "%s", json_string_value(version));
    else if (json_is_real(version)) /* openapi: 3.1, without quotes */
        snprintf(text, sizeof text, "%g", json_real_value(version));
    if (json_object_get(d->root, "swagger"))
        return qetl_fail(d->env, QETL_E_CONFIG, "/path",
                         "convert it, with swagger2openapi say, or ask for one of version 3",
                         "%s: #/swagger: it is of version 2, which came before OpenAPI 3", d->path);
    if (strncmp(text, "3.", 2) != 0)
        return qetl_fail(d->env, QETL_E_CONFIG, "/path", NULL,
                         "%s: #/openapi: %s, so that it is no description of OpenAPI 3", d->path,
                         version ? "it is not 3.something" : "it is missing");
    if (!json_is_object(json_object_get(d->root, "paths")))
        return qetl_fail(d->env, QETL_E_CONFIG, "/path", NULL,
                         "%s: #/paths: it is %s, so that there is nothing to be read", d->path,
                         json_object_get(d->root, "paths") ? "no mapping" : "missing");
    return QETL_OK;
}

int32_t document_read(struct document *d, const char *text, size_t size)
{
    int32_t status = parse(d, text, size);
    return status ? status : version_check(d);
}

int32_t document_open(struct document *d, struct qetl_env env, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    *d = (struct document){.env = env, .path = path};
    int32_t status = file_read(d, &text, &size);
    if (!status) {
        text[size] = 0;
        status = document_read(d, text, size);
    }
    free(text);
    return status;
}

void document_close(struct document *d)
{
    json_decref(d->root);
    *d = (struct document){0};
}

/* ---- references ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A part of a pointer within a URL, in place. */
static void unescape(char *part)
{
    char *to = part;
    for (const char *c = part; *c; c++) {
        if (*c == '%' && hex(c[1]) >= 0 && hex(c[2]) >= 0) {
            *to++ = (char)(hex(c[1]) * 16 + hex(c[2]));
            c += 2;
        } else if (*c == '~' && (c[1] == '0' || c[1] == '1')) {
            *to++ = *++c == '0' ? '~' : '/';
        } else {
            *to++ = *c;
        }
    }
    *to = 0;
}

static const json_t *child(const json_t *value, const char *name)
{
    char *end;
    if (!json_is_array(value))
        return json_object_get(value, name);
    size_t index = strtoul(name, &end, 10);
    return *name && !*end ? json_array_get(value, index) : NULL;
}

static const json_t *follow(const struct document *d, const char *reference)
{
    char *pointer = *reference == '#' ? strdup(reference + 1) : NULL, *rest = pointer, *part;
    const json_t *value = pointer ? d->root : NULL;
    *d->lacks |= *reference == '#' && !pointer;
    if (pointer && *pointer && *pointer != '/')
        value = NULL;
    if (rest && *rest == '/')
        rest++;
    while (value && rest && *pointer && (part = strsep(&rest, "/"))) {
        unescape(part);
        value = child(value, part);
    }
    free(pointer);
    return value;
}

const json_t *document_at(const struct document *d, const json_t *value)
{
    const char *reference;
    int hops = 0;
    while (value && (reference = json_string_value(json_object_get(value, "$ref"))))
        value = ++hops > HOPS_MAX ? NULL : follow(d, reference);
    return value;
}
