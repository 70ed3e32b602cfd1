/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on any machine. */
#include "encoder.h"

#define ROWS_TARGET

static inline bool cell_is_odd(const struct csv_hot *hot, int64_t row, uint32_t size,
                               uint64_t odd_sizes, bool null_spelled);

static inline bool begins_with_bom(uint64_t view)
{
    return (view >> 32 & 0xffffff) == 0xbfbbef;
}

static inline bool cell_fast(const struct csv_encoder *e, const struct csv_hot *hot, int64_t row,
                             uint8_t **at)
{
    const uint64_t *view = hot->views + 2 * row;
    uint64_t text[2] = {view[0] >> 32 | view[1] << 32, view[1] >> 32};
    uint32_t size = (uint32_t)view[0];
    bool special;
    csv_bytes16 v;

    if (size > CSV_FAST_CELL || (hot->first && begins_with_bom(view[0])) ||
        cell_is_odd(hot, row, size, e->odd_sizes, e->null.size))
        return false;
    if (size > CSV_INLINE) {
        csv_cell_copy(&e->special, *at, hot->data[(uint32_t)view[1]] + (view[1] >> 32), size,
                      &special);
    } else {
        memcpy(&v, text, sizeof v);
        memcpy(*at, text, sizeof text);
        special = csv_any16(csv_special_in(&e->special, v));
    }
    *at += special ? 0 : size;
    return !special;
}

#include "rows.h"

static bool portable_usable(void)
{
    return true;
}

const struct csv_rows_kernel csv_rows_portable = {"portable", portable_usable, rows_write};
