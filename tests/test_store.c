/* SPDX-License-Identifier: Apache-2.0 */
/* What a pipeline's runs remember: what is decided is there again, in a new process, whole, and for
 * the newest process only. */
#include "state/store.h"
#include "store_scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(store, .init = store_scratch, .fini = store_scratch_end, .timeout = 120);

static struct qetl_record decided, prepared;

static void recover(struct qetl_store *store)
{
    struct qetl_findings findings = {0};
    int32_t status = qetl_store_recover(store, &decided, &prepared, &findings);
    cr_assert_eq(status, 0, "recover answers %d: %s", status, findings_text(&findings));
    cr_expect_eq(findings.count, 0);
    qetl_findings_free(&findings);
}

static void forget(void)
{
    qetl_record_free(&decided);
    qetl_record_free(&prepared);
}

static void decide(struct qetl_store *store, uint64_t number, const char *position, bool final)
{
    struct qetl_entry entry = {QETL_ENTRY_POSITION, "orders", 3, 2, position, strlen(position)};
    struct qetl_record record = {
        .number = number, .final = final, .rows = 70, .entries = &entry, .n_entries = 1};
    int32_t status = qetl_store_decide(store, &record);
    cr_assert_eq(status, 0, "decide answers %d: %s", status, qetl_store_reason(store));
}

static void expect_position(const struct qetl_record *record, const char *position)
{
    cr_assert_eq(record->n_entries, 1);
    const struct qetl_entry *entry = record->entries;
    cr_expect_eq(entry->kind, QETL_ENTRY_POSITION);
    cr_expect_str_eq(entry->component, "orders");
    cr_expect_eq(entry->part, 3);
    cr_expect_eq(entry->version, 2);
    cr_expect_eq(entry->size, strlen(position));
    cr_expect_str_eq((const char *)entry->data, position);
}

Test(store, begins_empty_and_lazily)
{
    struct qetl_store *store = store_open();
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_NONE);
    cr_expect_eq(decided.number, 0);
    cr_expect_eq(prepared.stage, QETL_STAGE_NONE);
    cr_expect_str_eq(store_files(), "lock");
    qetl_store_close(store);
    cr_expect_str_eq(store_files(), "lock");
}

Test(store, remembers_what_was_decided)
{
    struct qetl_store *store = store_open();
    uint64_t first = qetl_store_generation(store);
    decide(store, 1, "one", false);
    decide(store, 2, "", false);
    qetl_store_close(store);
    store = store_open();
    cr_expect_gt(qetl_store_generation(store), first);
    recover(store);
    cr_expect_eq(decided.number, 2);
    cr_expect_eq(decided.stage, QETL_STAGE_DECIDED);
    cr_expect_eq(decided.rows, 70);
    cr_expect_gt(decided.at_ms, 0);
    cr_expect_not(decided.final);
    expect_position(&decided, "");
    cr_expect_eq(prepared.stage, QETL_STAGE_NONE);
    forget();
    qetl_store_close(store);
}

Test(store, committed_and_finished)
{
    struct qetl_store *store = store_open();
    decide(store, 1, "one", false);
    cr_expect_eq(qetl_store_committed(store, 1), 0);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_COMMITTED);
    forget();
    decide(store, 2, "two", true);
    cr_expect_eq(qetl_store_committed(store, 1), 0);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_DECIDED, "that of an older epoch changes nothing");
    cr_expect(decided.final);
    forget();
    cr_expect_eq(qetl_store_committed(store, 2), 0);
    qetl_store_close(store);
    store = store_open();
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_FINISHED);
    expect_position(&decided, "two");
    forget();
    qetl_store_close(store);
}

static void prepare_second(struct qetl_store *store)
{
    struct qetl_entry entry = {QETL_ENTRY_HANDLE, "out", 0, 0, "staged", 6};
    struct qetl_record record = {.number = 2, .entries = &entry, .n_entries = 1};
    decide(store, 1, "one", false);
    cr_assert_eq(qetl_store_prepare(store, &record), 0);
}

Test(store, prepared_is_kept_beside_the_decided)
{
    struct qetl_store *store = store_open();
    prepare_second(store);
    qetl_store_close(store);
    store = store_open();
    recover(store);
    expect_position(&decided, "one");
    cr_expect_eq(prepared.number, 2);
    cr_expect_eq(prepared.stage, QETL_STAGE_PREPARED);
    cr_expect_eq(prepared.n_entries, 1);
    cr_expect_eq(prepared.entries[0].kind, QETL_ENTRY_HANDLE);
    forget();
    cr_expect_eq(qetl_store_settle(store, 2, true), 0);
    recover(store);
    cr_expect_eq(decided.number, 2);
    cr_expect_eq(decided.stage, QETL_STAGE_DECIDED);
    cr_expect_eq(prepared.stage, QETL_STAGE_NONE);
    forget();
    qetl_store_close(store);
}

