/* SPDX-License-Identifier: Apache-2.0 */
#include "indexes.h"

#include "disk/safe_file.h"
#include "package/range.h"
#include "package/version.h"
#include "packages.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, PLACES_MAX = 100, MIB = 1 << 20 };

char *qetl_indexes_file(void)
{
    return qetl_cli_config_file("indexes");
}

void qetl_indexes_close(struct qetl_indexes *indexes)
{
    for (size_t i = 0; i < indexes->count; i++) {
        qetl_index_free(indexes->items[i].index);
        qetl_findings_free(&indexes->items[i].said);
        free(indexes->items[i].place);
    }
    free(indexes->items);
    *indexes = (struct qetl_indexes){0};
}

/* ---- which there are ---- */

static int item_add(struct qetl_indexes *indexes, struct qetl_indexes_item *item,
                    struct qetl_findings *findings)
{
    struct qetl_indexes_item *items =
        item->place ? reallocarray(indexes->items, indexes->count + 1, sizeof *items) : NULL;
    if (items) {
        indexes->items = items;
        items[indexes->count++] = *item;
        return 0;
    }
    qetl_findings_no_memory(findings);
    qetl_findings_free(&item->said);
    free(item->place);
    return -1;
}

/* What is no place is refused in its order; file NULL: somebody named it. -1 without memory. */
static int place_add(struct qetl_indexes *indexes, const char *text, const char *file, int line,
                     struct qetl_findings *findings)
{
    struct qetl_indexes_item item = {0};
    if (file && *text != '/' && !strstr(text, "://"))
        qetl_finding_mend(qetl_finding_add(&item.said, QETL_ERROR, "bad_index",
                                           "'%.300s' is no place of an index", text),
                          "an address, or the absolute path of a folder"); /* relative to what? */
    else
        item.place = qetl_index_place(text, &item.said);
    for (size_t i = 0; item.place && i < indexes->count; i++)
        if (strcmp(indexes->items[i].place, item.place) == 0) {
            free(item.place);
            return 0;
        }
    for (size_t i = 0; file && i < item.said.count; i++)
        qetl_finding_at(&item.said.items[i], file, line, 0, NULL);
    if (!item.place)
        item.place = strdup(text);
    return item_add(indexes, &item, findings);
}

/* One that cannot be read may have named any. */
static int file_refuse(struct qetl_indexes *indexes, const char *path, struct qetl_findings *said,
                       struct qetl_findings *findings)
{
    struct qetl_indexes_item item = {.place = strdup(path), .said = *said};
    return item_add(indexes, &item, findings);
}

/* A place in each line; # begins a comment. */
static int file_read(struct qetl_indexes *indexes, const char *path, struct qetl_findings *findings)
{
    struct qetl_findings said = {0};
    char *text, *rest;
    size_t size;
    int bad = 0, number = 0;
    if (!path || !qetl_is_there(path))
        return 0;
    if (qetl_safe_slurp(path, FILE_MAX, "which indexes are asked", &text, &size, &said))
        return file_refuse(indexes, path, &said, findings);
    rest = text;
    for (char *line; !bad && (line = strsep(&rest, "\n"));) {
        number++;
        line += strspn(line, " \t");
        line[strcspn(line, "#\r")] = '\0';
        for (size_t end = strlen(line); end && strchr(" \t", line[end - 1]);)
            line[--end] = '\0';
        if (*line && indexes->count >= PLACES_MAX) {
            bad = -1;
            qetl_finding_at(qetl_finding_add(findings, QETL_ERROR, "bad_index",
                                             "there are more than %d indexes", PLACES_MAX),
                            path, number, 0, NULL);
        } else if (*line)
            bad = place_add(indexes, line, path, number, findings);
    }
    free(text);
    return bad;
}

