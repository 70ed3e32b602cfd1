/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which format a file name means. What folders have, those of qetl's own among them, keeps its
 * extensions, whatever is installed later: else a package could claim ".orders.csv", or stop all
 * pipelines by claiming ".csv".
 */
#include "registry.h"

#include <qetl/plugin.h>

#include <string.h>
#include <strings.h>

static int ends_with(const char *text, size_t size, const char *end)
{
    size_t end_size = strlen(end);
    return size > end_size && strncasecmp(text + size - end_size, end, end_size) == 0;
}

/* The size of a name without what compression and archives append to it. */
static size_t bare_size(const char *name)
{
    static const char *const packed[] = {".gz",   ".zst", ".xz",  ".bz2", ".lz4",
                                         ".lzma", ".z",   ".zip", ".tar"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        if (!ends_with(name, size, packed[i]))
            continue;
        size -= strlen(packed[i]);
        i = (size_t)-1; /* once more: data.csv.tar.gz */
    }
    return size;
}

/* The length of the longest of the format's extensions that the name ends with, or 0. */
static size_t extension_size(const struct qetl_manifest_component *format, const char *name,
                             size_t size)
{
    const json_t *extensions = json_object_get(format->json, "extensions");
    size_t longest = 0;
    for (size_t i = 0; i < json_array_size(extensions); i++) {
        const char *extension = json_string_value(json_array_get(extensions, i));
        if (ends_with(name, size, extension) && strlen(extension) > longest)
            longest = strlen(extension);
    }
    return longest;
}

static int is_same(const struct qetl_manifest_component *one,
                   const struct qetl_manifest_component *other)
{
    return one->kind == other->kind && strcmp(one->id, other->id) == 0 &&
           strcmp(one->plugin->id, other->plugin->id) == 0;
}

/* As far as it is of a folder; a package that stands in the place of a folder's plugin has what
 * that one has, and no more. */
static size_t home_size(const struct qetl_registry *registry,
                        const struct qetl_manifest_component *format, const char *name, size_t size)
{
    size_t longest = format->plugin->sealed ? 0 : extension_size(format, name, size);
    for (size_t i = 0; format->plugin->sealed && i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *at = qetl_registry_at(registry, i);
        for (size_t c = 0; !at->sealed && c < at->n_components; c++) {
            size_t one = is_same(&at->components[c], format)
                             ? extension_size(&at->components[c], name, size)
                             : 0;
            longest = one > longest ? one : longest;
        }
    }
    return longest;
}

struct choice {
    const struct qetl_manifest_component **formats;
    size_t count, longest;
    int at_home;
};

static void choose(struct choice *choice, const struct qetl_manifest_component *format, size_t home,
                   size_t any)
{
    if (!any || (!home && choice->at_home) || (home && choice->at_home && home < choice->longest))
        return;
    if (home && (!choice->at_home || home > choice->longest))
        *choice = (struct choice){choice->formats, 0, home, 1};
    if (choice->count < 2)
        choice->formats[choice->count] = format;
    choice->count++;
}

size_t qetl_registry_formats_for(const struct qetl_registry *registry, const char *filename,
                                 const struct qetl_manifest_component *formats[2])
{
    struct choice choice = {.formats = formats};
    size_t size = bare_size(filename);
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *at = qetl_registry_at(registry, i);
        for (size_t c = 0; !at->hidden && c < at->n_components; c++) {
            const struct qetl_manifest_component *format = &at->components[c];
            if (format->kind != QETL_FORMAT)
                continue;
            size_t home = home_size(registry, format, filename, size);
            choose(&choice, format, home, home ? home : extension_size(format, filename, size));
        }
    }
    return choice.count;
}

const struct qetl_manifest_component *qetl_registry_format_for(const struct qetl_registry *registry,
                                                               const char *filename)
{
    const struct qetl_manifest_component *formats[2];
    return qetl_registry_formats_for(registry, filename, formats) == 1 ? formats[0] : NULL;
}
