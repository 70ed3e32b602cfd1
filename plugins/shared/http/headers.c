/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int32_t no_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a request");
}

static bool is_name(const char *name)
{
    size_t size = strlen(name);
    return size && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~") == size;
}

int32_t http_header_check(struct qetl_env env, const char *option, const char *name,
                          const char *value)
{
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return qetl_fail(env, QETL_E_CONFIG, option, NULL,
                             "a control character stands in the header `%.100s`", name);
    return is_name(name) ? QETL_OK
                         : qetl_fail(env, QETL_E_CONFIG, option, NULL,
                                     "`%.100s` cannot be the name of a header", name);
}

int32_t http_header_add(struct qetl_env env, const char *option, const char *name,
                        const char *value, struct curl_slist **headers)
{
    char *line;
    bool empty = !*value; /* curl leaves out a header without a value unless it ends so */
    int32_t status = http_header_check(env, option, name, value);
    if (status)
        return status;
    if (asprintf(&line, "%s%s%s", name, empty ? ";" : ": ", value) < 0)
        return no_memory(env);
    struct curl_slist *longer = curl_slist_append(*headers, line);
    free(line);
    if (!longer)
        return no_memory(env);
    *headers = longer;
    return QETL_OK;
}

int32_t http_headers_read(struct qetl_env env, const char *option, struct curl_slist **headers,
                          bool *has_type)
{
    const char *name;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && (name = qetl_option_key(env, option, i)); i++) {
        char pointer[400];
        const char *value = NULL;
        if (!qetl_option_pointer(pointer, sizeof pointer, option, name))
            value = qetl_option_text(env, pointer);
        status = value ? http_header_add(env, option, name, value, headers)
                       : qetl_fail(env, QETL_E_CONFIG, option, NULL, "`%.100s` is no text", name);
        *has_type |= strcasecmp(name, "content-type") == 0;
    }
    return status;
}
