/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages that were asked for and not handed on yet, in their order.
 *
 * Invariant: the first is the one that is handed on, and only when all of it came and made sense; a
 *            page that failed is asked for again, and no other is. Ownership: owns pages and
 *            exchanges; pager, asking and client are borrowed.
 * Threads:   one at a time.
 */
#ifndef REST_SOURCE_PAGES_H
#define REST_SOURCE_PAGES_H

#include "../../shared/http/asking.h"
#include "pager.h"

enum { PAGES_AHEAD_MAX = 64 };

struct page {
    struct place place;
    char *url, *body;               /* lent to the exchange; body NULL: that of all */
    struct http_exchange *exchange; /* NULL: to be asked for, again perhaps */
    bool read;
    struct page_content content; /* once it was read */
    int64_t sent;                /* bytes of it that were handed on */
    bool done;                   /* all of them were */
};

struct pages {
    struct qetl_env env;
    struct http_client *client;
    struct pager *pager;
    const struct asking *asking;
    int64_t ahead; /* how many may be asked for behind the first */
    struct page items[PAGES_AHEAD_MAX + 1];
    int64_t count;
    bool failed; /* for the moment, as the host was told */
};

/* The first page to be asked for; takes the place. */
void pages_start(struct pages *, struct place *first);
/* OK: the first page can be handed on. END: there is none. IDLE: not yet. Or a failure that was
 * reported. */
int32_t pages_reach(struct pages *);
/* The first page is done with; what comes behind it is the first now. */
int32_t pages_advance(struct pages *);
void pages_free(struct pages *);

#endif