Test(store, prepared_is_given_up)
{
    struct qetl_store *store = store_open();
    prepare_second(store);
    cr_expect_eq(qetl_store_settle(store, 2, false), 0);
    recover(store);
    expect_position(&decided, "one");
    cr_expect_eq(prepared.stage, QETL_STAGE_NONE);
    forget();
    qetl_store_close(store);
}

Test(store, deciding_settles_what_was_prepared)
{
    struct qetl_store *store = store_open();
    prepare_second(store);
    decide(store, 3, "three", false);
    recover(store);
    expect_position(&decided, "three");
    cr_expect_eq(prepared.stage, QETL_STAGE_NONE);
    forget();
    qetl_store_close(store);
}

Test(store, clear_keeps_the_number)
{
    struct qetl_store *store = store_open();
    decide(store, 41, "far", false);
    cr_expect_eq(qetl_store_clear(store), 0);
    qetl_store_close(store);
    store = store_open();
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_NONE);
    cr_expect_eq(decided.number, 41);
    cr_expect_eq(decided.n_entries, 0);
    qetl_store_close(store);
}

static struct qetl_store_owner owner_of(struct qetl_store *store)
{
    struct qetl_store_owner owner;
    cr_assert_eq(qetl_store_owner(store, &owner), 0, "%s", qetl_store_reason(store));
    cr_assert_eq(strlen(owner.name), QETL_STORE_OWNER);
    return owner;
}

Test(store, the_owner_is_the_same_once_it_is_kept)
{
    struct qetl_store *store = store_open();
    struct qetl_store_owner first = owner_of(store);
    cr_expect_str_eq(owner_of(store).name, first.name);
    qetl_store_close(store);
    store = store_open();
    struct qetl_store_owner second = owner_of(store);
    cr_expect_str_neq(second.name, first.name, "nothing bears the first name");
    cr_expect_eq(qetl_store_owner_keep(store), 0);
    qetl_store_close(store);
    store = store_open();
    cr_expect_str_eq(owner_of(store).name, second.name);
    decide(store, 41, "far", false);
    cr_expect_eq(owner_of(store).epoch, 0);
    cr_expect_eq(qetl_store_clear(store), 0);
    cr_expect_eq(owner_of(store).epoch, 41, "what was decided stays so");
    qetl_store_close(store);
    store = store_open();
    cr_expect_str_eq(owner_of(store).name, second.name);
    cr_expect_eq(owner_of(store).epoch, 41);
    cr_expect_eq(qetl_store_clear(store), 0);
    cr_expect_eq(owner_of(store).epoch, 41, "also when there is less to forget");
    qetl_store_close(store);
}

Test(store, an_owner_that_cannot_be_read_is_refused)
{
    static const char *const texts[] = {"",
                                        "0123456789abcdef",
                                        "0123456789abcdef 7",
                                        "0123456789abcde 7\n",
                                        "0123456789abcdeg 7\n",
                                        "0123456789abcdef x\n",
                                        "0123456789abcdef 7\n"};
    struct qetl_store_owner owner;
    for (size_t i = 0; i < 7; i++) {
        struct qetl_store *store = store_open();
        FILE *file = fopen(store_path("owner"), "w");
        cr_assert(file && fputs(texts[i], file) >= 0 && !fclose(file));
        cr_expect_eq(qetl_store_owner(store, &owner), i < 6 ? QETL_E_ENVIRONMENT : 0, "%s",
                     texts[i]);
        cr_expect_eq(strstr(qetl_store_reason(store), "`owner`") != NULL, i < 6);
        qetl_store_close(store);
    }
    cr_expect_str_eq(owner.name, "0123456789abcdef");
    cr_expect_eq(owner.epoch, 7);
}

Test(store, in_memory)
{
    struct qetl_findings findings = {0};
    struct qetl_store *store = qetl_store_open(NULL, "p", "{}", &findings);
    cr_assert_not_null(store);
    cr_expect_null(qetl_store_path(store));
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_NONE);
    prepare_second(store);
    cr_expect_eq(qetl_store_settle(store, 2, false), 0);
    cr_expect_eq(qetl_store_committed(store, 1), 0);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_COMMITTED);
    expect_position(&decided, "one");
    forget();
    cr_expect_eq(qetl_store_clear(store), 0);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_NONE);
    qetl_store_close(store);
}

