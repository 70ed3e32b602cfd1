/* SPDX-License-Identifier: Apache-2.0 */
/* Members are found by the directory at the zip's end, so that their order does not matter. */
#include "package.h"

#include <archive.h>
#include <archive_entry.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { UNPACKED_FREE = 16 << 20 };

int32_t xlsx_package_fail(const struct xlsx_package *p, int32_t code, const char *mend,
                          const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return qetl_fail(p->env, code, NULL, mend, "%s: %s", p->object ? p->object : "workbook", text);
}

void xlsx_member_close(struct xlsx_package *p)
{
    archive_read_free(p->archive);
    p->archive = NULL;
}

static bool same_name(const char *member, const char *wanted)
{
    while (*member == '/' || *member == '\\')
        member++;
    for (; *member && *wanted; member++, wanted++) {
        char c = *member == '\\' ? '/' : *member;
        if (strncasecmp(&c, wanted, 1) != 0)
            return false;
    }
    return !*member && !*wanted;
}

static int32_t zip_fail(const struct xlsx_package *p)
{
    const char *why = archive_error_string(p->archive);
    return xlsx_package_fail(p, QETL_E_DATA, "fetch or save the file again",
                             "the zip is damaged or cut off: %s", why ? why : "unknown");
}

static int32_t zip_open(struct xlsx_package *p)
{
    xlsx_member_close(p);
    p->archive = archive_read_new();
    if (!p->archive)
        return QETL_E_NO_MEMORY;
    archive_read_support_format_zip_seekable(p->archive);
    return archive_read_open_memory(p->archive, p->data, (size_t)p->size) == ARCHIVE_OK
               ? QETL_OK
               : zip_fail(p);
}

static int by_name(const void *a, const void *b)
{
    return strcasecmp(*(char *const *)a, *(char *const *)b);
}

/* Which of two members of one name is meant, readers do not agree on. */
static int32_t twins_fail(const struct xlsx_package *p, char **names, size_t n)
{
    if (n)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 1; i < n; i++)
        if (!strcasecmp(names[i - 1], names[i]))
            return xlsx_package_fail(p, QETL_E_DATA, "save the workbook again",
                                     "the zip has %.100s twice", names[i]);
    return QETL_OK;
}

struct names {
    char **items;
    size_t n, room;
};

/* As same_name compares them. */
static int32_t name_keep(struct names *names, const char *name)
{
    if (names->n == names->room) {
        size_t room = names->room ? names->room * 2 : 32;
        char **grown = realloc(names->items, room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        names->items = grown;
        names->room = room;
    }
    char *kept = strdup(name + strspn(name, "/\\"));
    for (char *c = kept; c && *c; c++)
        *c = *c == '\\' ? '/' : *c;
    names->items[names->n] = kept;
    names->n += kept != NULL;
    return kept ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t names_check(struct xlsx_package *p)
{
    struct archive_entry *entry;
    struct names names = {0};
    int answer = ARCHIVE_OK;
    int32_t status = zip_open(p);
    while (!status && ((answer = archive_read_next_header(p->archive, &entry)) == ARCHIVE_OK ||
                       answer == ARCHIVE_WARN)) {
        const char *name = archive_entry_pathname(entry);
        status = name ? name_keep(&names, name) : QETL_OK;
    }
    if (!status && answer != ARCHIVE_EOF)
        status = zip_fail(p);
    if (!status)
        status = twins_fail(p, names.items, names.n);
    while (names.n)
        free(names.items[--names.n]);
    free(names.items);
    xlsx_member_close(p);
    return status;
}

static int32_t member_find(struct xlsx_package *p, const char *name)
{
    struct archive_entry *entry;
    int answer;
    while ((answer = archive_read_next_header(p->archive, &entry)) == ARCHIVE_OK ||
           answer == ARCHIVE_WARN) {
        const char *member = archive_entry_pathname(entry);
        if (!member || !same_name(member, name))
            continue;
        if (archive_entry_is_encrypted(entry))
            return xlsx_package_fail(p, QETL_E_DATA, "save it without a password",
                                     "%s is encrypted", name);
        return QETL_OK;
    }
    return answer == ARCHIVE_EOF ? XLSX_MISSING : zip_fail(p);
}

int32_t xlsx_member_open(struct xlsx_package *p, const char *name)
{
    snprintf(p->member, sizeof p->member, "%s", name);
    int32_t status = zip_open(p);
    if (!status)
        status = member_find(p, name);
    if (status)
        xlsx_member_close(p);
    return status;
}

/* Names in a compound file (OLE) are UTF-16. */
static bool compound_has(const struct xlsx_package *p, const char *name)
{
    char wide[64];
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++) {
        wide[2 * i] = name[i];
        wide[2 * i + 1] = 0;
    }
    return memmem(p->data, (size_t)p->size, wide, 2 * n) != NULL;
}

static int32_t compound_fail(const struct xlsx_package *p)
{
    if (compound_has(p, "EncryptedPackage"))
        return xlsx_package_fail(p, QETL_E_DATA, "save it as .xlsx without a password",
                                 "this workbook is encrypted with a password");
    if (compound_has(p, "Workbook") || compound_has(p, "Book"))
        return xlsx_package_fail(p, QETL_E_DATA, "save it as .xlsx",
                                 "this is a workbook of before 2007 (.xls)");
    return xlsx_package_fail(p, QETL_E_DATA, "save the workbook as .xlsx, without a password",
                             "this is a compound file (OLE), with a password or of before 2007");
}

int32_t xlsx_package_open(struct xlsx_package *p, struct qetl_env env, const char *object,
                          const uint8_t *data, int64_t size, int64_t max_ratio)
{
    *p = (struct xlsx_package){.env = env, .object = object, .data = data, .size = size};
    p->unpacked_max = UNPACKED_FREE + size * max_ratio;
    if (size >= 8 && !memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        return compound_fail(p);
    if (size < 4 || memcmp(data, "PK\3\4", 4) != 0)
        return xlsx_package_fail(p, QETL_E_DATA, "read it as csv if it is text",
                                 "this is no xlsx workbook: it does not begin as a zip does");
    return names_check(p);
}

/* ---- XML ---- */

enum { PIECE_BYTES = 64 << 10 };

static const char *local(const char *name)
{
    const char *bar = strrchr(name, '|');
    return bar ? bar + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; *attributes; attributes += 2)
        if (!strcmp(local(attributes[0]), name))
            return attributes[1];
    return NULL;
}

static void xml_halt(struct xlsx_xml *x, int32_t status)
{
    if (!x->status)
        x->status = status;
    XML_StopParser(x->parser, XML_FALSE);
}

static void xml_start(void *user, const char *name, const char **attributes)
{
    struct xlsx_xml *x = user;
    int32_t status = x->status;
    if (!status && ++x->depth > XLSX_DEPTH_MAX)
        status =
            xlsx_package_fail(x->package, QETL_E_DATA, NULL, "%s is nested over %d levels deep",
                              x->package->member, XLSX_DEPTH_MAX);
    if (!status && x->on.start)
        status = x->on.start(x->user, local(name), attributes);
    if (status)
        xml_halt(x, status);
}

static void xml_end(void *user, const char *name)
{
    struct xlsx_xml *x = user;
    x->depth--;
    int32_t status = x->status || !x->on.end ? x->status : x->on.end(x->user, local(name));
    if (status)
        xml_halt(x, status);
}

static void xml_text(void *user, const char *text, int size)
{
    struct xlsx_xml *x = user;
    int32_t status = x->status || !x->on.text ? x->status : x->on.text(x->user, text, size);
    if (status)
        xml_halt(x, status);
}

static void xml_doctype(void *user, const char *name, const char *system, const char *public,
                        int internal)
{
    struct xlsx_xml *x = user;
    (void)name, (void)system, (void)public, (void)internal;
    xml_halt(x, xlsx_package_fail(x->package, QETL_E_DATA,
                                  "no program that makes workbooks writes one",
                                  "%s has a document type, which might define entities without end",
                                  x->package->member));
}

int32_t xlsx_xml_open(struct xlsx_xml *x, struct xlsx_package *p, const struct xlsx_handlers *on,
                      void *user)
{
    *x = (struct xlsx_xml){.package = p, .on = *on, .user = user};
    x->parser = XML_ParserCreateNS(NULL, '|');
    if (!x->parser)
        return QETL_E_NO_MEMORY;
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, xml_start, xml_end);
    XML_SetCharacterDataHandler(x->parser, xml_text);
    XML_SetStartDoctypeDeclHandler(x->parser, xml_doctype);
    return QETL_OK;
}

