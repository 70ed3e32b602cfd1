/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file` goes on in another process: lists that became others, files that changed, and
 * files that are followed, renamed, cut off and removed meanwhile. */
#include "rig_file_source.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(file_source_resume, .init = scratch, .fini = scratch_end, .timeout = 60);

static const char *const PATTERN = "{\"path\":\"*.csv\"}";

/* Reads so many items; the rig stays. */
static void items_read(struct rig *rig, const char *config, int n)
{
    rig_create(rig, config);
    rig->step = 4;
    cr_assert_eq(rig_open(rig, NULL), QETL_OK);
    for (int i = 0; i < n; i++)
        cr_assert_eq(rig_next(rig), QETL_BYTES);
}

static int32_t go_on(struct rig *rest, const char *config, const struct rig *first)
{
    struct qetl_blob position = {first->position, first->position_size};
    rig_create(rest, config);
    return rig_open(rest, &position);
}

static void expect_rest(const struct rig *first, const char *text)
{
    struct rig rest;
    cr_assert_eq(go_on(&rest, PATTERN, first), QETL_OK, "%s", qetl_fake_host_message(&rest.fake));
    cr_assert_eq(rig_drain(&rest), QETL_END);
    cr_expect(rest.size == (int64_t)strlen(text) && memcmp(rest.data, text, (size_t)rest.size) == 0,
              "%.*s", (int)rest.size, rest.data);
    rig_free(&rest);
}

static void expect_refused(const struct rig *first, int32_t code, const char *part)
{
    struct rig rest;
    int32_t status = go_on(&rest, PATTERN, first);
    if (status == QETL_OK)
        status = rig_drain(&rest);
    cr_expect_eq(status, code, "%d", status);
    cr_expect(strstr(qetl_fake_host_message(&rest.fake), part), "%s",
              qetl_fake_host_message(&rest.fake));
    rig_free(&rest);
}

static void three_put(void)
{
    text_put("b.csv", "b1b2b3b4");
    text_put("d.csv", "d1d2d3d4");
    text_put("f.csv", "f1f2f3f4");
}

Test(file_source_resume, new_files_are_read_and_those_that_were_read_are_not)
{
    struct rig first;
    three_put();
    items_read(&first, PATTERN, 3); /* all of b, half of d */
    text_put("a.csv", "a!");
    text_put("c.csv", "c!");
    text_put("g.csv", "g!");
    expect_rest(&first, "d3d4a!c!f1f2f3f4g!");
    unlink("b.csv"); /* done with, and moved away */
    expect_rest(&first, "d3d4a!c!f1f2f3f4g!");
    unlink("f.csv");
    expect_rest(&first, "d3d4a!c!g!");
    rig_free(&first);
}

Test(file_source_resume, positions_of_the_second_process_know_the_first)
{
    struct rig first, second;
    three_put();
    items_read(&first, PATTERN, 3);
    cr_assert_eq(go_on(&second, PATTERN, &first), QETL_OK);
    second.step = 4;
    cr_assert_eq(rig_next(&second), QETL_BYTES);
    cr_assert_eq(rig_next(&second), QETL_BYTES); /* f1f2 */
    text_put("a.csv", "a!");
    expect_rest(&second, "f3f4a!");
    rig_free(&first);
    rig_free(&second);
}

Test(file_source_resume, one_name_twice_is_read_twice)
{
    static const char *const config = "{\"path\":[\"b.csv\",\"b.csv\",\"d.csv\",\"b.csv\"]}";
    struct rig whole, rest;
    three_put();
    for (int n = 1; n <= 8; n++) {
        items_read(&whole, config, n);
        int64_t read = whole.size;
        cr_assert_eq(go_on(&rest, config, &whole), QETL_OK);
        cr_assert_eq(rig_drain(&rest), QETL_END);
        cr_expect_eq(read + rest.size, 32, "after %d items: %d", n, (int)rest.size);
        rig_free(&whole);
        rig_free(&rest);
    }
}

Test(file_source_resume, what_changed_is_said)
{
    struct rig first;
    three_put();
    shell("touch -d '2020-01-01 00:00' d.csv");
    items_read(&first, PATTERN, 3);
    text_put("d.csv", "d1d2d3d4d5");
    expect_refused(&first, QETL_E_DATA, "it had 8 bytes then and has 10 now");
    text_put("d.csv", "d1d2d3d4");
    expect_refused(&first, QETL_E_DATA, "it was changed in the meantime");
    text_put("d.csv", "xxxxd3d4");
    shell("touch -d '2020-01-01 00:00' d.csv");
    expect_refused(&first, QETL_E_DATA, "other bytes stand before that place");
    unlink("d.csv");
    expect_refused(&first, QETL_E_DATA, "d.csv: cannot go on where the last run stopped: the file");
    rig_free(&first);
}

Test(file_source_resume, a_compressed_file_with_other_content_is_noticed)
{
    struct rig first;
    lines_put("lines", 3000);
    shell("gzip -nc lines > x.csv; touch -d '2020-01-01 00:00' x.csv");
    rig_create(&first, PATTERN);
    first.step = 5000;
    cr_assert_eq(rig_open(&first, NULL), QETL_OK);
    cr_assert_eq(rig_next(&first), QETL_BYTES);
    cr_assert_eq(rig_next(&first), QETL_BYTES);
    /* as long, and decoded to other text: what is stored has the other's length */
    shell("s=$(stat -c %s x.csv); tr 0-9 1-90 <lines | gzip -nc > y; "
          "head -c $((s > $(stat -c %s y) ? $(stat -c %s y) : s)) y > x.csv; "
          "truncate -s $s x.csv; touch -d '2020-01-01 00:00' x.csv");
    expect_refused(&first, QETL_E_DATA, "other bytes stand before that place");
    rig_free(&first);
}

Test(file_source_resume, very_many_files)
{
    struct rig first, rest;
    mkdir("m", 0777);
    shell("cd m && seq -f %05g.csv 4200 | xargs touch && echo last > 09999.csv");
    rig_create(&first, "{\"path\":\"m/*.csv\"}");
    cr_assert_eq(rig_open(&first, NULL), QETL_OK);
    for (int i = 0; i < 4150; i++)
        cr_assert_eq(rig_next(&first), QETL_BYTES);
    cr_expect_lt(first.position_size, 1000, "%d", (int)first.position_size);
    cr_assert_eq(go_on(&rest, "{\"path\":\"m/*.csv\"}", &first), QETL_OK, "%s",
                 qetl_fake_host_message(&rest.fake));
    cr_assert_eq(rig_drain(&rest), QETL_END);
    cr_expect_eq(rest.size, 5);
    rig_free(&rest);
    text_put("m/00000.csv", "before");
    cr_expect_eq(go_on(&rest, "{\"path\":\"m/*.csv\"}", &first), QETL_E_DATA);
    cr_expect(strstr(qetl_fake_host_message(&rest.fake), "of the 4150 files"), "%s",
              qetl_fake_host_message(&rest.fake));
    rig_free(&rest);
    rig_free(&first);
}

/* ---- Files that are followed ---- */

enum { NAMES = 3, LOG_MOST = 20000, STEPS = 120 };

static const char *const names[NAMES] = {"a.log", "b.log", "c.log"};
static const char *const FOLLOW = "{\"path\":\"*.log\",\"follow\":true,\"follow_poll_ms\":1}";

struct stream {
    char text[LOG_MOST];
    int64_t size;
};

static struct stream written[NAMES], seen[NAMES];

struct mark { /* a position, and how much was seen until there */
    uint8_t position[65536];
    size_t size;
    int64_t seen[NAMES];
};

static int name_index(const char *name)
{
    for (int i = 0; i < NAMES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    cr_assert_fail("%s", name);
    return 0;
}

static void log_add(int name, const char *text)
{
    FILE *file = fopen(names[name], "a");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    strcpy(written[name].text + written[name].size, text);
    written[name].size += (int64_t)strlen(text);
}

/* What is there now, in at most so many items; `last` is always the newest, `mark` now and then. */
static void follow_drain(struct rig *rig, struct mark *last, struct mark *mark, uint64_t *random,
                         int most)
{
    int32_t status = QETL_IDLE;
    rig->deadline_ns = 0;
    rig->step = 16 + random_below(random, 40);
    while (most-- > 0 && (status = rig_next(rig)) == QETL_BYTES) {
        struct stream *s = &seen[name_index(rig->item.object)];
        memcpy(s->text + s->size, rig->space, (size_t)rig->item.bytes);
        s->size += rig->item.bytes;
        memcpy(last->position, rig->position, rig->position_size);
        last->size = rig->position_size;
        for (int i = 0; i < NAMES; i++)
            last->seen[i] = seen[i].size;
        if (random_below(random, 3) == 0)
            *mark = *last;
    }
    cr_assert(most < 0 || status == QETL_IDLE, "%d: %s", status,
              qetl_fake_host_message(&rig->fake));
}

static void restart(struct rig *rig, const struct mark *mark)
{
    struct qetl_blob position = {mark->position, mark->size};
    rig_free(rig);
    for (int i = 0; i < NAMES; i++)
        seen[i].size = mark->seen[i];
    rig_create(rig, FOLLOW);
    cr_assert_eq(rig_open(rig, mark->size ? &position : NULL), QETL_OK, "%s",
                 qetl_fake_host_message(&rig->fake));
}

/* Renamed once between two looks at most: what has no name of ours any more is not found. */
static void log_rotate(int name, int number)
{
    char to[32];
    snprintf(to, sizeof to, "%s.%d", names[name], number);
    if (rename(names[name], to) == 0)
        log_add(name, "new\n");
}

static void one_run(uint64_t seed)
{
    static struct mark last, mark;
    struct rig rig;
    uint64_t random = seed;
    bool known[NAMES] = {false}; /* as it is named now; one that was not is not found again */
    memset(written, 0, sizeof written);
    memset(seen, 0, sizeof seen);
    memset(&last, 0, sizeof last);
    memset(&mark, 0, sizeof mark);
    log_add(0, "first\n");
    rig_create(&rig, FOLLOW);
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    for (int step = 0; step < STEPS; step++) {
        int name = (int)random_below(&random, NAMES);
        char line[80];
        switch (random_below(&random, 8)) {
        case 0:
            restart(&rig, &mark);
            last = mark;
            break;
        case 1:
            follow_drain(&rig, &last, &mark, &random, 3);
            break;
        case 2: /* all is seen, and decided */
            follow_drain(&rig, &last, &mark, &random, 1 << 20);
            mark = last;
            for (int i = 0; i < NAMES; i++)
                known[i] = written[i].size;
            break;
        case 3:
            if (known[name])
                log_rotate(name, step);
            known[name] = false;
            break;
        default:
            snprintf(line, sizeof line, "%d of %s%*d\n", step, names[name],
                     (int)random_below(&random, 40) + 1, step);
            log_add(name, line);
        }
    }
    follow_drain(&rig, &last, &mark, &random, 1 << 20);
    for (int i = 0; i < NAMES; i++)
        cr_expect(seen[i].size == written[i].size &&
                      memcmp(seen[i].text, written[i].text, (size_t)seen[i].size) == 0,
                  "seed %d: %s: %d bytes were seen of %d", (int)seed, names[i], (int)seen[i].size,
                  (int)written[i].size);
    rig_free(&rig);
    shell("rm -f *.log*");
}

Test(file_source_resume, files_that_are_followed_are_read_once)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        one_run(seed);
}

static void follow_all(struct rig *rig, const struct rig *before)
{
    if (before)
        cr_assert_eq(go_on(rig, FOLLOW, before), QETL_OK);
    else
        rig_create(rig, FOLLOW);
    if (!before)
        cr_assert_eq(rig_open(rig, NULL), QETL_OK);
    rig->deadline_ns = 0;
    cr_assert_eq(rig_drain(rig), QETL_IDLE);
}

static void expect_seen(const struct rig *rig, const char *text)
{
    cr_expect(rig->size == (int64_t)strlen(text) && memcmp(rig->data, text, strlen(text)) == 0,
              "%.*s", (int)rig->size, rig->data);
}

Test(file_source_resume, a_followed_file_that_was_written_anew_is_read_from_its_beginning)
{
    struct rig first, rest;
    text_put("a.log", "one\ntwo\n");
    follow_all(&first, NULL);
    expect_seen(&first, "one\ntwo\n");
    text_put("a.log", "six\n"); /* shorter */
    follow_all(&rest, &first);
    expect_seen(&rest, "six\n");
    rig_free(&rest);
    text_put("a.log", "six\nten\n"); /* as long: the inode is the same */
    follow_all(&rest, &first);
    expect_seen(&rest, "six\nten\n");
    rig_free(&rest);
    text_put("a.log", "one\ntwo\nten\n");
    follow_all(&rest, &first);
    expect_seen(&rest, "ten\n");
    rig_free(&rest);
    unlink("a.log");       /* gone, and another in its place */
    text_put("keep", "x"); /* so that the inode is not given out again */
    text_put("a.log", "six\n");
    follow_all(&rest, &first);
    expect_seen(&rest, "six\n");
    rig_free(&rest);
    rig_free(&first);
}

Test(file_source_resume, a_followed_position_that_is_none_is_refused)
{
    struct rig first, rest;
    text_put("a.log", "one\n");
    text_put("b.log", "two\n");
    follow_all(&first, NULL);
    size_t whole = first.position_size;
    for (first.position_size = 0; first.position_size < whole; first.position_size++) {
        cr_expect_eq(go_on(&rest, FOLLOW, &first), QETL_E_UNSUPPORTED, "%d bytes",
                     (int)first.position_size);
        rig_free(&rest);
    }
    rig_free(&first);
}
