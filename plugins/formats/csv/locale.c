/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with another decimal mark, and with marks between thousands. */
#include "locale.h"

#include <string.h>

/* Digits since the last mark between thousands. */
struct groups {
    int64_t digits;
    bool any, fraction, exponent;
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Groups are of three digits, of two or three before the last (in India), the first may be short.
 */
static bool group_ends(struct groups *g, bool last)
{
    bool fits = !g->any ? last || (g->digits >= 1 && g->digits <= 3)
                        : g->digits == 3 || (g->digits == 2 && !last);

    g->any = true;
    g->digits = 0;
    return fits;
}

static bool at_thousands(const struct csv_locale *l, const uint8_t *at, const uint8_t *end)
{
    return l->n_thousands && end - at > l->n_thousands && !memcmp(at, l->thousands, l->n_thousands);
}

/* NaN, Infinity: words have no marks. */
static bool is_word(const uint8_t *cell, int64_t size)
{
    int64_t sign = size && (*cell == '-' || *cell == '+');

    return size > sign && ((cell[sign] | 0x20) == 'n' || (cell[sign] | 0x20) == 'i') &&
           !memchr(cell, '.', (size_t)size) && !memchr(cell, ',', (size_t)size);
}

/* One byte that is no digit; false: it has no place here. */
static bool mark_read(const struct csv_locale *l, bool real, struct groups *g, const uint8_t *at,
                      char *out)
{
    bool whole = !g->fraction && !g->exponent;

    *out = (char)*at;
    if (*at == (uint8_t)l->mark && whole) {
        g->fraction = true;
        *out = '.';
        return !g->any || group_ends(g, true);
    }
    if (real && (*at | 0x20) == 'e' && !g->exponent) {
        bool fits = !whole || !g->any || group_ends(g, true);

        g->exponent = true;
        return fits;
    }
    return false;
}

int64_t csv_number_read(const struct csv_locale *l, bool real, const uint8_t *cell, int64_t size,
                        char *out)
{
    const uint8_t *at = cell, *end = cell + size;
    struct groups g = {0};
    int64_t n = 0;

    if (real && is_word(cell, size)) {
        memcpy(out, cell, (size_t)size);
        return size;
    }
    while (at < end) {
        bool sign = (*at == '-' || *at == '+') && (at == cell || (at[-1] | 0x20) == 'e');

        if (is_digit(*at) || sign) {
            g.digits += is_digit(*at);
            out[n++] = (char)*at++;
        } else if (!g.fraction && !g.exponent && at_thousands(l, at, end)) {
            if (!group_ends(&g, false))
                return -1;
            at += l->n_thousands;
        } else if (mark_read(l, real, &g, at, &out[n])) {
            n++;
            at++;
        } else {
            return -1;
        }
    }
    return (g.fraction || g.exponent || !g.any || group_ends(&g, true)) && n ? n : -1;
}
