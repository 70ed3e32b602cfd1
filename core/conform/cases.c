/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "folder.h"
#include "host/call.h"
#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TRIES_LEAST = 48, SHARES_MOST = 3 };

const struct conform_case conform_cases[] = {
    {CONFORM_EACH, CONFORM_RUN_RULE, conform_case_run},
    {CONFORM_EACH, CONFORM_EXPECT_RULE, conform_case_expect},
    {CONFORM_EACH, CONFORM_APART_RULE, conform_case_behind},
    {CONFORM_EACH, CONFORM_APART_RULE, conform_case_alone},
    {CONFORM_EACH, CONFORM_LIFE_ORDER_RULE, conform_case_lifecycle},
    {CONFORM_EACH, CONFORM_OPTIONS_DEFAULT_RULE, conform_case_options},
    {CONFORM_EACH, CONFORM_ERROR_RULE, conform_case_failures},
    {CONFORM_EACH, CONFORM_GROWTH_RULE, conform_case_growth},
    {CONFORM_EACH, CONFORM_EXTENSIONS_RULE, conform_case_extensions},
    {CONFORM_EACH, CONFORM_SURROUNDINGS_RULE, conform_case_surroundings},
    {CONFORM_EACH, CONFORM_INTERRUPT_RULE, conform_case_interrupt},
    {CONFORM_EACH, CONFORM_MIGRATION_RULE, conform_case_migration},
    {CONFORM_EACH, CONFORM_APART_RULE, conform_case_midst},
    {CONFORM_EACH, CONFORM_APART_RULE, conform_case_apart},
    {CONFORM_EACH, CONFORM_LEAK_MEMORY_RULE, conform_case_leaks},
    {CONFORM_EACH, CONFORM_HOST_MEMORY_RULE, conform_case_host_memory},
    {CONFORM_EACH, CONFORM_MEMORY_RULE, conform_case_memory},
    {CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT, CONFORM_LENT_RULE, conform_case_lent},
    {CONFORM_MAKES, CONFORM_RELEASE_RULE, conform_case_release},
    {CONFORM_EACH, CONFORM_UNSEEN_RULE, conform_case_unseen},
    {CONFORM_EACH, CONFORM_PIECES_RULE, conform_case_pieces},
    {CONFORM_TRANSFORM | CONFORM_SINK | CONFORM_FORMAT, CONFORM_OFFSET_RULE, conform_case_offset},
    {CONFORM_EACH, CONFORM_SAVE_RULE, conform_case_save},
    {CONFORM_EACH, CONFORM_RESTORE_RULE, conform_case_restore},
    {CONFORM_TRANSFORM, CONFORM_BIND_RULE, conform_case_bind},
    {CONFORM_TRANSFORM, CONFORM_BIND_NAMES_RULE, conform_case_named},
    {CONFORM_TRANSFORM, CONFORM_BIND_DERIVED_RULE, conform_case_derived},
    {CONFORM_TRANSFORM, CONFORM_DISTRIBUTION_RULE, conform_case_dealt},
    {CONFORM_TRANSFORM, CONFORM_MERGE_RULE, conform_case_merge},
    {CONFORM_SOURCE, CONFORM_DEADLINE_RULE, conform_case_deadline},
    {CONFORM_SOURCE, CONFORM_POSITION_GARBAGE_RULE, conform_case_position},
    {CONFORM_SOURCE, CONFORM_NEGOTIATE_RULE, conform_case_negotiate},
    {CONFORM_SOURCE, CONFORM_SPLITS_RULE, conform_case_splits},
    {CONFORM_SINK, CONFORM_COMMIT_RULE, conform_case_commit},
    {CONFORM_SINK, CONFORM_EPOCHS_RULE, conform_case_epochs},
    {CONFORM_SINK, CONFORM_ABORT_RULE, conform_case_abort},
    {CONFORM_SINK, CONFORM_VISIBLE_RULE, conform_case_visible},
    {CONFORM_SINK, CONFORM_DURABLE_RULE, conform_case_durable},
    {CONFORM_SINK, CONFORM_ABORT_RULE, conform_case_given_up},
    {CONFORM_SINK, CONFORM_COMMIT_ELSEWHERE_RULE, conform_case_elsewhere},
    {CONFORM_SINK, CONFORM_LEFTOVERS_RULE, conform_case_leftovers},
    {CONFORM_SINK, CONFORM_COMMIT_CUT_RULE, conform_case_cut},
    {CONFORM_SINK, CONFORM_COMMIT_BESIDE_RULE, conform_case_beside},
    {CONFORM_SINK, CONFORM_HANDLE_RULE, conform_case_handle},
    {CONFORM_SINK, CONFORM_LAST_COMMITTED_RULE, conform_case_last},
    {CONFORM_FORMAT, CONFORM_INFER_RULE, conform_case_infer},
    {CONFORM_FORMAT, CONFORM_DECODE_COLUMNS_RULE, conform_case_columns},
    {CONFORM_FORMAT, CONFORM_ROUND_TRIP_RULE, conform_case_round_trip},
    {CONFORM_FORMAT, CONFORM_DECODE_GARBAGE_RULE, conform_case_decode},
};
const size_t conform_n_cases = sizeof conform_cases / sizeof *conform_cases;