static int places_take(struct qetl_indexes *indexes, const struct qetl_texts *named, bool system,
                       struct qetl_findings *findings)
{
    int bad = 0;
    for (size_t i = 0; !bad && i < named->count; i++)
        bad = place_add(indexes, named->items[i], NULL, 0, findings);
    if (!named->count) {
        char *own = system ? NULL : qetl_indexes_file();
        bad = file_read(indexes, own, findings) || file_read(indexes, QETL_INDEXES_FILE, findings);
        free(own);
    }
    return bad ? -1 : 0;
}

static void all_open(struct qetl_indexes *indexes, const struct package_trust *trust,
                     const char *depot, bool keep)
{
    indexes->trust = trust;
    for (size_t i = 0; i < indexes->count; i++) {
        struct qetl_indexes_item *item = &indexes->items[i];
        if (!item->said.errors)
            item->index = qetl_index_open(item->place, trust, depot, keep, &item->said);
    }
}

int qetl_indexes_open(struct qetl_indexes *indexes, const struct qetl_texts *named, bool system,
                      const struct package_trust *trust, struct qetl_findings *findings)
{
    char *depot = qetl_cli_depot(system, findings);
    *indexes = (struct qetl_indexes){0};
    int bad = !depot || places_take(indexes, named, system, findings);
    if (!bad && !indexes->count) {
        bad = -1;
        char *file = system ? NULL : qetl_indexes_file();
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "no_index", "there is no index to look into"),
            "name one with --index, or write its address into %s", file ? file : QETL_INDEXES_FILE);
        free(file);
    }
    if (!bad)
        all_open(indexes, trust, depot, true);
    free(depot);
    return bad ? -1 : 0;
}

int qetl_indexes_look(struct qetl_indexes *indexes, const struct package_trust *trust,
                      struct qetl_findings *findings)
{
    static const struct qetl_texts none = {0};
    char *depot = qetl_cli_packages_folder();
    *indexes = (struct qetl_indexes){0};
    int bad = !depot || places_take(indexes, &none, false, findings);
    if (!bad)
        all_open(indexes, trust, depot, false);
    free(depot);
    return bad ? -1 : 0;
}

/* ---- what is wanted ---- */

int qetl_wanted_read(const char *operand, char **name, char **range, struct qetl_findings *findings)
{
    const char *at = strchr(operand, '@');
    size_t size = at ? (size_t)(at - operand) : strlen(operand);
    int is_name = size > 0 && strspn(operand, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
    *name = *range = NULL;
    if (!is_name || (at && !qetl_is_version_range(at + 1))) {
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "usage",
                                           is_name ? "'%s': no version is written so"
                                                   : "'%s' is no name of a plugin",
                                           operand),
                          is_name ? "NAME@1.2.3, NAME@1.2, NAME@^1.2.0, NAME@~1.2.0 or "
                                    "NAME@'>=1.2.0,<2.0.0'"
                                  : "NAME, NAME@VERSION, or the path of a package");
        return -1;
    }
    *name = strndup(operand, size);
    *range = at ? strdup(at + 1) : NULL;
    if (*name && (*range || !at))
        return 0;
    free(*name);
    free(*range);
    qetl_findings_no_memory(findings);
    return -1;
}

bool qetl_wanted_is_exact(const char *range)
{
    return range && qetl_package_is_version(*range == '=' ? range + 1 : range);
}

/* ---- on the way ---- */

void qetl_indexes_progress(void *arg, uint64_t bytes, uint64_t total)
{
    const struct qetl_cli *cli = arg;
    static uint64_t shown = UINT64_MAX;
    if (cli->quiet || cli->json || !isatty(STDERR_FILENO) || !total)
        return;
    if (bytes < total && bytes >= shown && bytes - shown < MIB / 4)
        return;
    shown = bytes;
    if (bytes < total)
        fprintf(stderr, "\r%.1f of %.1f MiB ", (double)bytes / MIB, (double)total / MIB);
    else
        fprintf(stderr, "\r%*s\r", 40, "");
}
