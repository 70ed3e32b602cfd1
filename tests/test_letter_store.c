/* SPDX-License-Identifier: Apache-2.0 */
/* Letters by epoch: what is sealed is durable and counted, what is not leaves no trace. */
#include "data/letter_bins.h"
#include "data/letter_file.h"
#include "data/letter_store.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[80];

static void begin(void)
{
    snprintf(folder, sizeof folder, "/tmp/test-store-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/letters", folder);
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(letter_store, .init = begin, .fini = end, .timeout = 60);

static void put(struct qetl_letter_store *store, uint64_t epoch, const char *code)
{
    struct qetl_letter *letter = qetl_letter_new("check", code, "a reason", NULL);
    letter->epoch = epoch;
    cr_assert_eq(qetl_letter_store_put(store, letter), 0);
}

static void file_write(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

struct seen {
    char codes[400]; /* "a b c " */
    int64_t ids[64], epochs[64];
    bool undecided[64];
    int n;
};

static int note(void *arg, const struct qetl_letter_line *line)
{
    struct seen *seen = arg;
    json_t *json = json_loadb(line->text, line->size, 0, NULL);
    cr_assert_not_null(json, "%.*s", (int)line->size, line->text);
    const char *code = json_string_value(json_object_get(json, "code"));
    strcat(strcat(seen->codes, code ? code : "-"), " ");
    json_t *id = json_object_get(json, "id");
    cr_expect(!id || json_integer_value(id) == line->id);
    seen->ids[seen->n] = line->id;
    seen->epochs[seen->n] = json_integer_value(json_object_get(json, "epoch"));
    seen->undecided[seen->n++] = json_is_true(json_object_get(json, "undecided"));
    json_decref(json);
    return 0;
}

static struct seen file_read(void)
{
    struct seen seen = {0};
    FILE *in = fopen(path, "r");
    if (!in)
        return seen;
    cr_expect_eq(qetl_letter_lines(in, note, &seen), 0);
    fclose(in);
    return seen;
}

Test(letter_store, only_sealed_epochs_are_in_the_file)
{
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    struct qetl_letter_length length;
    put(store, 2, "c");
    put(store, 1, "a");
    put(store, 3, "d");
    put(store, 1, "b");
    cr_expect_neq(access(path, F_OK), 0, "nothing is decided");
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    cr_expect_eq(length.last, 2);
    cr_expect_str_eq(file_read().codes, "a b ");
    cr_expect_eq(qetl_letter_store_seal(store, 3, &length), 0);
    cr_expect_eq(length.last, 4);
    struct seen seen = file_read();
    cr_expect_str_eq(seen.codes, "a b c d ");
    for (int i = 0; i < 4; i++)
        cr_expect_eq(seen.ids[i], i + 1);
    cr_expect_eq(seen.epochs[2], 2);
    cr_expect_eq(qetl_letter_store_seal(store, 4, &length), 0);
    cr_expect_eq(length.last, 4, "nothing came");
    qetl_letter_store_free(store);
}

Test(letter_store, what_no_epoch_decided_leaves_no_trace)
{
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    put(store, 1, "a");
    qetl_letter_store_free(store); /* as a kill would */
    cr_expect_neq(access(path, F_OK), 0);
}

Test(letter_store, a_run_that_fails_shows_its_letters_as_undecided)
{
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    put(store, 1, "a");
    cr_expect_eq(qetl_letter_store_seal(store, 1, NULL), 0);
    put(store, 2, "b");
    cr_expect_eq(qetl_letter_store_close(store, false), 0);
    qetl_letter_store_free(store);
    struct seen seen = file_read();
    cr_expect_str_eq(seen.codes, "a b ");
    cr_expect_not(seen.undecided[0]);
    cr_expect(seen.undecided[1]);
}

static const char mine[] = "0123456789abcdef", others[] = "fedcba9876543210";

static int kept;

static int keep(void *arg)
{
    kept++;
    return *(int *)arg;
}

static struct qetl_letter_store *store_of(const char *owner)
{
    static int good = 0;
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    qetl_letter_store_own(store, owner, keep, &good);
    return store;
}

Test(letter_store, resuming_cuts_back_to_what_was_decided)
{
    struct qetl_letter_store *store = store_of(mine);
    struct qetl_letter_length length;
    put(store, 1, "a");
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    put(store, 2, "b");
    cr_expect_eq(qetl_letter_store_seal(store, 2, NULL), 0); /* never decided */
    qetl_letter_store_free(store);
    store = store_of(mine);
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), 0);
    cr_expect_str_eq(file_read().codes, "a ");
    put(store, 2, "c");
    cr_expect_eq(qetl_letter_store_seal(store, 2, &length), 0);
    cr_expect_eq(length.last, 2);
    put(store, 3, "d");
    cr_expect_eq(qetl_letter_store_begin(store, 2, &length), 0, "within one process");
    cr_expect_eq(qetl_letter_store_seal(store, 3, &length), 0);
    cr_expect_eq(length.last, 2, "d was taken back");
    put(store, 3, "e");
    cr_expect_eq(qetl_letter_store_seal(store, 3, NULL), 0);
    cr_expect_eq(qetl_letter_store_begin(store, 2, &length), 0, "and what was sealed");
    cr_expect_str_eq(file_read().codes, "a c ");
    qetl_letter_store_free(store);
}

