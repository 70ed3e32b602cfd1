/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a workbook is kept while a sheet is read: its sheets' names, the number formats of its
 * styles, its shared strings.
 *
 * Invariant: strings are UTF-8; string i is [ends[i - 1], ends[i]) of the heap.
 * Ownership: the book owns all of it. Threads:   one.
 */
#ifndef XLSX_BOOK_H
#define XLSX_BOOK_H

#include "package.h"

enum xlsx_class { XLSX_PLAIN, XLSX_DATE, XLSX_TIME, XLSX_STAMP, XLSX_DURATION };

/* Text that grows. */
struct xlsx_text {
    char *data;
    int64_t size, room;
};
int32_t xlsx_text_add(struct xlsx_text *t, const char *data, int64_t size);
/* Decodes _xHHHH_ in [from, size), as Excel spells what XML cannot hold. */
void xlsx_text_unescape(struct xlsx_text *t, int64_t from);

struct xlsx_sheet_name {
    char *name, *id, *target;
};

struct xlsx_book {
    struct xlsx_package *package;
    char main[256], folder[256], strings_at[256], styles_at[256]; /* names of members */
    bool from_1904;
    struct xlsx_sheet_name *sheets;
    int64_t n_sheets;
    uint8_t *classes; /* enum xlsx_class of each cell format */
    int64_t n_classes;
    struct xlsx_text heap;
    int64_t *ends;
    int64_t n_strings, strings_room, strings_max; /* max: bytes of heap and ends */
};

int32_t xlsx_book_open(struct xlsx_book *b, struct xlsx_package *p, int64_t strings_max);
void xlsx_book_free(struct xlsx_book *b);

/* styles.c */
int32_t xlsx_styles_read(struct xlsx_book *b);
enum xlsx_class xlsx_class_of_code(const char *code);
/* strings.c */
int32_t xlsx_strings_read(struct xlsx_book *b);

#endif