/* ---- the scratch folder ---- */

/* What a source of bytes reads where nobody gave it a file. */
static void input_write(const struct conform_trial *trial)
{
    struct conform_text text = {0};
    struct ArrowArray batch = {0};
    const struct conform_table *t = &trial->check->tables[0];
    struct qetl_pool *pool = qetl_pool_new(1 << 20);
    struct qetl_instance_env env = {.pool = pool};
    struct qetl_ctx ctx = {.env = &env};
    if (pool && conform_table_batch(t, (struct qetl_env){&qetl_host_table, &ctx}, 0,
                                    (int64_t)json_array_size(t->rows), 0, UINT64_MAX, &batch) == 0)
        conform_text_rows(&text, &t->schema, &batch);
    qetl_array_release(&batch);
    qetl_pool_free(pool);
    char path[CONFORM_PATH];
    snprintf(path, sizeof path, "%s/in.csv", trial->scratch);
    FILE *file = fopen(path, "we");
    if (file && text.size)
        fwrite(text.data, 1, text.size, file);
    if (file)
        fclose(file);
    conform_text_free(&text);
}

void conform_scratch(const struct conform_trial *trial)
{
    atomic_fetch_add(&trial->record->emptied, 1);
    conform_folder_empty(trial->scratch);
    conform_check_files(trial->check, trial->scratch);
    if (trial->promised->kind == QETL_SOURCE && !trial->check->files)
        input_write(trial);
}

/* ---- runs ---- */

int32_t conform_try(struct conform_bench *b, const struct conform_trial *trial,
                    const struct conform_knobs *knobs)
{
    conform_scratch(trial);
    return conform_drive(b, trial, knobs);
}

bool conform_try_same(const struct conform_trial *trial, const struct conform_knobs *knobs,
                      enum conform_rule_id rule, const char *what)
{
    struct conform_bench plain, other;
    struct conform_knobs none = {.only = knobs->only,
                                 .only_port = knobs->only_port,
                                 .only_column = knobs->only_column,
                                 .keep = UINT64_MAX};
    bool same = false;
    if (conform_try(&plain, trial, &none))
        conform_skip(trial->record, rule, "the plain run fails");
    else if (conform_try(&other, trial, knobs))
        conform_break(trial->record, rule, "%s: %s", what, other.error);
    else
        same = conform_outcome_same(&plain, &other, rule, what);
    if (plain.status == QETL_OK)
        conform_bench_close(&other);
    conform_bench_close(&plain);
    return same;
}

/* Of the processor, by this process: the case's. */
static int64_t worked_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1000000000LL + used.tv_nsec;
}

bool conform_may_try(const struct conform_trial *trial)
{
    struct conform_budget *budget = trial->budget;
    if (qetl_call_now_ns() - budget->from_ns > SHARES_MOST * budget->share_ns)
        return false;
    return budget->tries++ < TRIES_LEAST || worked_ns() < budget->share_ns;
}

uint64_t conform_draw(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    uint64_t x = *seed;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