/* Killed between its first seal and its decision, or failed: who begins anew finds nothing of it.
 */
Test(letter_store, letters_of_a_first_epoch_that_was_not_decided_go)
{
    struct qetl_letter_store *store = store_of(mine);
    for (int fails = 0; fails < 2; fails++) {
        put(store, 1, "a");
        cr_expect_eq(fails ? qetl_letter_store_close(store, false)
                           : qetl_letter_store_seal(store, 1, NULL),
                     0);
        qetl_letter_store_free(store);
        struct seen seen = file_read();
        cr_expect_str_eq(seen.codes, "a ");
        cr_expect_eq(seen.undecided[0], fails);
        store = store_of(mine);
        cr_expect_eq(qetl_letter_store_begin(store, 0, NULL), 0);
        cr_expect_str_eq(file_read().codes, "", "also where no letter follows");
    }
    qetl_letter_store_free(store);
}

Test(letter_store, the_owner_is_durable_before_its_first_letter)
{
    int error = EIO;
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    qetl_letter_store_own(store, mine, keep, &error);
    cr_expect_eq(qetl_letter_store_seal(store, 1, NULL), 0);
    cr_expect_eq(kept, 0, "no letter, no name");
    put(store, 2, "a");
    cr_expect_eq(qetl_letter_store_seal(store, 2, NULL), EIO);
    cr_expect_eq(kept, 1);
    qetl_letter_store_free(store);
    cr_expect_str_eq(file_read().codes, "");
    store = store_of(mine);
    for (uint64_t epoch = 1; epoch < 3; epoch++) {
        put(store, epoch, "b");
        cr_expect_eq(qetl_letter_store_seal(store, epoch, NULL), 0);
    }
    cr_expect_eq(kept, 2, "once");
    qetl_letter_store_free(store);
}

Test(letter_store, beginning_again_changes_nothing)
{
    struct qetl_letter_length length = {.last = 1};
    file_write("{\"id\":1,\"state\":\"0123456789abcdef\",\"epoch\":4,\"code\":\"a\"}\n"
               "{\"id\":2,\"state\":\"0123456789abcdef\",\"epoch\":5,\"code\":\"b\"}\n");
    for (int i = 0; i < 3; i++) {
        struct qetl_letter_store *store = store_of(mine);
        cr_expect_eq(qetl_letter_store_begin(store, 4, &length), 0);
        qetl_letter_store_free(store);
        cr_expect_str_eq(file_read().codes, "a ");
    }
}

