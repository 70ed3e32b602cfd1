/* SPDX-License-Identifier: Apache-2.0 */
/* Which members are what: by the relations that the package states, from its root on. */
#include "book.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHEETS_MAX = 65536 };

/* ---- relations ---- */

struct relations {
    struct xlsx_book *book;
    bool root; /* the package's, else the workbook's */
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* A target is relative to the folder of what it is a target of, or begins with a slash. */
static void target_name(const struct relations *r, const char *target, char out[256])
{
    if (*target == '/')
        snprintf(out, 256, "%s", target + 1);
    else if (r->root)
        snprintf(out, 256, "%s", target);
    else if (!strncmp(target, "../", 3))
        snprintf(out, 256, "%s", target + 3);
    else
        snprintf(out, 256, "%.120s%.130s", r->book->folder, target);
}

static int32_t sheet_target(struct xlsx_book *b, const char *id, const char *target)
{
    for (int64_t i = 0; i < b->n_sheets; i++)
        if (!strcmp(b->sheets[i].id, id) && !b->sheets[i].target) {
            b->sheets[i].target = strdup(target);
            return b->sheets[i].target ? QETL_OK : QETL_E_NO_MEMORY;
        }
    return QETL_OK;
}

static int32_t relation(void *user, const char *name, const char **attributes)
{
    struct relations *r = user;
    char member[256];
    const char *type = xlsx_attribute(attributes, "Type");
    const char *target = xlsx_attribute(attributes, "Target");
    const char *id = xlsx_attribute(attributes, "Id");
    if (strcmp(name, "Relationship") != 0 || !type || !target || !id)
        return QETL_OK;
    target_name(r, target, member);
    if (r->root && ends_with(type, "/officeDocument"))
        memcpy(r->book->main, member, sizeof member);
    else if (!r->root && ends_with(type, "/sharedStrings"))
        memcpy(r->book->strings_at, member, sizeof member);
    else if (!r->root && ends_with(type, "/styles"))
        memcpy(r->book->styles_at, member, sizeof member);
    else if (!r->root && ends_with(type, "/worksheet"))
        return sheet_target(r->book, id, member);
    return QETL_OK;
}

static int32_t relations_read(struct xlsx_book *b, bool root, const char *member)
{
    struct relations r = {b, root};
    const struct xlsx_handlers on = {.start = relation};
    return xlsx_xml_read(b->package, member, &on, &r);
}

/* ---- the workbook ---- */

static bool is_true(const char *text)
{
    return text && (!strcmp(text, "1") || !strcmp(text, "true"));
}

static int32_t sheet_add(struct xlsx_book *b, const char *name, const char *id)
{
    if (b->n_sheets >= SHEETS_MAX)
        return xlsx_package_fail(b->package, QETL_E_DATA, NULL, "it has over %d sheets",
                                 SHEETS_MAX);
    size_t size = ((size_t)b->n_sheets + 1) * sizeof *b->sheets;
    struct xlsx_sheet_name *grown = realloc(b->sheets, size);
    if (!grown)
        return QETL_E_NO_MEMORY;
    b->sheets = grown;
    struct xlsx_sheet_name *sheet = &grown[b->n_sheets++];
    *sheet = (struct xlsx_sheet_name){.name = strdup(name), .id = strdup(id)};
    return sheet->name && sheet->id ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t workbook_element(void *user, const char *name, const char **attributes)
{
    struct xlsx_book *b = user;
    if (!strcmp(name, "workbookPr"))
        b->from_1904 = is_true(xlsx_attribute(attributes, "date1904"));
    if (strcmp(name, "sheet") != 0)
        return QETL_OK;
    const char *title = xlsx_attribute(attributes, "name");
    const char *id = xlsx_attribute(attributes, "id");
    return title && id ? sheet_add(b, title, id) : QETL_OK;
}

static int32_t missing(const struct xlsx_book *b, int32_t status, const char *member)
{
    if (status != XLSX_MISSING)
        return status;
    return xlsx_package_fail(b->package, QETL_E_DATA, "save it as .xlsx",
                             "this is a zip, but no xlsx workbook: it has no %s", member);
}

static int32_t workbook_read(struct xlsx_book *b)
{
    const struct xlsx_handlers on = {.start = workbook_element};
    int32_t status = relations_read(b, true, "_rels/.rels");
    status = missing(b, status, "_rels/.rels");
    if (!status && (!*b->main || ends_with(b->main, ".bin")))
        status = xlsx_package_fail(b->package, QETL_E_DATA, "save it as .xlsx",
                                   "it holds no workbook in XML (it may be .xlsb)");
    return status ? status : missing(b, xlsx_xml_read(b->package, b->main, &on, b), b->main);
}

static int32_t parts_read(struct xlsx_book *b)
{
    char member[600];
    const char *slash = strrchr(b->main, '/');
    int folder = slash ? (int)(slash + 1 - b->main) : 0;
    snprintf(b->folder, sizeof b->folder, "%.*s", folder, b->main);
    snprintf(member, sizeof member, "%s_rels/%s.rels", b->folder, b->main + folder);
    return missing(b, relations_read(b, false, member), member);
}

int32_t xlsx_book_open(struct xlsx_book *b, struct xlsx_package *p, int64_t strings_max)
{
    *b = (struct xlsx_book){.package = p, .strings_max = strings_max};
    int32_t status = workbook_read(b);
    if (!status)
        status = parts_read(b);
    if (!status && *b->styles_at)
        status = xlsx_styles_read(b);
    if (!status && *b->strings_at)
        status = xlsx_strings_read(b);
    return status;
}

void xlsx_book_free(struct xlsx_book *b)
{
    for (int64_t i = 0; i < b->n_sheets; i++) {
        free(b->sheets[i].name);
        free(b->sheets[i].id);
        free(b->sheets[i].target);
    }
    free(b->sheets);
    free(b->classes);
    free(b->heap.data);
    free(b->ends);
    *b = (struct xlsx_book){0};
}
