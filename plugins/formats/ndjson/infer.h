/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that a sample suggests, and the types that the user has declared.
 *
 * Invariant: columns stand in the order of their first appearance; a declared column that the
 * sample lacks comes behind them. Ownership: an inference owns what it gathers; finish moves the
 * schema out. Threads:   one inference, one thread.
 */
#ifndef NDJSON_INFER_H
#define NDJSON_INFER_H

#include "json.h"
#include "names.h"

#include <qetl/sdk.h>

/* What the cells of one column are. */
struct ndjson_tally {
    int64_t strings, booleans, nested, nulls;
    int64_t integers, fractions, exponents;
    int32_t integer_digits, fraction_digits; /* most that were seen */
    bool overflow;                           /* an exponent beyond double */
};

struct ndjson_infer {
    struct qetl_env env;
    struct ndjson_reader reader;
    struct ndjson_names names;
    struct ndjson_tally *tallies;
    int64_t tallies_capacity;
    int64_t records, faulty;
    char summary[320];
};

/* Arrow format of a name in the option `types`, where "json" is raw JSON (*json, text). */
int32_t ndjson_declared_parse(const char *sql, char format[QETL_TYPE_FORMAT_MAX], bool *json);

/* JSON pointer of a column's entry in types, to be freed; NULL without memory. */
char *ndjson_types_pointer(const char *name);

int32_t ndjson_infer_sample(struct ndjson_infer *in, const uint8_t *data, int64_t size);
int32_t ndjson_infer_finish(struct ndjson_infer *in, struct ArrowSchema *out);
void ndjson_infer_free(struct ndjson_infer *in);

#endif
