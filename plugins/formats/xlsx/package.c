/* SPDX-License-Identifier: Apache-2.0 */
/* Members are found by the directory at the zip's end, so that their order does not matter. */
#include "package.h"

#include <archive.h>
#include <archive_entry.h>

#include <stdarg.h>
#include <stdio.h>
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

int32_t xlsx_package_open(struct xlsx_package *p, struct qetl_env env, const char *object,
                          const uint8_t *data, int64_t size, int64_t max_ratio)
{
    *p = (struct xlsx_package){.env = env, .object = object, .data = data, .size = size};
    p->unpacked_max = UNPACKED_FREE + size * max_ratio;
    if (size >= 8 && !memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
        return xlsx_package_fail(
            p, QETL_E_DATA, "save it as .xlsx without a password",
            "this is a workbook with a password, or one of before 2007 (.xls)");
    if (size < 4 || memcmp(data, "PK\3\4", 4) != 0)
        return xlsx_package_fail(p, QETL_E_DATA, "read it as csv if it is text",
                                 "this is no xlsx workbook: it does not begin as a zip does");
    return QETL_OK;
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
    xlsx_member_close(p);
    snprintf(p->member, sizeof p->member, "%s", name);
    p->archive = archive_read_new();
    if (!p->archive)
        return QETL_E_NO_MEMORY;
    archive_read_support_format_zip_seekable(p->archive);
    if (archive_read_open_memory(p->archive, p->data, (size_t)p->size) != ARCHIVE_OK)
        return zip_fail(p);
    int32_t status = member_find(p, name);
    if (status)
        xlsx_member_close(p);
    return status;
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