/* ---- whose it is ---- */

Test(store, a_second_process_is_told_who_has_it)
{
    char who[64];
    struct qetl_findings findings = {0};
    struct qetl_store *store = store_open();
    cr_expect_null(qetl_store_open(store_root, "p", "{}", &findings));
    cr_assert_eq(findings.count, 1);
    cr_expect_str_eq(findings.items[0].code, "state_locked");
    snprintf(who, sizeof who, "process %ld on ", (long)getpid());
    cr_expect_not_null(strstr(findings.items[0].message, who), "%s", findings.items[0].message);
    cr_expect_eq(qetl_findings_environment(&findings), 1);
    qetl_findings_free(&findings);
    qetl_store_close(store);
    qetl_store_close(store_open());
}

Test(store, another_process_has_the_lock_till_it_ends)
{
    int ready[2];
    char byte;
    struct qetl_findings findings = {0};
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        qetl_store_open(store_root, "p", "{}", &findings);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_expect_null(qetl_store_open(store_root, "p", "{}", &findings));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    qetl_findings_free(&findings);
    qetl_store_close(store_open());
}

Test(store, who_lost_the_lock_is_fenced)
{
    struct qetl_entry entry = {QETL_ENTRY_POSITION, "orders", 0, 0, "x", 1};
    struct qetl_record record = {.number = 9, .entries = &entry, .n_entries = 1};
    struct qetl_store *old = store_open();
    decide(old, 1, "one", false);
    store_unlink("lock");
    struct qetl_store *new = store_open();
    cr_expect_gt(qetl_store_generation(new), qetl_store_generation(old));
    cr_expect_eq(qetl_store_decide(old, &record), QETL_E_FENCED);
    cr_expect_eq(qetl_store_prepare(old, &record), QETL_E_FENCED);
    cr_expect_eq(qetl_store_committed(old, 1), QETL_E_FENCED);
    cr_expect_eq(qetl_store_clear(old), QETL_E_FENCED);
    cr_expect_not_null(strstr(qetl_store_reason(old), "taken over"), "%s", qetl_store_reason(old));
    decide(new, 2, "two", false);
    recover(new);
    expect_position(&decided, "two");
    forget();
    qetl_store_close(old);
    qetl_store_close(new);
}

Test(store, of_two_that_begin_one_is_fenced)
{
    struct qetl_entry entry = {QETL_ENTRY_POSITION, "orders", 0, 0, "x", 1};
    struct qetl_record record = {.number = 1, .entries = &entry, .n_entries = 1};
    struct qetl_store *old = store_open();
    store_unlink("lock");
    struct qetl_store *new = store_open();
    decide(new, 1, "one", false);
    cr_expect_eq(qetl_store_decide(old, &record), QETL_E_FENCED);
    qetl_store_close(old);
    qetl_store_close(new);
}

Test(store, what_was_removed_is_not_written_to)
{
    struct qetl_entry entry = {QETL_ENTRY_POSITION, "orders", 0, 0, "x", 1};
    struct qetl_record record = {.number = 2, .entries = &entry, .n_entries = 1};
    struct qetl_store *store = store_open();
    decide(store, 1, "one", false);
    store_unlink("state.db");
    cr_expect_eq(qetl_store_decide(store, &record), QETL_E_FENCED);
    qetl_store_close(store);
}

/* ---- another pipeline than the one that was cut short ---- */

static const char before[] =
    "{\"in\": {\"plugin\": \"csv 1\", \"options\": \"aa\"}, \"out\": \"1\"}";
static const char changed[] =
    "{\"in\": {\"plugin\": \"csv 1\", \"options\": \"bb\"}, \"more\": \"2\"}";
static const char same[] = "{\"out\": \"1\", \"in\": {\"options\": \"aa\", \"plugin\": \"csv 1\"}}";

static void leave(bool finished)
{
    struct qetl_findings findings = {0};
    struct qetl_store *store = qetl_store_open(store_root, "p", before, &findings);
    decide(store, 1, "one", finished);
    if (finished)
        cr_assert_eq(qetl_store_committed(store, 1), 0);
    qetl_store_close(store);
}