void xlsx_xml_close(struct xlsx_xml *x)
{
    if (x->parser)
        XML_ParserFree(x->parser);
    x->parser = NULL;
}

/* Bytes of the member; 0 at its end; or a failure. */
static int64_t member_read(struct xlsx_package *p, void *space, size_t room)
{
    la_ssize_t n = archive_read_data(p->archive, space, room);
    if (n < 0)
        return zip_fail(p);
    p->unpacked += n;
    if (p->unpacked > p->unpacked_max)
        return xlsx_package_fail(p, QETL_E_DATA, "raise max_ratio if you trust the file",
                                 "it unpacks to more than %lld bytes, over what max_ratio allows "
                                 "(a zip bomb?)",
                                 (long long)p->unpacked_max);
    return n;
}

static int32_t xml_fail(struct xlsx_xml *x)
{
    enum XML_Error error = XML_GetErrorCode(x->parser);
    if (error == XML_ERROR_NO_MEMORY)
        return QETL_E_NO_MEMORY;
    return xlsx_package_fail(x->package, QETL_E_DATA, "save the workbook again", "%s, line %lu: %s",
                             x->package->member, (unsigned long)XML_GetCurrentLineNumber(x->parser),
                             XML_ErrorString(error));
}

int32_t xlsx_xml_step(struct xlsx_xml *x)
{
    void *space = XML_GetBuffer(x->parser, PIECE_BYTES);
    if (!space)
        return QETL_E_NO_MEMORY;
    int64_t n = member_read(x->package, space, PIECE_BYTES);
    if (n < 0)
        return (int32_t)n;
    x->done = n == 0;
    x->fed += n;
    enum XML_Status answer = XML_ParseBuffer(x->parser, (int)n, x->done);
    if (x->status)
        return x->status;
    if (answer == XML_STATUS_ERROR)
        return xml_fail(x);
    if (x->fed - XML_GetCurrentByteIndex(x->parser) > XLSX_TOKEN_MAX)
        return xlsx_package_fail(x->package, QETL_E_DATA, NULL, "%s has a tag of over %d bytes",
                                 x->package->member, XLSX_TOKEN_MAX);
    return QETL_OK;
}

int32_t xlsx_xml_read(struct xlsx_package *p, const char *name, const struct xlsx_handlers *on,
                      void *user)
{
    struct xlsx_xml xml;
    int32_t status = xlsx_member_open(p, name);
    if (status)
        return status;
    status = xlsx_xml_open(&xml, p, on, user);
    while (!status && !xml.done)
        status = xlsx_xml_step(&xml);
    xlsx_xml_close(&xml);
    xlsx_member_close(p);
    return status;
}
