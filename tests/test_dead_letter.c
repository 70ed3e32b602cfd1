/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: one JSON object a line, with all that is known; no letter is lost in silence. */
#include "data/base64.h"
#include "data/letter_store.h"
#include "data/origin.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[80];

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/test-letters-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/letters", folder);
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(dead_letter, .init = begin, .fini = end, .timeout = 60);

static json_t *line_read(int index)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    json_t *json = NULL;
    for (int i = 0; file && i <= index && getline(&line, &room, file) > 0; i++) {
        json_decref(json);
        json = json_loads(line, JSON_ALLOW_NUL, NULL);
        cr_expect_not_null(json, "line %d is no JSON: %s", i, line);
    }
    free(line);
    if (file)
        fclose(file);
    return json;
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "(none)";
}

static void put_one(struct qetl_letter *letter)
{
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    cr_expect_null(qetl_letter_store_path(store), "no file before the first letter");
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_eq(qetl_letter_store_put(store, letter), 0);
    cr_expect_eq(qetl_letter_store_seal(store, UINT64_MAX, NULL), 0);
    cr_expect_str_eq(qetl_letter_store_path(store), path);
    cr_expect_eq(qetl_letter_store_close(store, true), 0);
    qetl_letter_store_free(store);
}

static void drop(void *arg, struct qetl_letter *letter)
{
    (void)arg;
    qetl_letter_free(letter);
}

Test(dead_letter, holds_all_that_is_known)
{
    struct qetl_tracker *tracker = qetl_tracker_new("orders", drop, NULL);
    struct qetl_object *object = qetl_object_new("a.csv");
    struct qetl_origin *origin = qetl_origin_new(tracker, object, true, 0, NULL, 0, NULL);
    struct qetl_letter *letter = qetl_letter_new("check", "bad_number", "\"x\" is none", "price");
    letter->origin = origin;
    letter->row = 42;
    cr_assert_eq(qetl_letter_set_bytes(letter, "1;\"x\"\0;", 7, 1234), 0);
    put_one(letter);
    json_t *json = line_read(0);
    cr_expect_str_eq(text_of(json, "component"), "check");
    cr_expect_str_eq(text_of(json, "code"), "bad_number");
    cr_expect_str_eq(text_of(json, "message"), "\"x\" is none");
    cr_expect_str_eq(text_of(json, "column"), "price");
    cr_expect_str_eq(text_of(json, "source"), "orders");
    cr_expect_str_eq(text_of(json, "object"), "a.csv");
    cr_expect_eq(json_integer_value(json_object_get(json, "row")), 42);
    cr_expect_eq(json_integer_value(json_object_get(json, "byte_offset")), 1234);
    cr_expect_eq(json_integer_value(json_object_get(json, "original_bytes")), 7);
    cr_expect_eq(json_string_length(json_object_get(json, "original")), 7);
    cr_expect_null(json_object_get(json, "original_truncated"));
    json_decref(json);
    qetl_origin_complete(origin, 1, NULL);
    qetl_origin_unref(origin);
    qetl_object_unref(object);
    qetl_tracker_free(tracker);
}