Test(letter_store, what_others_wrote_is_nobodys_to_cut_back)
{
    file_write(
        "{\"id\":1,\"state\":\"0123456789abcdef\",\"epoch\":1,\"code\":\"a\"}\n"
        "{\"id\":2,\"state\":\"0123456789abcdef\",\"epoch\":2,\"code\":\"b\"}\n"
        "{\"id\":3,\"replay\":true,\"code\":\"r\"}\n"
        "{\"id\":4,\"undecided\":true,\"state\":\"0123456789abcdef\",\"epoch\":3,"
        "\"code\":\"c\"}\n"
        "{\"id\":5,\"edit_of\":1,\"code\":\"e\"}\n"
        "{\"id\":6,\"state\":\"fedcba9876543210\",\"epoch\":9,\"code\":\"o\"}\n"
        "{\"id\":7,\"epoch\":9,\"code\":\"n\"}\n"
        "{\"id\":8,\"code\":\"t\",\"decoded\":{\"state\":\"0123456789abcdef\",\"epoch\":9}}\n");
    struct qetl_letter_store *store = store_of(mine);
    cr_expect_eq(qetl_letter_store_begin(store, 1, NULL), 0);
    struct seen seen = file_read();
    cr_expect_str_eq(seen.codes, "a r e o n t ");
    cr_expect_eq(seen.ids[2], 5);
    struct qetl_letter_length length;
    put(store, 2, "z");
    cr_expect_eq(qetl_letter_store_seal(store, 2, &length), 0);
    cr_expect_eq(length.last, 9, "a number is not given twice");
    struct stat at;
    cr_assert_eq(stat(path, &at), 0);
    cr_expect_eq(at.st_mode & 0777, 0600);
    qetl_letter_store_free(store);
    store = store_of(others);
    cr_expect_eq(qetl_letter_store_begin(store, 8, NULL), 0);
    cr_expect_str_eq(file_read().codes, "a r e n t z ");
    qetl_letter_store_free(store);
}

Test(letter_store, a_file_that_is_shorter_is_refused)
{
    struct qetl_letter_store *store = store_of(mine);
    struct qetl_letter_length length = {0};
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), 0, "nothing was decided or is there");
    length.last = 1;
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), ENOENT);
    cr_expect_eq(qetl_letter_store_begin(store, 1, NULL), 0, "a run that begins anew");
    file_write("{\"id\":1,\"code\":\"a\"}\n");
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), 0);
    length.last = 2;
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), ENOENT);
    cr_expect_str_eq(file_read().codes, "a ");
    qetl_letter_store_free(store);
}

Test(letter_store, a_torn_last_line_goes)
{
    file_write("{\"id\":1,\"code\":\"a\"}\n{\"id\":2,\"code\":\"b");
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    struct qetl_letter_length length;
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    cr_expect_eq(length.last, 1, "looked at, and left as it is");
    put(store, 1, "c");
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    cr_expect_eq(length.last, 2);
    cr_expect_str_eq(file_read().codes, "a c ");
    qetl_letter_store_free(store);
}

Test(letter_store, what_holds_something_else_is_left_alone)
{
    static const char *const others[] = {"id,name\n1,a\n", "id,name\n1,a", "{\"id\":1}\nrest",
                                         "{\"id\":0,\"code\":\"a\"}\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char text[40] = "";
        file_write(others[i]);
        struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
        cr_expect_eq(qetl_letter_store_put(store, qetl_letter_new("a", "b", "c", NULL)), EBADMSG,
                     "known before hours have passed: %s", others[i]);
        cr_expect_eq(qetl_letter_store_seal(store, 1, NULL), EBADMSG, "%s", others[i]);
        qetl_letter_store_free(store);
        FILE *file = fopen(path, "r");
        cr_expect_eq(fread(text, 1, sizeof text, file), strlen(others[i]));
        fclose(file);
        cr_expect_str_eq(text, others[i]);
    }
}

Test(letter_store, letters_without_numbers_count_by_their_place)
{
    file_write("{\"component\":\"x\",\"code\":\"a\"}\n{\"component\":\"x\",\"code\":\"b\"}\n");
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    struct qetl_letter_length length;
    put(store, 1, "c");
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    cr_expect_eq(length.last, 3);
    cr_expect_str_eq(file_read().codes, "a b c ");
    qetl_letter_store_free(store);
}

