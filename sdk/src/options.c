/* SPDX-License-Identifier: Apache-2.0 */
/* The options of an instance, through the extension qetl.options/1. */
#include "internal.h"

static const struct qetl_options *options_of(struct qetl_env env)
{
    return env.host ? env.host->get_extension(env.ctx, QETL_EXT_OPTIONS) : NULL;
}

int32_t qetl_options_need(struct qetl_env env)
{
    return !env.host || options_of(env)
               ? QETL_OK
               : qetl_fail(env, QETL_E_UNSUPPORTED, NULL, "use another version of the host",
                           "the host lacks " QETL_EXT_OPTIONS
                           ", by which plugins are told their options");
}

const char *qetl_option_text(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->text(env.ctx, pointer) : NULL;
}

int64_t qetl_option_int(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->integer(env.ctx, pointer) : 0;
}

double qetl_option_real(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->real(env.ctx, pointer) : 0;
}

bool qetl_option_bool(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options && options->boolean(env.ctx, pointer);
}

bool qetl_option_given(struct qetl_env env, const char *pointer)
{
    int32_t kind = qetl_option_kind(env, pointer);
    return kind != QETL_OPTION_ABSENT && kind != QETL_OPTION_NULL;
}

int32_t qetl_option_kind(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->kind(env.ctx, pointer) : QETL_OPTION_ABSENT;
}

int64_t qetl_option_count(struct qetl_env env, const char *pointer)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->count(env.ctx, pointer) : -1;
}

const char *qetl_option_key(struct qetl_env env, const char *pointer, int64_t index)
{
    const struct qetl_options *options = options_of(env);
    return options ? options->key(env.ctx, pointer, index) : NULL;
}
