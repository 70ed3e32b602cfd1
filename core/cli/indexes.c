/* SPDX-License-Identifier: Apache-2.0 */
#include "indexes.h"

#include "config/slurp.h"
#include "package/range.h"
#include "package/version.h"
#include "packages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, MIB = 1 << 20 };

char *qetl_indexes_file(void)
{
    return qetl_cli_config_file("indexes");
}

void qetl_indexes_close(struct qetl_indexes *indexes)
{
    for (size_t i = 0; i < indexes->count; i++) {
        qetl_index_free(indexes->items[i].index);
        free(indexes->items[i].place);
    }
    free(indexes->items);
    *indexes = (struct qetl_indexes){0};
}

/* ---- which there are ---- */

static int place_add(struct qetl_indexes *indexes, const char *text, struct qetl_findings *findings)
{
    char *place = qetl_index_place(text, findings);
    for (size_t i = 0; place && i < indexes->count; i++)
        if (strcmp(indexes->items[i].place, place) == 0) {
            free(place);
            return 0;
        }
    struct qetl_indexes_item *items =
        place ? reallocarray(indexes->items, indexes->count + 1, sizeof *items) : NULL;
    if (!items) {
        if (place)
            qetl_findings_no_memory(findings);
        free(place);
        return -1;
    }
    indexes->items = items;
    items[indexes->count++] = (struct qetl_indexes_item){.place = place};
    return 0;
}

/* A place in each line; # begins a comment. */
static int file_read(struct qetl_indexes *indexes, const char *path, struct qetl_findings *findings)
{
    char *text = NULL, *rest;
    size_t size;
    int bad = 0, number = 0;
    if (!path || (access(path, F_OK) && errno == ENOENT))
        return 0;
    if (qetl_slurp(path, FILE_MAX, &text, &size, findings)) {
        free(text);
        return -1;
    }
    rest = realloc(text, size + 1);
    if (!rest) {
        free(text);
        qetl_findings_no_memory(findings);
        return -1;
    }
    text = rest;
    text[size] = '\0';
    for (char *line; !bad && (line = strsep(&rest, "\n"));) {
        size_t before = findings->count;
        number++;
        line += strspn(line, " \t");
        line[strcspn(line, "#\r")] = '\0';
        for (size_t end = strlen(line); end && strchr(" \t", line[end - 1]);)
            line[--end] = '\0';
        if (*line && *line != '/' && !strstr(line, "://")) {
            bad = -1; /* relative to what? */
            qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "bad_index",
                                               "'%.300s' is no place of an index", line),
                              "an address, or the absolute path of a folder");
        } else
            bad = *line ? place_add(indexes, line, findings) : 0;
        if (bad && findings->count > before)
            qetl_finding_at(&findings->items[findings->count - 1], path, number, 0, NULL);
    }
    free(text);
    return bad;
}

static int places_take(struct qetl_indexes *indexes, const struct qetl_texts *named, bool system,
                       struct qetl_findings *findings)
{
    int bad = 0;
    for (size_t i = 0; !bad && i < named->count; i++)
        bad = place_add(indexes, named->items[i], findings);
    if (!named->count) {
        char *own = system ? NULL : qetl_indexes_file();
        bad = file_read(indexes, own, findings) || file_read(indexes, QETL_INDEXES_FILE, findings);
        free(own);
    }
    return bad ? -1 : 0;
}

/* What cannot be opened is left out. */
static void all_open(struct qetl_indexes *indexes, const struct package_trust *trust,
                     const char *depot, bool keep, struct qetl_findings *findings)
{
    size_t kept = 0;
    for (size_t i = 0; i < indexes->count; i++) {
        struct qetl_indexes_item item = indexes->items[i];
        item.index = qetl_index_open(item.place, trust, depot, keep, findings);
        if (item.index)
            indexes->items[kept++] = item;
        else
            free(item.place);
    }
    indexes->count = kept;
}

int qetl_indexes_open(struct qetl_indexes *indexes, const struct qetl_texts *named, bool system,
                      const struct package_trust *trust, struct qetl_findings *findings)
{
    char *depot = qetl_cli_depot(system, findings);
    *indexes = (struct qetl_indexes){0};
    int bad = !depot || places_take(indexes, named, system, findings);
    if (!bad && !indexes->count) {
        bad = -1;
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_ERROR, "no_index", "there is no index to look into"),
            "name one with --index, or write its address into "
            "~/.config/qetl/indexes");
    }
    if (!bad)
        all_open(indexes, trust, depot, true, findings);
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
        all_open(indexes, trust, depot, false, findings);
    free(depot);
    return bad ? -1 : 0;
}

const struct qetl_indexes_item *qetl_indexes_find(const struct qetl_indexes *indexes,
                                                  const char *name)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (qetl_index_has(indexes->items[i].index, name))
            return &indexes->items[i];
    return NULL;
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
    static uint64_t shown;
    if (cli->quiet || cli->json || !isatty(STDERR_FILENO) || !total)
        return;
    if (bytes < total && bytes - shown < MIB / 4 && bytes >= shown)
        return;
    shown = bytes;
    if (bytes < total)
        fprintf(stderr, "\r%.1f of %.1f MiB ", (double)bytes / MIB, (double)total / MIB);
    else
        fprintf(stderr, "\r%*s\r", 40, "");
}
