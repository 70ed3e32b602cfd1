/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as a file of dead letters. Held: what is no such file is refused and untouched;
 * letters ascend; dropping every other one leaves the others as they were, and numbers that are not
 * given again; beginning cuts away what a state has not decided, and beginning twice is beginning
 * once.
 */
#include "data/letter_store.h"
#include "dlq/select.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static void clean(void)
{
    unlink(path);
}

static void file_write(const uint8_t *data, size_t size)
{
    if (!*path) {
        snprintf(path, sizeof path, "/tmp/fuzz-letters-%ld", (long)getpid());
        atexit(clean);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    expect(fd >= 0 && write(fd, data, size) == (ssize_t)size, "the file is written");
    close(fd);
}

/* How many there are, and a sum of what they say. */
static size_t read_all(struct qetl_box *box, const bool *left_out, uint64_t *sum)
{
    size_t n = 0;
    int64_t last = 0;
    *sum = 0;
    for (size_t i = 0; i < box->n; i++) {
        struct qetl_findings findings = {0};
        expect(box->entries[i].id > last, "numbers ascend");
        last = box->entries[i].id;
        if (left_out && left_out[i])
            continue;
        json_t *letter = qetl_box_letter(box, &box->entries[i], &findings);
        char *text = letter ? json_dumps(letter, JSON_SORT_KEYS) : NULL;
        for (char *c = text; c && *c; c++)
            *sum = *sum * 31 + (unsigned char)*c;
        size_t bytes;
        free(qetl_letter_original(letter, &bytes));
        free(text);
        json_decref(letter);
        qetl_findings_free(&findings);
        n++;
    }
    return n;
}

static void select_some(struct qetl_box *box)
{
    static const struct qetl_letter_filter filters[] = {
        {.reason = "bad*", .since = "2020-01-01"},
        {.where = "row_number > 2 AND original LIKE '%a%' OR decoded IS NOT NULL", .all = true},
        {.epoch = 1, .object = "*"}};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct qetl_findings findings = {0};
        free(qetl_box_select(box, &filters[i], &findings));
        qetl_findings_free(&findings);
    }
}

static void drop_half(void)
{
    struct qetl_findings findings = {0};
    uint64_t before, after;
    struct qetl_box *box = qetl_box_open(path, true, &findings);
    expect(box != NULL, "what could be read can be changed");
    bool *drops = calloc(box->n + 1, sizeof *drops);
    for (size_t i = 0; i < box->n; i += 2)
        drops[i] = true;
    int64_t newest = box->file.last;
    size_t left = read_all(box, drops, &before);
    expect(!qetl_box_drop(box, drops, &findings), "dropped");
    expect(box->file.last >= newest, "the newest number stays known");
    qetl_box_free(box);
    box = qetl_box_open(path, false, &findings);
    expect(box && read_all(box, NULL, &after) == left && before == after, "the others are there");
    qetl_box_free(box);
    free(drops);
    qetl_findings_free(&findings);
}

static const char owner[] = "0123456789abcdef";

static int keep(void *arg)
{
    (void)arg;
    return 0;
}

static int count_behind(void *arg, const struct qetl_letter_line *line)
{
    struct qetl_letters_behind behind = {"state", owner, 2};
    *(size_t *)arg += qetl_letter_is_behind(line, &behind);
    return 0;
}

static size_t lines_behind(void)
{
    size_t n = 0;
    FILE *in = fopen(path, "r");
    expect(in && !qetl_letter_lines(in, count_behind, &n), "the file can still be read");
    fclose(in);
    return n;
}

static void begin_twice(void)
{
    size_t n = lines_behind();
    struct qetl_letter_length length[2] = {0};
    for (int i = 0; i < 2; i++) {
        struct qetl_letter_store *store = qetl_letter_store_new(path, "fuzz", true);
        qetl_letter_store_own(store, owner, keep, NULL);
        expect(!qetl_letter_store_begin(store, 2, NULL), "what can be read can be begun with");
        expect(!qetl_letter_store_seal(store, 3, &length[i]), "and gone on with");
        qetl_letter_store_free(store);
        expect(!lines_behind(), "what was not decided is gone");
    }
    expect(!n || length[0].last == length[1].last, "beginning again changes nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_findings findings = {0};
    uint64_t sum;
    file_write(data, size);
    struct qetl_box *box = qetl_box_open(path, false, &findings);
    qetl_findings_free(&findings);
    if (!box)
        return 0;
    read_all(box, NULL, &sum);
    select_some(box);
    bool torn = box->bytes < (int64_t)size;
    qetl_box_free(box);
    if (torn)
        return 0;
    drop_half();
    file_write(data, size);
    begin_twice();
    return 0;
}