Test(store, says_what_changed)
{
    struct qetl_findings findings = {0};
    leave(false);
    struct qetl_store *store = qetl_store_open(store_root, "p", changed, &findings);
    cr_assert_not_null(store);
    cr_expect_eq(qetl_store_recover(store, &decided, &prepared, &findings), QETL_E_CONFIG);
    cr_assert_eq(findings.count, 1);
    cr_expect_str_eq(findings.items[0].code, "state_changed");
    cr_expect_not_null(
        strstr(findings.items[0].message, "since: in (options), more (new), out (gone)"), "%s",
        findings.items[0].message);
    cr_expect_not_null(strstr(findings.items[0].suggestion, "--full-refresh"));
    cr_expect_eq(qetl_findings_environment(&findings), 0);
    qetl_findings_free(&findings);
    cr_expect_eq(qetl_store_clear(store), 0);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_NONE);
    qetl_store_close(store);
}

Test(store, order_and_finished_runs_do_not_count)
{
    struct qetl_findings findings = {0};
    leave(false);
    struct qetl_store *store = qetl_store_open(store_root, "p", same, &findings);
    recover(store);
    forget();
    qetl_store_close(store);
    leave(true);
    store = qetl_store_open(store_root, "p", changed, &findings);
    recover(store);
    cr_expect_eq(decided.stage, QETL_STAGE_FINISHED);
    forget();
    qetl_store_close(store);
}

/* ---- the folder ---- */

static void expect_refused(const char *code, const char *words)
{
    struct qetl_findings findings = {0};
    cr_expect_null(qetl_store_open(store_root, "p", "{}", &findings));
    cr_assert_eq(findings.count, 1);
    cr_expect_str_eq(findings.items[0].code, code);
    cr_expect_not_null(strstr(findings_text(&findings), words), "%s", findings_text(&findings));
    qetl_findings_free(&findings);
}

Test(store, a_folder_for_others_is_refused)
{
    qetl_store_close(store_open());
    cr_assert_eq(chmod(store_path(""), 0750), 0);
    expect_refused("state_folder", "chmod 700");
    cr_assert_eq(chmod(store_path(""), 0700), 0);
    qetl_store_close(store_open());
}

Test(store, a_file_in_place_of_the_folder_is_refused)
{
    char path[200];
    snprintf(path, sizeof path, "%s/p", store_root);
    mkdir(store_root, 0700);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    expect_refused("state_folder", "Not a directory");
}

Test(store, modes)
{
    struct stat about;
    struct qetl_store *store = store_open();
    decide(store, 1, "one", false);
    cr_assert_eq(stat(store_path(""), &about), 0);
    cr_expect_eq(about.st_mode & 0777, 0700);
    cr_assert_eq(stat(store_path("state.db"), &about), 0);
    cr_expect_eq(about.st_mode & 0777, 0600);
    qetl_store_close(store);
}

/* ---- large entries ---- */

enum { LARGE = 100000 };

static void decide_large(struct qetl_store *store, uint64_t number, char fill)
{
    static char data[LARGE];
    memset(data, fill, LARGE);
    struct qetl_entry entries[] = {{QETL_ENTRY_STATE, "sum", 0, 1, data, LARGE},
                                   {QETL_ENTRY_STATE, "sum", 1, 1, "few", 3}};
    struct qetl_record record = {.number = number, .entries = entries, .n_entries = 2};
    int32_t status = qetl_store_decide(store, &record);
    cr_assert_eq(status, 0, "%s", qetl_store_reason(store));
}

Test(store, large_entries_lie_in_files)
{
    struct stat about;
    struct qetl_store *store = store_open();
    decide_large(store, 1, 'a');
    decide_large(store, 2, 'b');
    cr_expect_eq(store_count("blob-"), 1, "what nobody needs was removed");
    cr_assert_eq(stat(store_path("state.db"), &about), 0);
    cr_expect_lt(about.st_size, LARGE);
    qetl_store_close(store);
    store = store_open();
    recover(store);
    cr_assert_eq(decided.n_entries, 2);
    cr_assert_eq(decided.entries[0].size, LARGE);
    cr_expect_eq(((const char *)decided.entries[0].data)[LARGE - 1], 'b');
    cr_expect_str_eq((const char *)decided.entries[1].data, "few");
    forget();
    decide(store, 3, "none", false);
    cr_expect_eq(store_count("blob-"), 0);
    qetl_store_close(store);
}

Test(store, a_missing_file_is_noticed)
{
    struct qetl_findings findings = {0};
    struct qetl_store *store = store_open();
    decide_large(store, 1, 'a');
    qetl_store_close(store);
    store_unlink_matching("blob-");
    store = store_open();
    cr_expect_eq(qetl_store_recover(store, &decided, &prepared, &findings), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(findings.items[0].code, "state_unreadable");
    qetl_findings_free(&findings);
    qetl_store_close(store);
}