Test(letter_store, a_wider_mode_is_mended)
{
    struct stat at;
    file_write("");
    cr_assert_eq(chmod(path, 0664), 0);
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    put(store, 1, "a");
    cr_expect_eq(qetl_letter_store_seal(store, 1, NULL), 0);
    cr_assert_eq(stat(path, &at), 0);
    cr_expect_eq(at.st_mode & 0777, 0600);
    qetl_letter_store_free(store);
}

Test(letter_store, two_processes_do_not_share_a_file)
{
    struct qetl_letter_store *first = qetl_letter_store_new(path, "pipe", true);
    struct qetl_letter_store *second = qetl_letter_store_new(path, "pipe", true);
    put(first, 1, "a");
    put(second, 1, "b");
    cr_expect_eq(qetl_letter_store_seal(first, 1, NULL), 0);
    cr_expect_eq(qetl_letter_store_seal(second, 1, NULL), EWOULDBLOCK);
    qetl_letter_store_free(first);
    qetl_letter_store_free(second);
    cr_expect_str_eq(file_read().codes, "a ");
}

Test(letter_store, where_no_file_is_named_each_has_its_own)
{
    cr_assert_eq(chdir(folder), 0);
    struct qetl_letter_store *first = qetl_letter_store_new(NULL, "pipe", true);
    struct qetl_letter_store *second = qetl_letter_store_new(NULL, "pipe", true);
    struct qetl_letter_store *unnamed = qetl_letter_store_new(NULL, NULL, true);
    struct qetl_letter_store *const all[] = {first, second, unnamed};
    for (int i = 0; i < 3; i++) {
        put(all[i], 1, "a");
        cr_expect_eq(qetl_letter_store_seal(all[i], 1, NULL), 0);
    }
    cr_expect_str_eq(qetl_letter_store_path(first), "dead-letters/pipe.ndjson");
    cr_expect_eq(strncmp(qetl_letter_store_path(second), "dead-letters/pipe-2", 19), 0);
    cr_expect_eq(strncmp(qetl_letter_store_path(unnamed), "dead-letters/qetl-2", 19), 0);
    for (int i = 0; i < 3; i++)
        qetl_letter_store_free(all[i]);
    for (int i = 0; i < 2; i++) { /* it is told apart by its state, if it has one */
        static int good = 0;
        unnamed = qetl_letter_store_new(NULL, NULL, true);
        cr_expect_eq(qetl_letter_store_own(unnamed, mine, keep, &good), 0);
        cr_expect_str_eq(qetl_letter_store_name(unnamed),
                         "dead-letters/qetl-0123456789abcdef.ndjson");
        qetl_letter_store_free(unnamed);
    }
}

/* More than is held in memory: order, numbers and epochs are kept, and nothing else is left. */
Test(letter_store, many_letters_overflow_into_a_file_without_a_name)
{
    enum { LETTERS = 20000 };
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    char code[300];
    memset(code, 'x', sizeof code);
    for (int i = 0; i < LETTERS; i++) {
        snprintf(code + 250, 50, "%d", i);
        put(store, (uint64_t)(1 + i % 3), code);
    }
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        cr_expect_eq(*entry->d_name, '.', "%s", entry->d_name);
    closedir(dir);
    struct qetl_letter_length length;
    cr_expect_eq(qetl_letter_store_seal(store, 2, &length), 0);
    cr_expect_eq(length.last, LETTERS / 3 * 2 + 2);
    cr_expect_eq(qetl_letter_store_seal(store, 3, &length), 0);
    cr_expect_eq(length.last, LETTERS);
    qetl_letter_store_free(store);
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    int last = -1, epoch = 1;
    for (int i = 0; i < LETTERS; i++) {
        cr_assert_gt(getline(&line, &room, in), 0);
        json_t *json = json_loads(line, 0, NULL);
        int number = atoi(json_string_value(json_object_get(json, "code")) + 250);
        int its = (int)json_integer_value(json_object_get(json, "epoch"));
        cr_assert(its == epoch ? number > last : its == epoch + 1);
        cr_assert_eq(number % 3 + 1, its);
        last = number;
        epoch = its;
        json_decref(json);
    }
    cr_expect_eq(getline(&line, &room, in), -1);
    free(line);
    fclose(in);
}

