/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

void qetl_counts_add(struct qetl_counts *counts, const struct qetl_tally *tally)
{
    counts->rows_in += qetl_tally_get(&tally->rows_in);
    counts->rows_out += qetl_tally_get(&tally->rows_out);
    counts->rows_filtered += qetl_tally_get(&tally->rows_filtered);
    counts->rows_rejected += qetl_tally_get(&tally->rows_rejected);
    counts->rows_added += qetl_tally_get(&tally->rows_added);
    counts->rows_reduced += qetl_tally_get(&tally->rows_reduced);
    counts->rows_held += qetl_tally_get(&tally->rows_held);
    counts->bytes_in += qetl_tally_get(&tally->bytes_in);
    counts->bytes_out += qetl_tally_get(&tally->bytes_out);
}

void qetl_counts_sum(struct qetl_counts *sum, const struct qetl_counts *one)
{
    sum->rows_in += one->rows_in;
    sum->rows_out += one->rows_out;
    sum->rows_filtered += one->rows_filtered;
    sum->rows_rejected += one->rows_rejected;
    sum->rows_added += one->rows_added;
    sum->rows_reduced += one->rows_reduced;
    sum->rows_held += one->rows_held;
    sum->bytes_in += one->bytes_in;
    sum->bytes_out += one->bytes_out;
}

void qetl_tally_begin(struct qetl_tally *tally, const struct qetl_counts *counts)
{
    qetl_tally_add(&tally->rows_in, counts->rows_in);
    qetl_tally_add(&tally->rows_out, counts->rows_out);
    qetl_tally_add(&tally->rows_filtered, counts->rows_filtered);
    qetl_tally_add(&tally->rows_rejected, counts->rows_rejected);
    qetl_tally_add(&tally->rows_added, counts->rows_added);
    qetl_tally_add(&tally->rows_reduced, counts->rows_reduced);
    qetl_tally_add(&tally->rows_held, counts->rows_held);
    qetl_tally_add(&tally->bytes_in, counts->bytes_in);
    qetl_tally_add(&tally->bytes_out, counts->bytes_out);
}

bool qetl_counts_balance(const struct qetl_counts *c)
{
    return c->rows_in + c->rows_added ==
           c->rows_out + c->rows_filtered + c->rows_rejected + c->rows_reduced + c->rows_held;
}
