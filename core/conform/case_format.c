/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that nobody wrote: cut off, changed, made up; and columns that nobody wants. */
#include "cases.h"
#include "format.h"

#include <stdlib.h>

enum { DAMAGES = 40 };

static const struct conform_knobs plain = {0};

static int32_t bytes_make(struct conform_formatting *f, struct conform_bench *b,
                          const struct conform_trial *t)
{
    *f = (struct conform_formatting){.b = b, .garbage = true};
    conform_scratch(t);
    int32_t status = conform_bench_open(b, t, &plain);
    status = status ? status : conform_bench_start(b);
    status = status ? status : conform_format_describe(f);
    if (!status && t->check->bytes)
        conform_text_put(&f->bytes, t->check->bytes, t->check->bytes_size);
    else if (!status && t->promised->writes)
        status = conform_format_encode(f);
    return status;
}

static bool decodes(const struct conform_trial *t, enum conform_rule_id rule)
{
    if (t->promised->reads && t->component->format->decode)
        return true;
    conform_skip(t->record, rule, "the format does not read");
    return false;
}

/* Samples of every small size and of some others: whoever wants more says so. */
void conform_case_infer(const struct conform_trial *t)
{
    struct conform_formatting f;
    struct conform_bench b;
    if (!decodes(t, CONFORM_INFER_RULE))
        return;
    int32_t status = bytes_make(&f, &b, t);
    int64_t all = (int64_t)f.bytes.size;
    for (int64_t size = 0; !status && size <= all && conform_may_try(t);
         size += size < 64 ? 1 : all / 16 + 1)
        for (int whole = 0; whole < 2; whole++)
            if (!conform_format_renew(&f))
                conform_format_infer(&f, size, whole);
    if (!status && all)
        conform_hold(t->record, CONFORM_INFER_RULE);
    conform_format_clear(&f);
    conform_bench_close(&b);
}

static void damage(struct conform_formatting *f, uint64_t *seed, int how)
{
    if (!f->bytes.size)
        return;
    switch (how % 4) {
    case 0: /* some bytes are others */
        for (int i = 0; i < 4; i++)
            f->bytes.data[conform_draw(seed) % f->bytes.size] = (char)conform_draw(seed);
        break;
    case 1: /* the end is missing */
        f->bytes.size = conform_draw(seed) % f->bytes.size;
        break;
    case 2: { /* a bit is another */
        uint64_t at = conform_draw(seed) % f->bytes.size;
        f->bytes.data[at] = (char)(f->bytes.data[at] ^ 1 << conform_draw(seed) % 8);
        break;
    }
    default: /* a part is missing */
        for (size_t i = conform_draw(seed) % f->bytes.size, n = i / 2; i < f->bytes.size; i++)
            f->bytes.data[i - n] = f->bytes.data[i];
    }
}

static void read_back(struct conform_formatting *f)
{
    int32_t status = conform_format_renew(f);
    f->n_pieces = 0;
    f->records = 0;
    f->note.size = 0;
    status = status ? status : conform_format_infer(f, (int64_t)f->bytes.size, true);
    status = status ? status : conform_format_open(f);
    status = status ? status : conform_format_frame(f);
    for (size_t i = 0; !status && i < f->n_pieces; i++)
        status = conform_format_decode(f, &f->pieces[i]);
}

void conform_case_decode(const struct conform_trial *t)
{
    struct conform_formatting f;
    struct conform_bench b;
    uint64_t seed = t->seed;
    if (!decodes(t, CONFORM_DECODE_GARBAGE_RULE))
        return;
    int32_t status = bytes_make(&f, &b, t);
    struct conform_text good = {0};
    conform_text_put(&good, f.bytes.data, f.bytes.size);
    for (int i = 0; !status && i < DAMAGES && conform_may_try(t); i++) {
        f.bytes.size = 0;
        conform_text_put(&f.bytes, good.data, good.size);
        damage(&f, &seed, i);
        read_back(&f);
    }
    if (!status && good.size)
        conform_hold(t->record, CONFORM_DECODE_GARBAGE_RULE);
    else
        conform_skip(t->record, CONFORM_DECODE_GARBAGE_RULE, "there are no bytes to be damaged");
    conform_text_free(&good);
    conform_format_clear(&f);
    conform_bench_close(&b);
}

/* ---- columns ---- */

/* "12: …": 12. */
static long long number_of(const struct conform_text *t, size_t at)
{
    return strtoll(t->data + at, NULL, 10);
}

static size_t line_size(const struct conform_text *t, size_t at)
{
    const char *end = memchr(t->data + at, '\n', t->size - at);
    return end ? (size_t)(end - t->data) + 1 - at : t->size - at;
}

/* Of the numbered lines those whose numbers the others have, too. */
static void lines_keep(struct conform_text *lines, const struct conform_text *others)
{
    struct conform_text kept = {0};
    size_t at = 0, other = 0;
    while (at < lines->size && other < others->size) {
        long long number = number_of(lines, at), wanted = number_of(others, other);
        if (number == wanted)
            conform_text_put(&kept, lines->data + at, line_size(lines, at));
        if (number <= wanted)
            at += line_size(lines, at);
        else
            other += line_size(others, other);
    }
    conform_text_free(lines);
    *lines = kept;
}

/* The columns that were wanted, beside the same of all, in the rows that decode with all of them: a
 * row that is rejected for a column is none where somebody wants it. */
static void pick_try(const struct conform_trial *t, enum conform_pick pick, const char *what)
{
    struct conform_knobs k = {.pick = pick, .picks_late = true, .numbered = true};
    struct conform_bench all, some;
    if (!conform_try(&all, t, &k) && all.outs[0].size) {
        k.picks_late = false;
        if (conform_try(&some, t, &k)) {
            conform_break(t->record, CONFORM_DECODE_COLUMNS_RULE, "%s: %s", what, some.error);
        } else {
            lines_keep(&some.outs[0], &all.outs[0]);
            all.rejects.size = some.rejects.size = 0;
            conform_outcome_same(&all, &some, CONFORM_DECODE_COLUMNS_RULE, what);
        }
        conform_bench_close(&some);
    }
    conform_bench_close(&all);
}

void conform_case_columns(const struct conform_trial *t)
{
    static const char *const what[CONFORM_PICKS] = {
        [CONFORM_PICK_NONE] = "with no column wanted",
        [CONFORM_PICK_FIRST] = "with the first column wanted alone",
        [CONFORM_PICK_LAST] = "with the last column wanted alone",
        [CONFORM_PICK_SECONDS] = "with every second column wanted",
        [CONFORM_PICK_BACKWARDS] = "with the columns wanted backwards"};
    if (!decodes(t, CONFORM_DECODE_COLUMNS_RULE))
        return;
    for (int pick = CONFORM_PICK_NONE; pick < CONFORM_PICKS; pick++)
        pick_try(t, (enum conform_pick)pick, what[pick]);
    conform_skip(t->record, CONFORM_DECODE_COLUMNS_RULE, "no row of the input decodes");
}
