/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cells of one column of a sample have been so far.
 *
 * Invariant: a type is answered only if every cell that is not NULL is plainly of it.
 * Ownership: none.
 * Threads:   as the instance.
 */
#ifndef QETL_CSV_GUESS_H
#define QETL_CSV_GUESS_H

#include "csv.h"

enum { CSV_SEEN_MAX = 40 };

struct csv_guess {
    int64_t cells;
    int64_t whole_digits;
    int64_t scale;
    int64_t commas;      /* cells that may be numbers with a decimal comma … */
    int64_t sure_commas; /* … and can be no others */
    int64_t points;      /* numbers whose point can mark no thousands */
    bool no_comma;       /* some cell is no number where commas are decimal */
    bool other;          /* some cell is no number: this one */
    bool seen_cut;
    uint8_t seen[CSV_SEEN_MAX];
    int64_t seen_size, seen_row, seen_place; /* place: 0, the beginning */
    const struct csv_pattern *patterns[3];   /* that all cells have fitted: date, time, timestamp */
};

/* The formats that the options name for a column, before its cells are looked at. */
void csv_guesses_offer(struct csv *self, const struct ArrowSchema *schema,
                       struct csv_guess *guesses);
/* The rows of the index from the first on. place: the byte of the object that they come behind. */
void csv_guesses_add(struct csv *self, const uint8_t *data, int64_t first, int64_t n_columns,
                     struct csv_guess *guesses, int64_t place);
/* places.c: rows from all over the object, as far as the source can show them; *places counts the
 * stretches that were of use. The index and what was converted stay. */
int32_t csv_places_add(struct csv *self, const struct qetl_sample *sample, int64_t n_columns,
                       struct csv_guess *guesses, int64_t *places);
/* Some column has decimal commas, and nothing speaks against it. */
bool csv_guesses_comma(const struct csv_guess *guesses, int64_t n_columns);
void csv_guess_format(const struct csv_guess *g, char format[QETL_TYPE_FORMAT_MAX]);
/* Says in the schema which cell made the column a text, for those who wanted numbers. */
int32_t csv_guess_tell(const struct csv_guess *g, struct ArrowSchema *field);
/* Warns of what a sample looks like and the options do not say: decimal commas, no header. */
void csv_guess_hints(struct csv *self, const uint8_t *data, const struct ArrowSchema *schema,
                     const struct csv_guess *guesses);

#endif
