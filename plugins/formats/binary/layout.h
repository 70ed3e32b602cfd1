/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record is made of: from a struct string or a layout file, in one form for both.
 *
 * Invariant: a finished layout has columns, each record type at least one byte, and no record more
 * than BINARY_RECORD_MAX. Ownership: a layout owns all that it points at. Threads:   constant once
 * it is finished, but for the converters of its texts: one thread at a time.
 */
#ifndef QETL_BINARY_LAYOUT_H
#define QETL_BINARY_LAYOUT_H

#include <qetl/sdk.h>

enum {
    BINARY_RECORD_MAX = 16 << 20,
    BINARY_FIELDS_MAX = 4096,
    BINARY_COUNT_MAX = 1 << 20,
    BINARY_TYPES_MAX = 256,
    BINARY_DEPTH_MAX = 16
};

enum binary_kind {
    BINARY_PAD,
    BINARY_SIGNED,
    BINARY_UNSIGNED,
    BINARY_REAL,
    BINARY_BOOLEAN,
    BINARY_TEXT,
    BINARY_BYTES,
    BINARY_PACKED,
    BINARY_STRUCT
};

/* What of a text is no content: NULs or spaces at its end, all from the first NUL on. */
enum binary_trim {
    BINARY_TRIM_NUL,
    BINARY_TRIM_SPACE,
    BINARY_TRIM_BOTH,
    BINARY_TRIM_C,
    BINARY_TRIM_NONE
};

enum binary_sign { BINARY_SIGN_CD, BINARY_SIGN_F, BINARY_SIGN_NONE };

struct binary_converter; /* of an encoding that is not UTF-8 */

struct binary_name { /* of a value of an enumeration */
    int64_t value;
    char *name;
};

/* A count of units since an epoch. */
struct binary_time {
    bool dos;         /* packed as FAT and zip have it */
    int64_t epoch_s;  /* from 1970 on */
    int64_t unit_ns;  /* 0: no time at all */
    int64_t ticks_ns; /* of the column's type: 1, 1000; of dates a day */
    int32_t fraction_width;
    int64_t fraction_ns; /* unit of the fraction behind, or 0 */
};

struct binary_field {
    enum binary_kind kind;
    char *name;           /* NULL: padding */
    int64_t at;           /* from its anchor, or within its struct */
    int32_t anchor;       /* 0: the record's begin; else behind the anchor's variable field */
    int32_t ends;         /* a variable field: the anchor behind it; else 0 */
    int64_t width;        /* bytes of one element, or most bytes of a text with a prefix */
    int64_t size;         /* bytes in all; of a variable field those of its prefix */
    int64_t count;        /* elements of a list; -1: a single value */
    int32_t length_width; /* bytes of the prefix with the length or the count; 0: none */
    int32_t length_from;  /* the field of the record that has it, or -1 */
    bool big;
    bool pascal;         /* the first byte of a fixed text says how much is content */
    int32_t shift, bits; /* bits 0: all */
    int32_t scale;       /* of a decimal; -1: none */
    int32_t precision;
    enum binary_sign sign;
    struct binary_time time;
    struct binary_name *names;
    int64_t n_names;
    bool names_open; /* a value without a name is its number */
    enum binary_trim trim;
    char *encoding; /* NULL: UTF-8 */
    struct binary_converter *converter;
    bool null_is;       /* a value that stands for NULL: */
    int64_t null_value; /* of numbers, as it stands in the record */
    char *null_text;
    bool range_is; /* plausible values, for detection only */
    int64_t least, greatest;
    bool zero_is; /* padding that is said to be zero */
    struct binary_field *fields;
    int64_t n_fields;
};

struct binary_record {
    char *label; /* of a type in a union, or NULL */
    int64_t tag; /* value of the discriminator */
    struct binary_field *fields;
    int64_t n_fields;
    int64_t size;      /* of the fixed parts */
    int32_t n_anchors; /* 1: the size is fixed */
};

/* A column and where each record type has it. */
struct binary_column {
    const struct binary_field *field; /* of the first type that has it */
    int32_t *index;                   /* per type, or -1 */
    bool fallible;                    /* a record may hold what is no value */
};

/* Bytes at a place, for detection and for headers that are written. */
struct binary_match {
    int64_t at;
    uint8_t *bytes;
    int64_t size;
};

enum { BINARY_UNKNOWN_MAX = 8 };

struct binary_layout {
    char *name, *summary, *path;
    int64_t header, trailer; /* bytes */
    struct binary_match *matches;
    int64_t n_matches;
    struct binary_field *promise; /* a number in the header: of records, or of their bytes */
    bool promise_bytes;
    int64_t unknown[BINARY_UNKNOWN_MAX]; /* numbers that promise nothing */
    int64_t n_unknown;
    bool readonly; /* its header cannot be written */
    struct binary_record *types;
    int64_t n_types;
    int32_t tag_field; /* in every type; -1: there is one type */
    struct binary_column *columns;
    int64_t n_columns;
    bool fixed;     /* all records have stride bytes */
    int64_t stride; /* else the least that a record may have */
    int32_t anchors_most;
};

static inline bool binary_promises(const struct binary_layout *l, int64_t number)
{
    for (int64_t i = 0; i < l->n_unknown; i++)
        if (l->unknown[i] == number)
            return false;
    return true;
}

static inline bool binary_is_variable(const struct binary_field *f)
{
    return f->length_width || f->length_from >= 0;
}

/* layout.c */
void binary_field_init(struct binary_field *f);
void binary_fields_free(struct binary_field *fields, int64_t n);
void binary_layout_free(struct binary_layout *layout); /* accepts NULL */
/* Room for one more, initialised; NULL without memory. */
struct binary_field *binary_field_add(struct binary_field **fields, int64_t *n);
/* Places the fields of a record one behind the other, from `at` 0 on, heeding those of bits. 0,
 * or UNSUPPORTED: it is too large. */
int32_t binary_record_finish(struct binary_record *record);
/* Columns of all record types. UNSUPPORTED: *clash is the name of a field that is not the same in
 * all. */
int32_t binary_layout_finish(struct binary_layout *layout, const char **clash);
/* As an Arrow field. */
int32_t binary_field_schema(const struct binary_field *f, struct ArrowSchema *out);

/* struct_text.c: a struct string as Python reads it. Reports at /struct. */
int32_t binary_struct_read(struct qetl_env env, const char *text, struct binary_layout *out);

/* layout_file.c: reports what is wrong with the file. quiet: says nothing. */
int32_t binary_layout_load(struct qetl_env env, const char *path, struct binary_layout *out);

#endif
