/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a page, a header Link, a position and a URL. The first byte says which. Held:
 * what is found lies in the text; a page is whole only if what is found in it is whole; positions
 * that are read are written as they were.
 */
#include "plugins/shared/http/link.h"
#include "plugins/shared/http/policy.h"
#include "plugins/shared/http/proxy.h"
#include "plugins/shared/http/scan.h"
#include "plugins/sources/rest_source/position.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void found_check(const struct scan_target *t, const char *text, int64_t size)
{
    struct scan_target root = {.pointer = ""};
    struct scan_result result;
    if (!t->at)
        return;
    expect(t->at >= text && t->size > 0 && t->at + t->size <= text + size, "it lies in the text");
    expect(scan_json(t->at, t->size, &root, 1, &result), "what is found is whole");
    expect(root.kind == t->kind && root.size == t->size && root.count == t->count, "and the same");
    if (t->kind == SCAN_LIST && t->count)
        expect(t->last > t->at && t->last_size > 0 && t->last + t->last_size < t->at + t->size &&
                   (!scan_json(t->last, t->last_size, &root, 1, &result) || root.at == t->last),
               "the last element is one"); /* what is passed over may have anything within */
    char *plain = scan_text(t);
    expect(plain && (int64_t)strlen(plain) <= t->size, "no text is longer than its spelling");
    free(plain);
}

static void page(const char *text, size_t size)
{
    struct scan_target targets[] = {{.pointer = ""},
                                    {.pointer = "/a"},
                                    {.pointer = "/a/0/b"},
                                    {.pointer = NULL},
                                    {.pointer = "/~1"}};
    struct scan_result result;
    char names[64];
    bool whole = scan_json(text, (int64_t)size, targets, 5, &result);
    expect(result.broken_at >= 0 && result.broken_at <= (int64_t)size, "it breaks off within");
    for (int t = 0; whole && t < 5; t++)
        found_check(&targets[t], text, (int64_t)size);
    scan_lists(text, (int64_t)size, names, sizeof names);
}

static void header(const char *text)
{
    const char *target;
    size_t size;
    if (http_link_find(text, "next", &target, &size))
        expect(target > text && target + size < text + strlen(text) && target[-1] == '<' &&
                   target[size] == '>',
               "it stands in brackets");
}

static void place(const char *text, size_t size)
{
    struct place out;
    struct position again = {0};
    enum pager_kind kind = size > 3 ? (enum pager_kind)text[3] : PAGER_NEXT;
    if (position_read((struct qetl_blob){text, size}, kind, &out) == QETL_OK) {
        expect(position_write(&again, kind, &out), "there is memory");
        expect(again.size == size && !memcmp(again.data, text, size), "it is written as it was");
        place_free(&out);
    }
    position_free(&again);
}

static void url(const char *text)
{
    struct http_origin origin;
    const char *why = NULL;
    char *joined = http_url_join("https://a.example/x?y=1", text);
    char *set = joined ? http_url_set(joined, "y", "1 2") : NULL;
    int32_t status = http_origin_of(text, &origin, &why);
    expect(status == QETL_OK ? origin.host && *origin.host != '[' : why != NULL,
           "a host, or why not");
    http_origin_free(&origin);
    http_proxy_bypassed(text, "a.example");
    http_proxy_bypassed("10.0.0.0/8,fd00::/8,*.example", text);
    free(set);
    free(joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text || !size)
        return free(text), 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    switch (data[0] & 3) {
    case 0:
        page(text, size - 1);
        break;
    case 1:
        header(text);
        break;
    case 2:
        place(text, size - 1);
        break;
    default:
        url(text);
    }
    free(text);
    return 0;
}