static enum qetl_letter_fate odd_ones_go(void *arg, const struct qetl_letter_line *line)
{
    (void)arg;
    return line->id & 1 ? QETL_LETTER_CUT : QETL_LETTER_KEEP;
}

Test(letter_store, thinning_keeps_the_newest_number)
{
    struct qetl_letter_file file;
    file_write("{\"id\":1,\"code\":\"a\"}\n{\"id\":4,\"code\":\"b\"}\n{\"id\":7,\"code\":\"c\"}\n");
    cr_assert_eq(qetl_letter_file_open(&file, path), 0);
    cr_expect_eq(qetl_letter_file_thin(&file, odd_ones_go, NULL, true), 0);
    cr_expect_str_eq(file_read().codes, "b - ");
    static const char line[] = "{\"code\":\"d\"}\n";
    cr_expect_eq(qetl_letter_file_add(&file, line, sizeof line - 1), 0);
    cr_expect_eq(qetl_letter_file_sync(&file), 0);
    struct seen seen = file_read();
    cr_expect_str_eq(seen.codes, "b - d ");
    cr_expect_eq(seen.ids[2], 8);
    struct qetl_letter_file other;
    cr_expect_eq(qetl_letter_file_open(&other, path), EWOULDBLOCK, "the lock goes along");
    qetl_letter_file_close(&file);
    cr_expect_eq(qetl_letter_file_open(&other, path), 0);
    qetl_letter_file_close(&other);
}

/* Another process has the pipeline's file: the letters go beside it, and are found again. */
Test(letter_store, a_state_knows_its_letters_in_both_files)
{
    cr_assert_eq(chdir(folder), 0);
    static int good = 0;
    struct qetl_letter_length length;
    struct qetl_letter_store *first = qetl_letter_store_new(NULL, "pipe", true);
    put(first, 1, "x");
    cr_expect_eq(qetl_letter_store_seal(first, 1, NULL), 0);
    struct qetl_letter_store *store = qetl_letter_store_new(NULL, "pipe", true);
    qetl_letter_store_own(store, mine, keep, &good);
    put(store, 1, "a");
    cr_expect_eq(qetl_letter_store_seal(store, 1, &length), 0);
    cr_expect(length.apart);
    cr_expect_eq(length.last, 1);
    put(store, 2, "b");
    cr_expect_eq(qetl_letter_store_seal(store, 2, NULL), 0);
    cr_expect_str_eq(qetl_letter_store_path(store), "dead-letters/pipe-0123456789abcdef.ndjson");
    qetl_letter_store_free(store); /* as a kill would */
    qetl_letter_store_free(first);
    store = qetl_letter_store_new(NULL, "pipe", true);
    qetl_letter_store_own(store, mine, keep, &good);
    cr_expect_eq(qetl_letter_store_begin(store, 1, &length), 0);
    snprintf(path, sizeof path, "dead-letters/pipe-0123456789abcdef.ndjson");
    cr_expect_str_eq(file_read().codes, "a ");
    put(store, 2, "c");
    cr_expect_eq(qetl_letter_store_seal(store, 2, &length), 0);
    cr_expect(length.apart, "a run stays with its file");
    cr_expect_str_eq(file_read().codes, "a c ");
    qetl_letter_store_free(store);
    store = qetl_letter_store_new(NULL, "pipe", true); /* the next run */
    qetl_letter_store_own(store, mine, keep, &good);
    cr_expect_eq(qetl_letter_store_begin(store, 1, NULL), 0);
    cr_expect_str_eq(file_read().codes, "a ");
    put(store, 2, "d");
    cr_expect_eq(qetl_letter_store_seal(store, 2, &length), 0);
    cr_expect_not(length.apart);
    snprintf(path, sizeof path, "dead-letters/pipe.ndjson");
    cr_expect_str_eq(file_read().codes, "x d ");
    qetl_letter_store_free(store);
}
