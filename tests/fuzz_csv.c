/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes, cut anyhow, by every kernel: the same rows and rejections, valid arrays, no record
 * lost, and what is encoded reads back as it was. The first three bytes choose options, form and
 * cuts.
 */
#include "csv_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const options[] = {
    "{}",
    "{\"header\": false}",
    "{\"header\": false, \"delimiter\": \",\", \"null\": [\"NA\", \"\"]}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"bigint\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"timestamp with time "
    "zone\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"double\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"decimal(20,4)\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"binary\"}}",
    "{\"header\": false, \"delimiter\": \" \", \"quote\": \"'\"}",
    "{\"header\": false, \"delimiter\": \",\", \"types\": {\"column1\": \"boolean\", \"column2\": "
    "\"time\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"ragged\": \"pad\", \"types\": {\"column1\": "
    "\"bigint\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"ragged\": \"pad\", \"encoding\": \"cp437\"}",
    "{\"delimiter\": \",\", \"skip_lines\": 2, \"encoding\": \"windows-1252\"}",
    "{\"header\": false, \"delimiter\": \"||\", \"trim\": \"unquoted\", \"types\": {\"column1\": "
    "\"bigint\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"escape\": \"\\\\\", \"null\": [\"\\\\N\"], "
    "\"escape_codes\": true, \"ragged\": \"pad\"}",
    "{\"header\": false, \"delimiter\": \"\\t\", \"quote\": \"\", \"escape\": \"\\\\\"}",
    "{\"delimiter\": \";\", \"comment\": \"//\", \"blank_lines\": \"skip\", \"trim\": \"all\", "
    "\"skip_lines\": 1}",
    "{\"header\": false, \"delimiter\": \";\", \"decimal_mark\": \",\", \"thousands\": \".\", "
    "\"types\": {\"column1\": \"decimal(20,4)\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"date_format\": \"%d.%m.%Y\", \"types\": "
    "{\"column1\": \"date\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"timestamp_format\": \"%y%b%e %I:%M:%S.%f %p %z\", "
    "\"types\": {\"column1\": \"timestamp with time zone\"}}",
    "{\"header\": false, \"delimiter\": \",\", \"encoding\": \"utf-16\"}",
    "{\"delimiter\": \",\", \"encoding\": \"utf-16be\", \"comment\": \"#\"}",
    "{\"header\": false, \"encoding\": \"detect\"}",
    "{\"header\": false, \"delimiter\": \",\", \"encoding\": \"shift_jis\"}",
    "{\"header\": false, \"delimiter\": \",\", \"newline\": \"cr\"}",
};

/* Dialects that hold any text; what they read of it is told apart by its spelling of NULL. */
static const char *const holding[] = {
    "{\"header\": false, \"delimiter\": \",\", \"null\": [\"NA\"]}",
    "{\"header\": false, \"delimiter\": \",\", \"null\": [\"\", \"NA\"]}",
    "{\"header\": false, \"delimiter\": \"||\", \"null\": [\"NA\"], \"trim\": \"unquoted\", "
    "\"comment\": \"a\"}",
    "{\"header\": false, \"delimiter\": \"aab\", \"null\": [\"NA\"], \"newline\": \"cr\"}",
    "{\"header\": false, \"delimiter\": \"\\t\", \"null\": [\"NA\"], \"quote\": \"\", "
    "\"escape\": \"\\\\\", \"escape_codes\": true, \"newline\": \"crlf\"}",
    "{\"header\": false, \"delimiter\": \",\", \"null\": [\"NA\"], \"escape\": \"\\\\\", "
    "\"quote\": "
    "\"'\"}",
    "{\"header\": false, \"delimiter\": \",\", \"null\": [\"NA\"], \"encoding\": \"utf-16\"}",
    "{\"header\": false, \"delimiter\": \"¦\", \"null\": [\"NA\"], \"encoding\": \"gb18030\"}",
};

struct trial {
    const char *options;
    uint32_t form;
    int64_t max_record;
    const uint8_t *data;
    size_t size;
};

static void same_or_die(const struct rig *a, const struct rig *b, const char *what)
{
    if (a->status == b->status && !strcmp(a->text.data, b->text.data) &&
        !strcmp(a->rejects.data, b->rejects.data) && a->records == b->records)
        return;
    fprintf(stderr, "%s %s / %s: %d %d\n--- one way\n%s%s--- another\n%s%s", what,
            qetl_fake_host_message(&a->fake), qetl_fake_host_message(&b->fake), a->status,
            b->status, a->text.data, a->rejects.data, b->text.data, b->rejects.data);
    abort();
}

static void trial_run(struct rig *rig, const struct trial *t, const struct csv_kernel *kernel,
                      int64_t block)
{
    csv_rig_open(rig, t->options);
    rig->kernel = kernel;
    rig->max_record = t->max_record;
    rig_infer(rig, t->data, t->size);
    rig_want(rig, t->form);
    rig_run(rig, t->data, t->size, block, (unsigned)t->size);
    if (rig->rows + rig->rejected != rig->records)
        abort();
}

/* What the encoder wrote, read with the same options, is what was read before. */
static void round_trip(const struct trial *t, size_t dialect)
{
    bool empty_is_null = dialect == 1;
    struct rig before, writer, after;
    struct trial again = *t;
    struct rig_text written = {0};

    again.options = holding[empty_is_null];
    again.form = QETL_FORM_LEXICAL;
    again.max_record = 1 << 20;
    trial_run(&before, &again, NULL, 0);
    csv_rig_open(&writer, again.options);
    rig_infer(&writer, t->data, t->size);
    rig_want(&writer, QETL_FORM_LEXICAL);
    rig_encode_to_csv(&writer, holding[dialect]);
    rig_run(&writer, t->data, t->size, 0, 1);
    /* A lone NULL takes another spelling rather than make an empty line; a lone empty text needs
     * quotes. */
    if (!writer.status && !((empty_is_null || dialect == 4) && before.n_wants == 1)) {
        rig_text_add(&written, writer.encoded.space.data, (size_t)writer.encoded.space.size);
        again.options = holding[dialect];
        again.data = (uint8_t *)written.data;
        again.size = written.size;
        trial_run(&after, &again, NULL, -1);
        if (before.rows && (strcmp(before.text.data, after.text.data) || after.rejected))
            same_or_die(&before, &after, "round trip");
        csv_rig_close(&after);
    }
    free(written.data);
    csv_rig_close(&before);
    csv_rig_close(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rig first, other;
    struct trial t;

    if (size < 3 || size > 4096)
        return 0;
    t = (struct trial){.options = options[data[0] % (sizeof options / sizeof *options)],
                       .form = 1u << data[1] % 3,
                       .max_record = data[2] % 4 ? 1 << 20 : 8 + data[2],
                       .data = data + 3,
                       .size = size - 3};
    trial_run(&first, &t, csv_kernels[csv_kernels_count - 1], 0);
    for (int k = 0; k < csv_kernels_count; k++) {
        if (!csv_kernels[k]->usable())
            continue;
        trial_run(&other, &t, csv_kernels[k], k ? -1 : 1 + data[2] % 70);
        same_or_die(&first, &other, csv_kernels[k]->name);
        csv_rig_close(&other);
    }
    csv_rig_close(&first);
    round_trip(&t, data[0] / 32 % (sizeof holding / sizeof *holding));
    return 0;
}
