/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that expressions compute with: SQL's, each with one layout of its values.
 *
 * Invariant: values of a decimal are integers scaled by 10^scale, below 10^38 in magnitude.
 * Ownership: a type is plain data; zone points into the compilation's arena or is NULL.
 * Threads:   none.
 */
#ifndef QETL_EXPR_TYPE_H
#define QETL_EXPR_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 expr_int128;
__extension__ typedef unsigned __int128 expr_uint128;

enum expr_type_id {
    EXPR_UNKNOWN, /* an untyped literal: takes the type that its neighbour asks for */
    EXPR_BOOL,
    EXPR_INT1,
    EXPR_INT2,
    EXPR_INT4,
    EXPR_INT8,
    EXPR_UINT1,
    EXPR_UINT2,
    EXPR_UINT4,
    EXPR_UINT8,
    EXPR_FLOAT4,
    EXPR_FLOAT8,
    EXPR_DECIMAL,
    EXPR_TEXT,
    EXPR_DATE,
    EXPR_TIME,
    EXPR_TIMESTAMP,
    EXPR_TIMESTAMPTZ,
    EXPR_INTERVAL,
    EXPR_JSON,   /* text that is valid JSON, as it stands */
    EXPR_JSONB,  /* JSON in its one canonical form */
    EXPR_OPAQUE, /* binary, lists, structs: can only be asked whether they are NULL */
    EXPR_TYPES
};

enum { EXPR_DECIMAL_DIGITS = 38, EXPR_TYPE_NAME_MAX = 48, EXPR_TYPE_FORMAT_MAX = 96 };

struct expr_type {
    enum expr_type_id id;
    int32_t precision, scale; /* of decimals */
    const char *zone;         /* of timestamps with time zone */
};

struct expr_text {
    const char *data;
    int64_t size;
};

struct expr_interval {
    int32_t months, days;
    int64_t us;
};

/* One value, whatever its type. */
struct expr_value {
    bool null;
    union {
        bool boolean;
        int64_t integer; /* all integers, date, time, timestamps */
        uint64_t natural;
        double real; /* both floats */
        expr_int128 decimal;
        struct expr_text text;
        struct expr_interval interval;
    };
};

static inline struct expr_type expr_type_of(enum expr_type_id id)
{
    return (struct expr_type){.id = id};
}

static inline struct expr_type expr_type_decimal(int32_t precision, int32_t scale)
{
    return (struct expr_type){.id = EXPR_DECIMAL, .precision = precision, .scale = scale};
}

/* Bytes a value takes in a vector; booleans are bits and answer 0. */
size_t qetl_expr_type_width(enum expr_type_id id);
/* The type of an Arrow format; OPAQUE for binary and nested ones, UNKNOWN for those not in use. */
struct expr_type qetl_expr_type_parse(const char *format);
/* The reverse, for results. */
const char *qetl_expr_type_format(const struct expr_type *type, char *out, size_t size);
/* SQL's name, for messages. */
const char *qetl_expr_type_name(const struct expr_type *type, char *out, size_t size);
bool qetl_expr_type_equal(const struct expr_type *a, const struct expr_type *b);

static inline bool expr_type_is_integer(enum expr_type_id id)
{
    return id >= EXPR_INT1 && id <= EXPR_UINT8;
}

static inline bool expr_type_is_numeric(enum expr_type_id id)
{
    return id >= EXPR_INT1 && id <= EXPR_DECIMAL;
}

/* Types whose values are struct expr_text. */
static inline bool expr_type_is_text(enum expr_type_id id)
{
    return id == EXPR_TEXT || id == EXPR_UNKNOWN || id == EXPR_JSON || id == EXPR_JSONB;
}

static inline bool expr_type_is_json(enum expr_type_id id)
{
    return id == EXPR_JSON || id == EXPR_JSONB;
}

static inline bool expr_type_is_moment(enum expr_type_id id)
{
    return id >= EXPR_DATE && id <= EXPR_INTERVAL;
}

static inline bool expr_type_is_float(enum expr_type_id id)
{
    return id == EXPR_FLOAT4 || id == EXPR_FLOAT8;
}

#endif
