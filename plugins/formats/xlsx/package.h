/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zip around a workbook, in memory as a whole, and the XML in it.
 *
 * Invariant: no more is unpacked than the limit allows, however often members are opened; names of
 * members are compared, never used as paths; XML with a DTD is refused. Ownership: the bytes are
 * the caller's, open members the package's. Threads:   one.
 */
#ifndef XLSX_PACKAGE_H
#define XLSX_PACKAGE_H

#include <qetl/sdk.h>

#include <expat.h>

enum { XLSX_MISSING = 1, XLSX_DEPTH_MAX = 256, XLSX_TOKEN_MAX = 16 << 20 };

struct archive;

struct xlsx_package {
    struct qetl_env env;
    const char *object; /* for messages; lent */
    const uint8_t *data;
    int64_t size;
    int64_t unpacked, unpacked_max;
    struct archive *archive; /* the open member's, or NULL */
    char member[256];
};

/* Refuses at once what cannot be a workbook. */
int32_t xlsx_package_open(struct xlsx_package *p, struct qetl_env env, const char *object,
                          const uint8_t *data, int64_t size, int64_t max_ratio);
/* OK, XLSX_MISSING, or a failure that was reported. */
int32_t xlsx_member_open(struct xlsx_package *p, const char *name);
void xlsx_member_close(struct xlsx_package *p);
int32_t xlsx_package_fail(const struct xlsx_package *p, int32_t code, const char *mend,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What is called with names without their namespaces; a status that is not 0 ends the parsing. */
struct xlsx_handlers {
    int32_t (*start)(void *user, const char *name, const char **attributes);
    int32_t (*end)(void *user, const char *name);
    int32_t (*text)(void *user, const char *text, int64_t size);
};

struct xlsx_xml {
    struct xlsx_package *package;
    struct xlsx_handlers on;
    void *user;
    XML_Parser parser;
    int64_t fed;
    int32_t depth, status;
    bool done;
};

/* The member that is open, piece by piece. */
int32_t xlsx_xml_open(struct xlsx_xml *x, struct xlsx_package *p, const struct xlsx_handlers *on,
                      void *user);
int32_t xlsx_xml_step(struct xlsx_xml *x);
void xlsx_xml_close(struct xlsx_xml *x);
/* A whole member: OK, XLSX_MISSING, or a failure that was reported. */
int32_t xlsx_xml_read(struct xlsx_package *p, const char *name, const struct xlsx_handlers *on,
                      void *user);
/* The value of an attribute, whatever its namespace, or NULL. */
const char *xlsx_attribute(const char **attributes, const char *name);

#endif
