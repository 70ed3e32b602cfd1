/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "trace/trace_line.h"

#include <qetl/sdk.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct conform_record *conform_record_new(void)
{
    void *at = mmap(NULL, sizeof(struct conform_record), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void conform_record_free(struct conform_record *record)
{
    if (record)
        munmap(record, sizeof *record);
}

void conform_record_call(struct conform_record *record, const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    snprintf(record->call, sizeof record->call, "%s", name);
    pthread_mutex_unlock(&lock);
}

void conform_record_check(struct conform_record *record, size_t number, size_t of)
{
    record->unruly = record->barren = false;
    record->tree_level = 0;
    record->outcome = 0;
    record->suspect[0] = 0;
    if (of > 1)
        snprintf(record->within, sizeof record->within, "check %zu: ", number + 1);
}

/* The length of the character there; 0: it is none. */
static int64_t character(const char *at)
{
    int64_t n = 1;
    while (n < 4 && at[n] && !qetl_utf8_valid(at, n))
        n++;
    return qetl_utf8_valid(at, n) ? n : 0;
}

/* Where a panic was, which Rust has written to stderr: in a child a file. */
static void panic_place(char *note, size_t size)
{
    static const char said[] = "panicked at ";
    char line[256], place[160] = "";
    struct stat about;
    if (!strstr(note, "panicked") || strstr(note, said) || fstat(STDERR_FILENO, &about) ||
        !S_ISREG(about.st_mode))
        return;
    FILE *log = fopen("/proc/self/fd/2", "re");
    while (log && fgets(line, sizeof line, log)) {
        const char *at = strstr(line, said);
        if (at)
            snprintf(place, sizeof place, " at %.*s", (int)strcspn(at + strlen(said), "\n"),
                     at + strlen(said));
    }
    if (log)
        fclose(log);
    size_t had = strlen(note), last = strlen(place);
    if (last && place[last - 1] == ':')
        place[last - 1] = 0;
    snprintf(note + had, size - had, "%s", place);
}

/* One line of UTF-8, whatever a plugin said, and wherever it was cut. */
static void note_write(const struct conform_record *record, struct conform_verdict *verdict,
                       const char *format, va_list args)
{
    int size = snprintf(verdict->note, sizeof verdict->note, "%s%s%s", record->within,
                        record->trying, record->trying[0] ? ": " : "");
    vsnprintf(verdict->note + size, sizeof verdict->note - (size_t)size, format, args);
    panic_place(verdict->note, sizeof verdict->note);
    for (char *at = verdict->note; *at;) {
        int64_t n = character(at);
        if (!n)
            *at = '?';
        else if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
        at += n ? n : 1;
    }
}

void conform_break(struct conform_record *record, enum conform_rule_id rule, const char *format,
                   ...)
{
    struct conform_verdict *verdict = &record->verdicts[rule];
    va_list args;
    if (atomic_fetch_add(&verdict->count, 1) == 0) {
        va_start(args, format);
        note_write(record, verdict, format, args);
        va_end(args);
    }
    atomic_store(&verdict->state, CONFORM_BROKEN);
}

/* Whether where nothing comes nothing is shown. */
static bool wants_rows(enum conform_rule_id rule)
{
    static const enum conform_rule_id rules[] = {
        CONFORM_MIGRATION_RULE,      CONFORM_APART_RULE,        CONFORM_HOST_MEMORY_RULE,
        CONFORM_MEMORY_RULE,         CONFORM_ARROW_RULE,        CONFORM_RELEASE_RULE,
        CONFORM_LENT_RULE,           CONFORM_UNSEEN_RULE,       CONFORM_PIECES_RULE,
        CONFORM_SAVE_RULE,           CONFORM_POSITION_RULE,     CONFORM_NEGOTIATE_RULE,
        CONFORM_SPLITS_RULE,         CONFORM_BIND_DERIVED_RULE, CONFORM_BIND_READS_RULE,
        CONFORM_DISTRIBUTION_RULE,   CONFORM_ROW_MAP_RULE,      CONFORM_LEDGER_RULE,
        CONFORM_OFFSET_RULE,         CONFORM_MERGE_RULE,        CONFORM_EXTENSIONS_RULE,
        CONFORM_GROWTH_RULE,         CONFORM_DECODE_RULE,       CONFORM_DECODE_COLUMNS_RULE,
        CONFORM_DECODE_GARBAGE_RULE, CONFORM_EPOCHS_RULE};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i] == rule)
            return true;
    return false;
}

void conform_hold(struct conform_record *record, enum conform_rule_id rule)
{
    int untried = CONFORM_UNTRIED;
    if (record->barren && wants_rows(rule)) {
        conform_skip(record, rule, "nothing comes of the plain run: no row, no byte, no file");
        return;
    }
    atomic_compare_exchange_strong(&record->verdicts[rule].state, &untried, CONFORM_HELD);
}

void conform_skip(struct conform_record *record, enum conform_rule_id rule, const char *format, ...)
{
    struct conform_verdict *verdict = &record->verdicts[rule];
    va_list args;
    if (atomic_load(&verdict->state) != CONFORM_UNTRIED || verdict->note[0])
        return;
    va_start(args, format);
    note_write(record, verdict, format, args);
    va_end(args);
}

void conform_record_trying(struct conform_record *record, const char *what)
{
    snprintf(record->trying, sizeof record->trying, "%s%s", *what ? "with " : "", what);
}

const char *conform_status_name(int32_t status, char name[CONFORM_STATUS])
{
    const char *word = qetl_status_word(status);
    if (word)
        snprintf(name, CONFORM_STATUS, "%s", word + (strncmp(word, "E_", 2) == 0 ? 2 : 0));
    else
        snprintf(name, CONFORM_STATUS, "%d", status);
    return name;
}

bool conform_is_broken(const struct conform_record *record, enum conform_rule_id rule)
{
    return atomic_load(&record->verdicts[rule].state) == CONFORM_BROKEN;
}
