/* SPDX-License-Identifier: Apache-2.0 */
/* Plain texts in views: what each set of instructions calls plain, against a look at each byte. */
#include "../sdk/src/views.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <string.h>

static bool text_is_plain(const struct qetl_sdk_view *v)
{
    bool plain = v->size <= QETL_SDK_VIEW_INLINE;
    for (int i = 0; plain && i < v->size; i++)
        plain = v->inlined[i] != '"' && v->inlined[i] != '\\' && (uint8_t)v->inlined[i] >= 0x20;
    return plain;
}

static bool number_is_plain(const struct qetl_sdk_view *v, int whole_most, int fraction_most)
{
    int whole = 0, at = 0, fraction;
    if (v->size > QETL_SDK_VIEW_INLINE)
        return false;
    while (at < v->size && v->inlined[at] >= '0' && v->inlined[at] <= '9')
        whole++, at++;
    fraction = v->size - at - 1;
    for (int i = at + 1; i < v->size; i++)
        if (v->inlined[i] < '0' || v->inlined[i] > '9')
            return false;
    if (at < v->size && (v->inlined[at] != '.' || !fraction || fraction > fraction_most))
        return false;
    return whole && whole <= whole_most && (whole == 1 || v->inlined[0] != '0');
}

/* Nearly numbers for the most part; what lies behind a text is anything. */
static void view_draw(uint64_t *seed, struct qetl_sdk_view *v)
{
    static const char near[] = "0123456789.0123456789", any[] = "-+e\"\\ \x1f\x7f\xc3z/:,";
    bool number = random_below(seed, 4);
    v->size = (int32_t)random_below(seed, 13);
    for (int i = 0; i < 12; i++)
        v->inlined[i] = number && random_below(seed, 40) ? near[random_below(seed, sizeof near - 1)]
                                                         : any[random_below(seed, sizeof any - 1)];
    if (random_below(seed, 3))
        for (int i = 0, points = 0; i < v->size; i++)
            if (v->inlined[i] == '.' && points++)
                v->inlined[i] = '5';
    if (!random_below(seed, 30))
        v->size = (int32_t)(random_below(seed, 2) ? 13 + random_below(seed, 5)
                                                  : 250 + random_below(seed, 20));
    if (!random_below(seed, 200))
        v->size = (int32_t)random_below(seed, INT32_MAX);
}

Test(sdk_views, every_kind_finds_what_is_plain_and_nothing_else)
{
    struct qetl_sdk_view views[64];
    uint64_t seed = 7;
    int64_t found = 0;
    for (int k = 0; k < QETL_SDK_VIEWS_KINDS - 1; k++) {
        const struct qetl_sdk_views *kind = qetl_sdk_views_kinds[k];
        for (int round = 0; kind->usable() && round < 20000; round++) {
            int64_t n = random_below(&seed, 65), whole = random_below(&seed, 14);
            int64_t fraction = random_below(&seed, 13);
            uint64_t text = 0, number = 0;
            for (int64_t i = 0; i < n; i++) {
                view_draw(&seed, &views[i]);
                /* the last ones may be left, where they are no four */
                if (i < n / 4 * 4) {
                    text |= (uint64_t)text_is_plain(&views[i]) << i;
                    number |= (uint64_t)number_is_plain(&views[i], (int)whole, (int)fraction) << i;
                }
            }
            cr_assert_eq(kind->texts((uint8_t *)views, n), text, "%s", kind->name);
            cr_assert_eq(kind->numbers((uint8_t *)views, n, (int32_t)whole, (int32_t)fraction),
                         number, "%s: %d digits, %d behind the point", kind->name, (int)whole,
                         (int)fraction);
            found += __builtin_popcountll(number);
        }
    }
    cr_assert(found > 100000 || !qetl_sdk_views_avx2.usable(), "%lld numbers", (long long)found);
}

Test(sdk_views, the_best_kind_answers)
{
    struct qetl_sdk_view views[8] = {0};
    const struct qetl_sdk_views *const *best = qetl_sdk_views_kinds;
    while (!(*best)->usable())
        best++;
    for (int i = 0; i < 8; i++) {
        views[i].size = i;
        memcpy(views[i].inlined, i & 1 ? "12345678" : "a\"bcdefg", 8);
    }
    cr_assert_eq(qetl_views_plain_texts(views, 8), (*best)->texts((uint8_t *)views, 8));
    cr_assert_eq(qetl_views_plain_numbers(views, 8, 5, 0),
                 (*best)->numbers((uint8_t *)views, 8, 5, 0));
}
