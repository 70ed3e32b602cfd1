/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which page comes behind which: by its number, by what stands in it, or by a header.
 *
 * Invariant: no page is asked for behind the last; a place that was there before, or a page with
 * the same rows as one before it, ends the run instead of going round for ever. Ownership: a place
 * owns its text; the pager's texts are the options'. Threads:   one at a time.
 */
#ifndef REST_SOURCE_PAGER_H
#define REST_SOURCE_PAGER_H

#include "../../shared/http/asking.h"
#include "ending.h"
#include "seen.h"

#include <qetl/sdk.h>

enum pager_kind { PAGER_NONE, PAGER_OFFSET, PAGER_PAGE, PAGER_CURSOR, PAGER_NEXT, PAGER_LINK };

struct place {      /* of a page */
    bool ended;     /* there is none */
    int64_t number; /* of its first row, or its own */
    char *text;     /* cursor, as JSON where it goes into the body, or URL; NULL: the first page */
};

struct pager {
    struct qetl_env env;
    enum pager_kind kind;
    const char *param, *limit_param, *from, *last, *header, *more, *total, *pages, *records;
    struct ending ending;
    const char *key_param; /* of the query, which holds a key; NULL: none does */
    int64_t limit;         /* 0: the server's own */
    int64_t first, bound;  /* no place from bound on is guessed */
    bool until_short, allows_repeats;
    struct seen seen;
    struct seen cut; /* pages that broke off */
};

struct page_reply { /* lent */
    const char *url, *type;
    const char *link, *header; /* Link, and the one that pagination looks at; NULL: there is none */
    const char *data;
    int64_t size;
};

struct page_content { /* of a page that came, as far as pagination goes */
    bool json;
    int64_t begin, end; /* of what is handed on */
    int64_t rows;       /* -1: nobody counted */
    struct place next;
};

/* OK, or a failure that was reported. */
int32_t pager_init(struct pager *, struct qetl_env);
/* Whether its parameters have a place in the requests. OK, or a failure that was reported. */
int32_t pager_check(const struct pager *, const struct asking *);
void pager_free(struct pager *);
void pager_start(struct pager *, struct place *first);
void place_free(struct place *);
bool place_copy(struct place *out, const struct place *from); /* false: no memory */
bool place_equals(const struct place *, const struct place *);

/* Numbered pages alone: the next place as far as it can be told before the page comes. */
bool pager_guess(const struct pager *, const struct place *, struct place *out);
/* pager_read.c: what came from that place. OK; RETRY_CALL: it is not whole; or another failure: all
 * reported. */
int32_t pager_read(struct pager *, const struct place *, const struct page_reply *,
                   struct page_content *out);
/* Of a status that says that there is no such page. */
bool pager_ends_with(const struct pager *, const struct place *, long status);
/* The URL of the page there, from that of the first one; to be freed. NULL: no memory, or what the
 * server sent is no URL. */
char *pager_url(const struct pager *, const char *base, const struct place *);
/* Its body, likewise; NULL: as it is, or *failed, without memory. */
char *pager_body(const struct pager *, const char *base, const struct place *, bool *failed);

#endif
