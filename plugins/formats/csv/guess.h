/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cells of one column of a sample have been so far.
 *
 * Invariant: a type is answered only if every cell that is not NULL is plainly of it.
 * Ownership: `seen` points into the sample.
 * Threads:   as the instance.
 */
#ifndef QETL_CSV_GUESS_H
#define QETL_CSV_GUESS_H

#include "csv.h"

struct csv_guess {
    int64_t cells;
    int64_t whole_digits;
    int64_t scale;
    int64_t commas; /* cells that are numbers with a decimal comma */
    bool other;     /* some cell is no number: this one */
    const uint8_t *seen;
    int64_t seen_size, seen_row;
    const struct csv_pattern *patterns[3]; /* that all cells have fitted: date, time, timestamp */
};

/* The rows of the index from the first on; guesses has zeros and n_columns entries. */
int32_t csv_guesses_make(struct csv *self, const uint8_t *data, int64_t first,
                         const struct ArrowSchema *schema, struct csv_guess *guesses);
void csv_guess_format(const struct csv_guess *g, char format[QETL_TYPE_FORMAT_MAX]);
/* Says in the schema which cell made the column a text, for those who wanted numbers. */
int32_t csv_guess_tell(const struct csv_guess *g, struct ArrowSchema *field);
/* Warns of what a sample looks like and the options do not say: decimal commas, no header. */
void csv_guess_hints(struct csv *self, const uint8_t *data, const struct ArrowSchema *schema,
                     const struct csv_guess *guesses);

#endif
