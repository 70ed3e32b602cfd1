/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as the list of installed packages. Held: a list that is taken has good names,
 * versions and digests, none of which could be a path that leads elsewhere; each version once, in
 * order; one active version of a name at most; each entry is found; and written again it is taken
 * again, as the same list, with the same signatures.
 */
#include "../core/depot/depot_list.h"
#include "../core/package/contents_check.h"
#include "../core/package/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static int is_same_text(const char *one, const char *other)
{
    return !one == !other && (!one || strcmp(one, other) == 0);
}

static void entry_use(const struct depot *depot, size_t at)
{
    const struct depot_entry *entry = &depot->entries[at], *before = entry - 1;
    int order = at ? strcmp(before->name, entry->name) : -1;
    expect(qetl_package_is_name(entry->name), "a good name");
    expect(qetl_package_is_version(entry->version), "a good version");
    expect(strlen(entry->digest) == QETL_DIGEST_TEXT - 1, "a whole digest");
    expect(strspn(entry->digest, "0123456789abcdef") == QETL_DIGEST_TEXT - 1, "a good digest");
    expect(order < 0 ||
               (order == 0 && qetl_package_version_compare(before->version, entry->version) <= 0),
           "in order");
    expect(qetl_depot_find(depot, entry->name, entry->version) == entry, "each version once");
    expect(!entry->active || qetl_depot_find(depot, entry->name, NULL) == entry, "one is used");
}

static void lists_compare(const struct depot *one, const struct depot *other)
{
    expect(one->n_entries == other->n_entries, "as many");
    for (size_t i = 0; i < one->n_entries; i++) {
        const struct depot_entry *a = &one->entries[i], *b = &other->entries[i];
        expect(is_same_text(a->name, b->name) && is_same_text(a->version, b->version) &&
                   is_same_text(a->digest, b->digest) && is_same_text(a->since, b->since) &&
                   is_same_text(a->from, b->from) && a->active == b->active &&
                   a->is_signed == b->is_signed &&
                   memcmp(&a->signature, &b->signature, sizeof a->signature) == 0,
               "the same list");
    }
}

static void list_use(struct depot *depot)
{
    struct depot again = {.folder = -1, .lock = -1};
    for (size_t i = 0; i < depot->n_entries; i++)
        entry_use(depot, i);
    char *text = qetl_depot_list_write(depot);
    expect(text && qetl_depot_list_parse(&again, text, strlen(text)) == 0, "taken again");
    lists_compare(depot, &again);
    qetl_depot_close(&again);
    free(text);
    while (depot->n_entries)
        qetl_depot_drop(depot, &depot->entries[depot->n_entries / 2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct depot depot = {.folder = -1, .lock = -1};
    if (size > 1 << 16)
        return 0;
    if (qetl_depot_list_parse(&depot, (const char *)data, size) == 0)
        list_use(&depot);
    qetl_depot_close(&depot);
    return 0;
}
