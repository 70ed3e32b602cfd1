/* SPDX-License-Identifier: Apache-2.0 */
#include "ending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t ending_read(struct ending *e, struct qetl_env env)
{
    *e = (struct ending){.env = env, .at = qetl_option_text(env, "/pagination/ends/at")};
    if (!e->at || scan_pointer_good(e->at))
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, "/pagination/ends/at",
                     "write it as /meta/status; a slash in a key is ~1", "`%s` is no JSON pointer",
                     e->at);
}

/* text: what was found, unquoted. Numbers by their values: 1 is 1.0. */
static bool matches(const struct ending *e, const char *option, const struct scan_target *found,
                    const char *text)
{
    switch (qetl_option_kind(e->env, option)) {
    case QETL_OPTION_TEXT:
        return found->kind == SCAN_TEXT && strcmp(qetl_option_text(e->env, option), text) == 0;
    case QETL_OPTION_BOOL:
        return found->kind == (qetl_option_bool(e->env, option) ? SCAN_TRUE : SCAN_FALSE);
    case QETL_OPTION_INT:
    case QETL_OPTION_REAL:
        return found->kind == SCAN_NUMBER && strtod(text, NULL) == qetl_option_real(e->env, option);
    default:
        return false;
    }
}

int ending_is(const struct ending *e, const struct scan_target *found)
{
    static const char is[] = "/pagination/ends/is";
    if (!e->at || found->kind == SCAN_ABSENT)
        return 0;
    char *text = scan_text(found);
    int64_t n = qetl_option_count(e->env, is);
    bool one = text && n < 0 && matches(e, is, found, text);
    for (int64_t i = 0; text && i < n && !one; i++) {
        char option[64];
        snprintf(option, sizeof option, "%s/%lld", is, (long long)i);
        one = matches(e, option, found, text);
    }
    free(text);
    return text ? one : -1;
}
