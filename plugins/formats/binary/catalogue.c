/* SPDX-License-Identifier: Apache-2.0 */
/* The layouts that are installed beside the plugin. */
#include "catalogue.h"

#include "fit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Of this library: its layouts lie beside it. */
static const char here;

static char *folder_of(struct qetl_env env)
{
    const char *given = qetl_option_text(env, "/catalogue");
    const char *end;
    Dl_info info;
    char *folder;

    if (given)
        return strdup(given);
    if (!dladdr(&here, &info) || !info.dli_fname || !(end = strrchr(info.dli_fname, '/')))
        return strdup("layouts");
    return asprintf(&folder, "%.*s/layouts", (int)(end - info.dli_fname), info.dli_fname) < 0
               ? NULL
               : folder;
}

static bool is_layout(const char *name)
{
    size_t size = strlen(name);

    return size > 5 && name[0] != '.' && !strcmp(name + size - 5, ".json");
}

static int layout_filter(const struct dirent *entry)
{
    return is_layout(entry->d_name);
}

/* "bmp, utmp, …" for whoever named another. */
static void names_list(const char *folder, char *out, size_t size)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, layout_filter, alphasort);
    size_t at = 0;

    out[0] = 0;
    for (int i = 0; i < n; i++) {
        size_t name = strlen(entries[i]->d_name) - 5;

        if (at + name + 3 < size)
            at += (size_t)snprintf(out + at, size - at, "%s%.*s", at ? ", " : "", (int)name,
                                   entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

int32_t binary_catalogue_load(struct qetl_env env, const char *what, struct binary_layout *out)
{
    char *folder, *path = NULL, names[400];
    FILE *there;
    int32_t status;

    if (strchr(what, '/') || is_layout(what))
        return binary_layout_load(env, what, out);
    folder = folder_of(env);
    if (!folder || asprintf(&path, "%s/%s.json", folder, what) < 0) {
        free(folder);
        return QETL_E_NO_MEMORY;
    }
    there = fopen(path, "re");
    names_list(folder, names, sizeof names);
    if (there)
        status = binary_layout_load(env, path, out);
    else
        status =
            qetl_fail(env, QETL_E_CONFIG, "/layout", "A path ends in .json or has a slash.",
                      "the catalogue has no layout %s; it has %s", what, *names ? names : "none");
    if (there)
        fclose(there);
    free(path);
    free(folder);
    return status;
}

int32_t binary_catalogue_detect(struct qetl_env env, const struct qetl_sample *sample,
                                struct binary_layout *out, bool *found, bool *sure)
{
    char *folder = folder_of(env), *path;
    struct dirent **entries = NULL;
    int n = folder ? scandir(folder, &entries, layout_filter, alphasort) : 0;
    int reason = errno;
    struct binary_fit best = {0}, fit;
    int32_t status = folder ? QETL_OK : QETL_E_NO_MEMORY;

    *found = false;
    for (int i = 0; i < n; i++) {
        struct binary_layout layout;

        if (!status && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
            status = QETL_E_NO_MEMORY;
        if (!status) {
            status = binary_layout_load(env, path, &layout);
            fit = status ? best : binary_layout_fit(&layout, sample);
            if (fit.sure > best.sure || (fit.sure == best.sure && fit.bits > best.bits)) {
                binary_layout_free(*found ? out : NULL);
                *out = layout;
                *found = true;
                best = fit;
            } else {
                binary_layout_free(&layout);
            }
            free(path);
        }
        free(entries[i]);
    }
    if (n < 0)
        status =
            qetl_fail(env, QETL_E_CONFIG, "/catalogue",
                      "Say what a record is made of, with struct or layout.",
                      "the catalogue's folder %s cannot be read: %s", folder, strerror(reason));
    free(entries);
    free(folder);
    *sure = best.sure > 0;
    return status;
}
