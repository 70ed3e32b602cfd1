/* SPDX-License-Identifier: Apache-2.0 */
/* x IN (constants). Where NULL is among them, what is not found is NULL. */
#include "op.h"
#include "set.h"

uint64_t qetl_expr_hash_text(struct expr_text text)
{
    uint64_t hash = (uint64_t)text.size * 0x9e3779b97f4a7c15ULL, word;
    int64_t i = 0;

    for (; i + 8 <= text.size; i += 8) {
        memcpy(&word, text.data + i, 8);
        hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
        hash ^= hash >> 29;
    }
    word = 0;
    if (i < text.size)
        memcpy(&word, text.data + i, (size_t)(text.size - i));
    hash = (hash ^ word) * 0x9fb21c651e98df25ULL;
    return hash ^ hash >> 32;
}

static bool has_integer(const struct expr_set *set, int64_t key)
{
    uint64_t at = expr_hash_integer(key);

    for (;; at++) {
        uint32_t slot = set->slots[at & (set->n_slots - 1)];
        if (!slot)
            return false;
        if (set->integers[slot - 1] == key)
            return true;
    }
}

static bool has_text(const struct expr_set *set, struct expr_text key)
{
    uint64_t at = qetl_expr_hash_text(key);

    for (;; at++) {
        uint32_t slot = set->slots[at & (set->n_slots - 1)];
        if (!slot)
            return false;
        if (set->texts[slot - 1].size == key.size &&
            (!key.size || !memcmp(set->texts[slot - 1].data, key.data, (size_t)key.size)))
            return true;
    }
}

static bool has_decimal(const struct expr_set *set, expr_int128 key)
{
    if (key == (int64_t)key)
        return has_integer(set, (int64_t)key);
    for (uint32_t k = 0; k < set->n_decimals; k++)
        if (set->decimals[k] == key)
            return true;
    return false;
}

/* Few keys: all of them against 64 rows. */
#define LINEAR(name, T)                                                            \
    EXPR_CLONES static void linear_##name(uint64_t *r, const T *values, int64_t n, \
                                          const struct expr_set *set)              \
    {                                                                              \
        for (int64_t at = 0; at < n; at += 64) {                                   \
            uint8_t bytes[64] = {0};                                               \
            T block[64] = {0};                                                     \
            const T *rows = values + at;                                           \
            if (at + 64 > n)                                                       \
                rows = memcpy(block, rows, (size_t)(n - at) * sizeof(T));          \
            for (uint32_t k = 0; k < set->count; k++) {                            \
                T key = (T)set->integers[k];                                       \
                for (int j = 0; j < 64; j++)                                       \
                    bytes[j] |= rows[j] == key;                                    \
            }                                                                      \
            r[at >> 6] = expr_bits_pack(bytes);                                    \
        }                                                                          \
    }

LINEAR(int4, int32_t)
LINEAR(int8, int64_t)

/* A view of at most 12 bytes is equal if its two words are; a longer one differs in its size. */
EXPR_CLONES static void linear_views(uint64_t *r, const uint64_t *views, int64_t n,
                                     const struct expr_set *set)
{
    for (int64_t at = 0; at < n; at += 64) {
        int64_t rows = n - at < 64 ? n - at : 64;
        uint64_t word = 0;
        for (uint32_t k = 0; k < set->count; k++) {
            uint64_t size = set->views[k][0], rest = set->views[k][1];
            for (int64_t j = 0; j < rows; j++) {
                const uint64_t *view = views + 2 * (at + j);
                word |= (uint64_t)(((view[0] ^ size) | (view[1] ^ rest)) == 0) << j;
            }
        }
        r[at >> 6] = word;
    }
}

/* The end of each kernel: what was not found is unknown when NULL is in the list. */
static void finish(const struct expr_frame *f, const struct expr_instr *in,
                   const struct expr_set *set)
{
    const uint64_t *r = in->dst->data;

    if (!set->has_null)
        return;
    qetl_expr_valid_and(f, in, 1);
    for (int w = 0; w < EXPR_WORDS; w++)
        in->dst->bits[w] = (in->dst->valid ? in->dst->valid[w] : ~0ULL) & r[w];
    in->dst->valid = in->dst->bits;
}

#define INTEGER_KERNEL(name, T)                                                     \
    static int32_t kernel_##name(struct expr_frame *f, const struct expr_instr *in) \
    {                                                                               \
        const struct expr_set *set = in->node->set;                                 \
        const T *values = in->args[0]->data;                                        \
        uint64_t *r = in->dst->data;                                                \
        qetl_expr_valid_and(f, in, 1);                                              \
        if (set->count <= EXPR_SET_LINEAR) {                                        \
            linear_##name(r, values, f->rows, set);                                 \
        } else {                                                                    \
            memset(r, 0, EXPR_WORDS * sizeof *r);                                   \
            for (int64_t i = 0; i < f->rows; i++)                                   \
                r[i >> 6] |= (uint64_t)has_integer(set, values[i]) << (i & 63);     \
        }                                                                           \
        finish(f, in, set);                                                         \
        return QETL_OK;                                                             \
    }

INTEGER_KERNEL(int4, int32_t)
INTEGER_KERNEL(int8, int64_t)

static int32_t kernel_decimal(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_set *set = in->node->set;
    uint64_t *r = in->dst->data;

    if (in->args[0]->narrow)
        return kernel_int8(f, in);
    qetl_expr_valid_and(f, in, 1);
    memset(r, 0, EXPR_WORDS * sizeof *r);
    for (int64_t i = 0; i < f->rows; i++)
        r[i >> 6] |= (uint64_t)has_decimal(set, expr_vec_decimal(in->args[0], i)) << (i & 63);
    finish(f, in, set);
    return QETL_OK;
}

static int32_t kernel_text(struct expr_frame *f, const struct expr_instr *in)
{
    const struct expr_set *set = in->node->set;
    const struct expr_vec *arg = in->args[0];
    uint64_t *r = in->dst->data;

    qetl_expr_valid_and(f, in, 1);
    if (arg->views && set->views && set->count <= EXPR_SET_LINEAR) {
        linear_views(r, arg->data, f->rows, set);
        finish(f, in, set);
        return QETL_OK;
    }
    memset(r, 0, EXPR_WORDS * sizeof *r);
    for (int64_t i = 0; i < f->rows; i++)
        if (expr_vec_is_valid(arg, i))
            r[i >> 6] |= (uint64_t)has_text(set, expr_vec_text(arg, i)) << (i & 63);
    finish(f, in, set);
    return QETL_OK;
}

static const struct expr_op ops[] = {
    {"in", 1, {EXPR_INT4}, EXPR_BOOL, 0, .kernel = kernel_int4},
    {"in", 1, {EXPR_INT8}, EXPR_BOOL, 0, .kernel = kernel_int8},
    {"in", 1, {EXPR_DATE}, EXPR_BOOL, 0, .kernel = kernel_int4},
    {"in", 1, {EXPR_TIME}, EXPR_BOOL, 0, .kernel = kernel_int8},
    {"in", 1, {EXPR_TIMESTAMP}, EXPR_BOOL, 0, .kernel = kernel_int8},
    {"in", 1, {EXPR_TIMESTAMPTZ}, EXPR_BOOL, 0, .kernel = kernel_int8},
    {"in", 1, {EXPR_DECIMAL}, EXPR_BOOL, 0, .kernel = kernel_decimal},
    {"in", 1, {EXPR_TEXT}, EXPR_BOOL, 0, .kernel = kernel_text},
};

const struct expr_family qetl_expr_family_set = {ops, sizeof ops / sizeof ops[0]};
