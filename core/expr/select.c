/* SPDX-License-Identifier: Apache-2.0 */
/* The rows where a condition is true, as indices. */
#include "narrow.h"
#include "narrow_avx512.h"
#include "program.h"

/* Places of the set bits of each byte, and zeros. */
struct places {
    uint8_t at[256][8];
};

static const struct places *places_table(void)
{
    static struct places table;
    static int ready;

    if (__atomic_load_n(&ready, __ATOMIC_ACQUIRE))
        return &table;
    /* Racing threads write the same bytes. */
    for (int byte = 0; byte < 256; byte++)
        for (int bit = 0, n = 0; bit < 8; bit++)
            if (byte >> bit & 1)
                __atomic_store_n(&table.at[byte][n++], (uint8_t)bit, __ATOMIC_RELAXED);
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
    return &table;
}

/* Eight at a time, whatever the bits: the places behind the count are written again by what
 * follows, and lie below the row at hand, so within the caller's array. */
static int64_t expand_word(uint64_t word, int32_t base, int32_t *selected)
{
    const struct places *places = places_table();
    int64_t count = 0;

    for (int i = 0; i < 8; i++, word >>= 8) {
        const uint8_t *at = places->at[word & 255];
        for (int k = 0; k < 8; k++)
            selected[count + k] = base + 8 * i + at[k];
        count += __builtin_popcount(word & 255);
    }
    return count;
}

/* A word of 64 rows, of which there are several to expand. */
static int64_t expand_whole(uint64_t word, int32_t base, int32_t *selected)
{
#if defined(__x86_64__)
    if (qetl_expr_cpu() == QETL_CPU_AVX512)
        return qetl_expr_avx512_expand(word, base, selected);
#endif
    return expand_word(word, base, selected);
}

static int64_t expand_bits(uint64_t word, int32_t base, int32_t *selected)
{
    int64_t count = 0;

    for (; word; word &= word - 1)
        selected[count++] = base + __builtin_ctzll(word);
    return count;
}

static int64_t select_strip(const struct qetl_expr *expr, int32_t *selected)
{
    const struct expr_frame *f = &expr->frame;
    const struct expr_vec *vec = expr->root->vec;
    const uint64_t *value = vec->data;
    int64_t count = 0;

    for (int64_t at = 0; at < f->rows; at += 64) {
        int64_t w = at >> 6;
        uint64_t word = value[w] & expr->masks[0][w] & ~f->failed[w];
        int32_t base = (int32_t)(f->base + at);
        if (vec->valid)
            word &= vec->valid[w];
        if (f->rows - at >= 64 && word & (word - 1))
            count += expand_whole(word, base, selected + count);
        else
            count += expand_bits(word, base, selected + count);
    }
    return count;
}

int64_t qetl_expr_select(struct qetl_expr *expr, int64_t rows, int32_t *selected)
{
    int64_t count = 0;
    int32_t status;

    for (int64_t base = 0; base < rows; base += EXPR_STRIP) {
        status =
            qetl_expr_run_strip(expr, base, rows - base < EXPR_STRIP ? rows - base : EXPR_STRIP);
        if (status)
            return status;
        count += select_strip(expr, selected + count);
    }
    return count;
}