Test(dead_letter, leaves_out_what_is_not_known)
{
    put_one(qetl_letter_new("check", NULL, NULL, NULL));
    json_t *json = line_read(0);
    cr_expect_str_eq(text_of(json, "code"), "rejected");
    static const char *const absent[] = {"column",   "source",      "object",        "row",
                                         "original", "byte_offset", "original_bytes"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        cr_expect_null(json_object_get(json, absent[i]), "%s", absent[i]);
    json_decref(json);
}

Test(dead_letter, bytes_that_are_no_text_are_base64)
{
    struct qetl_letter *letter = qetl_letter_new("a", "b", "c", NULL);
    cr_assert_eq(qetl_letter_set_bytes(letter, "\xff\x00\x01", 3, 0), 0);
    put_one(letter);
    json_t *json = line_read(0);
    cr_expect_null(json_object_get(json, "original"));
    cr_expect_str_eq(text_of(json, "original_base64"), "/wAB");
    json_decref(json);
}

/* A message may quote what was wrong, byte for byte. */
Test(dead_letter, a_message_that_is_no_text_is_kept_as_far_as_it_is)
{
    struct qetl_letter *letter =
        qetl_letter_new("a", "bad_utf8", "value \xff\xfe is none", "c\xc3");
    put_one(letter);
    json_t *json = line_read(0);
    cr_expect_str_eq(text_of(json, "message"), "value ?? is none");
    cr_expect_str_eq(text_of(json, "column"), "c?");
    json_decref(json);
}

Test(dead_letter, long_originals_are_cut_and_it_is_said)
{
    enum { SIZE = QETL_LETTER_BYTES_MAX + 10 };
    char *bytes = malloc(SIZE);
    memset(bytes, 'x', SIZE);
    struct qetl_letter *letter = qetl_letter_new("a", "b", "c", NULL);
    cr_assert_eq(qetl_letter_set_bytes(letter, bytes, SIZE, 0), 0);
    put_one(letter);
    json_t *json = line_read(0);
    cr_expect_eq(json_string_length(json_object_get(json, "original")), QETL_LETTER_BYTES_MAX);
    cr_expect_eq(json_integer_value(json_object_get(json, "original_bytes")), SIZE);
    cr_expect(json_is_true(json_object_get(json, "original_truncated")));
    json_decref(json);
    free(bytes);
}

Test(dead_letter, an_earlier_runs_letters_stay)
{
    put_one(qetl_letter_new("first", "b", "c", NULL));
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    cr_expect_eq(qetl_letter_store_put(store, qetl_letter_new("second", "b", "c", NULL)), 0);
    cr_expect_eq(qetl_letter_store_close(store, true), 0);
    qetl_letter_store_free(store);
    json_t *first = line_read(0), *second = line_read(1);
    cr_expect_str_eq(text_of(first, "component"), "first");
    cr_expect_str_eq(text_of(second, "component"), "second");
    json_decref(first);
    json_decref(second);
}

Test(dead_letter, the_file_is_its_owners_alone)
{
    struct stat stat_of;
    put_one(qetl_letter_new("a", "b", "c", NULL));
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_expect_eq(stat_of.st_mode & 0777, 0600);
}

Test(dead_letter, the_default_place_is_made_when_needed)
{
    cr_assert_eq(chdir(folder), 0);
    struct qetl_letter_store *store = qetl_letter_store_new(NULL, "pipe", true);
    cr_expect_neq(access("dead-letters", F_OK), 0);
    cr_assert_eq(qetl_letter_store_put(store, qetl_letter_new("a", "b", "c", NULL)), 0);
    cr_expect_neq(access("dead-letters", F_OK), 0, "the epoch is not decided");
    cr_assert_eq(qetl_letter_store_seal(store, UINT64_MAX, NULL), 0);
    cr_expect_str_eq(qetl_letter_store_path(store), "dead-letters/pipe.ndjson");
    cr_expect_eq(access("dead-letters/pipe.ndjson", F_OK), 0);
    qetl_letter_store_free(store);
}

Test(dead_letter, switched_off_nothing_is_written)
{
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", false);
    cr_expect_eq(qetl_letter_store_put(store, qetl_letter_new("a", "b", "c", NULL)), 0);
    cr_expect_eq(qetl_letter_store_seal(store, UINT64_MAX, NULL), 0);
    cr_expect_null(qetl_letter_store_path(store));
    cr_expect_neq(access(path, F_OK), 0);
    qetl_letter_store_free(store);
    qetl_letter_store_free(NULL);
}

Test(dead_letter, the_first_error_is_answered_ever_after)
{
    struct qetl_letter_store *store = qetl_letter_store_new("/nowhere/letters", "pipe", true);
    for (int i = 0; i < 2; i++)
        cr_expect_eq(qetl_letter_store_put(store, qetl_letter_new("a", "b", "c", NULL)), ENOENT);
    cr_expect_eq(qetl_letter_store_seal(store, UINT64_MAX, NULL), ENOENT);
    cr_expect_null(qetl_letter_store_path(store), "there is no such file");
    cr_expect_str_eq(qetl_letter_store_name(store), "/nowhere/letters", "for the message");
    qetl_letter_store_free(store);
}

Test(dead_letter, a_full_disk_is_told)
{
    struct qetl_letter_store *store = qetl_letter_store_new("/dev/full", "pipe", true);
    int error = 0;
    for (int i = 0; !error && i < 10000; i++)
        error = qetl_letter_store_put(store, qetl_letter_new("a", "b", "c", NULL));
    cr_expect_eq(error, ENOSPC, "told by the put that fails, not at the end only");
    cr_expect_eq(qetl_letter_store_seal(store, UINT64_MAX, NULL), ENOSPC);
    qetl_letter_store_free(store);
}

static void *put_many(void *store)
{
    for (int i = 0; i < 500; i++)
        qetl_letter_store_put(store, qetl_letter_new("a", "b", "a message of some length", NULL));
    return NULL;
}

Test(dead_letter, lines_of_several_threads_stay_whole)
{
    pthread_t threads[4];
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, put_many, store), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(qetl_letter_store_close(store, true), 0);
    qetl_letter_store_free(store);
    json_t *last = line_read(1999), *beyond = line_read(100000);
    cr_expect_str_eq(text_of(last, "message"), "a message of some length");
    cr_expect(json_equal(last, beyond), "2000 lines, not more");
    json_decref(last);
    json_decref(beyond);
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c && c != '=' ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

Test(dead_letter, base64_can_be_read_back)
{
    uint64_t random = 5;
    for (size_t size = 0; size < 100; size++) {
        uint8_t bytes[100], back[100];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)random_next(&random);
        char *text = qetl_base64(bytes, size);
        cr_expect_eq(strlen(text), (size + 2) / 3 * 4);
        uint32_t word = 0, bits = 0;
        size_t n = 0;
        for (char *c = text; digit(*c) >= 0; c++) {
            word = word << 6 | (uint32_t)digit(*c);
            bits += 6;
            if (bits >= 8)
                back[n++] = (uint8_t)(word >> (bits -= 8));
        }
        cr_expect_eq(n, size);
        cr_expect_eq(memcmp(bytes, back, size), 0);
        free(text);
    }
}
