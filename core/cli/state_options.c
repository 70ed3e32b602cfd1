/* SPDX-License-Identifier: Apache-2.0 */
/* Where what is kept of a pipeline's runs lies, and under which name. */
#include "cli.h"

#include <nettle/sha2.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *qetl_cli_state_folder(void)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int failed = base && *base == '/' ? asprintf(&path, "%s/qetl", base)
                 : home && *home      ? asprintf(&path, "%s/.local/state/qetl", home)
                                      : -1;
    return failed < 0 ? NULL : path;
}

/* Pipelines without a name are told apart by where their files lie. */
static char *name_of_file(const char *path)
{
    struct sha256_ctx hash;
    uint8_t digest[4];
    char *whole = realpath(path, NULL), *name = NULL;
    const char *of = whole ? whole : path, *slash = strrchr(of, '/');
    const char *base = slash ? slash + 1 : of, *dot = strrchr(base, '.');
    int size = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    sha256_init(&hash);
    sha256_update(&hash, strlen(of), (const uint8_t *)of);
    sha256_digest(&hash, sizeof digest, digest);
    if (asprintf(&name, "%.*s-%02x%02x%02x%02x", size, base, digest[0], digest[1], digest[2],
                 digest[3]) < 0)
        name = NULL;
    free(whole);
    return name;
}

char *qetl_cli_state_name(const char *path, const struct qetl_pipeline *pipeline)
{
    return pipeline->name ? strdup(pipeline->name) : name_of_file(path);
}

static bool reads_stdin(const json_t *path)
{
    const char *text = json_string_value(path);
    size_t i;
    const json_t *one;
    json_array_foreach (path, i, one)
        if (reads_stdin(one))
            return true;
    return text && strcmp(text, "-") == 0;
}

/* What comes from standard input cannot be had again: there is nothing to go on from. */
bool qetl_cli_keeps_state(const char *path, const struct qetl_pipeline *pipeline)
{
    bool keeps = strcmp(path, "-") != 0;
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        keeps &=
            node->kind != QETL_SOURCE || !reads_stdin(json_object_get(node->use.options, "path"));
    }
    return keeps;
}
