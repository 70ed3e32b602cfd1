/* SPDX-License-Identifier: Apache-2.0 */
/* Plain texts in views, by the best instructions at hand. */
#include "views.h"

#include <stdatomic.h>

static bool always(void)
{
    return true;
}

/* Without wide registers, finding out costs as much as it spares. */
static uint64_t texts_none(const uint8_t *views, int64_t n)
{
    (void)views, (void)n;
    return 0;
}

static uint64_t numbers_none(const uint8_t *views, int64_t n, int32_t whole, int32_t fraction)
{
    (void)views, (void)n, (void)whole, (void)fraction;
    return 0;
}

static const struct qetl_sdk_views none = {"none", always, texts_none, numbers_none};

const struct qetl_sdk_views *const qetl_sdk_views_kinds[QETL_SDK_VIEWS_KINDS] = {
    &qetl_sdk_views_avx512, &qetl_sdk_views_avx2, &none};

static const struct qetl_sdk_views *best(void)
{
    static _Atomic(const struct qetl_sdk_views *) known;
    const struct qetl_sdk_views *kind = atomic_load_explicit(&known, memory_order_relaxed);
    if (__builtin_expect(!kind, 0)) {
        const struct qetl_sdk_views *const *at = qetl_sdk_views_kinds;
        while (!(*at)->usable())
            at++;
        kind = *at;
        atomic_store_explicit(&known, kind, memory_order_relaxed);
    }
    return kind;
}

uint64_t qetl_views_plain_texts(const void *views, int64_t n)
{
    return best()->texts(views, n);
}

uint64_t qetl_views_plain_numbers(const void *views, int64_t n, int32_t whole, int32_t fraction)
{
    return best()->numbers(views, n, whole, fraction);
}
