/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where records and cells end: the structural scan of delimited text, 64 bytes at a time.
 *
 * Invariant: every kernel answers exactly what the state machine of csv_scan_exact says, byte for
 * byte, wherever the data was cut between calls: a quote opens only at the beginning of a cell.
 * Ownership: an index owns its arrays and keeps them from call to call.
 * Threads:   an index and a scan belong to one caller; kernels are pure.
 */
#ifndef QETL_CSV_SCAN_H
#define QETL_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The state between two bytes. At most one of the three is set; none means within a bare cell. */
struct csv_scan {
    uint64_t inside;      /* all ones within quotes */
    uint64_t may_open;    /* 1: a cell begins here */
    uint64_t after_close; /* 1: the byte before was a quote that closed */
    /* of a foreign dialect (foreign_scan.c) */
    uint8_t state, escaped, matched, commented;
};

#define CSV_SCAN_START ((struct csv_scan){.may_open = 1})

struct csv_marks {
    uint8_t delimiter;
    uint8_t quote;
};

enum csv_code {
    CSV_FINE = 0,
    CSV_RAGGED_ROW,
    CSV_BARE_QUOTE, /* within a cell that has none around it */
    CSV_AFTER_QUOTE,
    CSV_OPEN_QUOTE,
    CSV_OVERSIZE_RECORD,
    CSV_BROKEN_LINE,
    CSV_BAD_UTF8,
    CSV_BAD_VALUE,
    CSV_OUT_OF_RANGE,
    CSV_INEXACT,
    CSV_NEW_COLUMN
};

/* The first fault of a record, in the order of records. */
struct csv_fault {
    uint32_t record;
    uint32_t at;
    enum csv_code code;
};

struct csv_index {
    uint32_t *ends; /* position of each delimiter or line end that counts; ends[-1] is UINT32_MAX */
    uint32_t *rows; /* per record: the number of ends up to and with its own */
    struct csv_fault *faults;
    int64_t n_ends, n_rows, n_faults;
    int64_t room_ends, room_rows, room_faults;
    bool ascii;  /* no byte over 127 */
    bool quotes; /* at least one quote */
    bool failed; /* without memory for a fault */
};

struct csv_numbers;
struct csv_view_walk;
int64_t csv_views_portable(struct csv_view_walk *w), csv_views_avx512(struct csv_view_walk *w);

struct csv_kernel {
    const char *name;
    bool (*usable)(void);
    /* Scans [from, to) and answers the end of the last record that ends there (behind its line
     * feed), or -1. */
    int64_t (*last_end)(const uint8_t *data, int64_t from, int64_t to, struct csv_marks marks,
                        struct csv_scan *scan);
    /* Indexes whole records; a last one may lack its line end. 0, or -1 without memory. */
    int32_t (*index)(const uint8_t *data, int64_t size, struct csv_marks marks,
                     struct csv_index *ix);
    /* A column's views; answers how many are NULL (view_walk.h). */
    int64_t (*views)(struct csv_view_walk *w);
    /* Many numbers at once (numbers.h); NULL: the parsers read them all. */
    uint64_t (*numbers)(const struct csv_numbers *, int64_t row, int64_t n);
};

/* The kernels of this build, best first, the portable one last. */
extern const struct csv_kernel *const csv_kernels[];
extern const int csv_kernels_count;
const struct csv_kernel *csv_kernel_best(void);

/* What one block of up to 64 bytes holds: bits of cell ends and, among them, of record ends. */
struct csv_block {
    uint64_t ends;
    uint64_t lines;
};

/* The law, byte by byte. next: the byte behind the block, or -1 at the end of the data. With ix,
 * faults are noted; at is then the block's position. */
struct csv_block csv_scan_exact(const uint8_t *data, int n, int next, struct csv_marks marks,
                                struct csv_scan *scan, struct csv_index *ix, int64_t at);

int32_t csv_index_grow(struct csv_index *ix);
/* A bare quote gives way to any other fault of its record. */
int32_t csv_index_fault(struct csv_index *ix, int64_t record, int64_t at, enum csv_code code);
/* Closes a last record without a line end. */
int32_t csv_index_finish(struct csv_index *ix, int64_t size, const struct csv_scan *scan);
/* As a kernel's index, but for bare quotes: they are part of their cells, and no faults. One with
 * nothing but blanks before it stays one, for whether it quotes is another question elsewhere. */
int32_t csv_index_make(const struct csv_kernel *kernel, const uint8_t *data, int64_t size,
                       struct csv_marks marks, struct csv_index *ix);
/* Takes those faults out. */
void csv_index_settle(struct csv_index *ix, const uint8_t *data, struct csv_marks marks);
void csv_index_reset(struct csv_index *ix);
void csv_index_free(struct csv_index *ix);

/* Position of the first byte of cell `column` of the record whose ends begin at `base`, and its
 * end. */
static inline uint32_t csv_cell_begin(const struct csv_index *ix, uint32_t base, int64_t column)
{
    return ix->ends[(int64_t)base + column - 1] + 1;
}

#endif
