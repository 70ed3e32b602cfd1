/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

static const char *what_becomes(const struct target *t, enum if_exists if_exists)
{
    return t->kind == TARGET_NEW           ? "there is no such file yet, and it can be made"
           : t->kind == TARGET_SPECIAL     ? "it can be written to"
           : if_exists == IF_EXISTS_APPEND ? "the file is there, and would be added to"
                                           : "the file is there, and would be replaced";
}

int32_t probe_file(struct qetl_env env, const char *path, enum if_exists if_exists, void *stream,
                   probe_tell *tell)
{
    struct target target = {0};
    int32_t status = target_resolve(&target, env, path);
    if (!status)
        status = target_check(&target, env, if_exists);
    if (!status)
        status = tell(stream, what_becomes(&target, if_exists));
    target_free(&target);
    return status;
}

int32_t probe_folder(struct qetl_env env, char *root, void *stream, probe_tell *tell)
{
    const struct target below = {.kind = TARGET_NEW, .folder = root, .descriptor = -1};
    int32_t status = target_check(&below, env, IF_EXISTS_APPEND);
    return status ? status : tell(stream, "files can be made there");
}
