/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq export: dead letters as CSV or NDJSON. */
#include "dlq.h"

#include <errno.h>
#include <fcntl.h>
#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    struct qetl_dlq_options letters;
    const char *to;
    int format; /* 0: by the name */
};

static const char *const formats[] = {"auto", "ndjson", "csv", NULL};
enum { FORMAT_AUTO, FORMAT_NDJSON, FORMAT_CSV };

static const char *const keys[] = {"id",       "time",        "status",  "component", "plugin",
                                   "code",     "column",      "message", "source",    "object",
                                   "row",      "byte_offset", "epoch",   "run",       "attempts",
                                   "original", "decoded"};
enum { KEYS = sizeof keys / sizeof keys[0] };

static void put_csv_cell(const char *text, size_t size, FILE *out)
{
    bool plain = size == strcspn(text, "\",\r\n") && strlen(text) == size;
    if (plain) {
        fwrite(text, 1, size, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            fputc('"', out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

/* Bytes that are no text stay in base64. */
static const json_t *member(const json_t *letter, const char *key)
{
    const json_t *value = json_object_get(letter, key);
    return value || strcmp(key, "original") != 0 ? value
                                                 : json_object_get(letter, "original_base64");
}

static void put_csv(const json_t *letter, FILE *out)
{
    for (size_t i = 0; i < KEYS; i++) {
        const json_t *value = member(letter, keys[i]);
        char *text = value && !json_is_string(value)
                         ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)
                         : NULL;
        if (i)
            fputc(',', out);
        if (text)
            put_csv_cell(text, strlen(text), out);
        else if (value)
            put_csv_cell(json_string_value(value), json_string_length(value), out);
        free(text);
    }
    fputc('\n', out);
}

static void put_header(FILE *out)
{
    for (size_t i = 0; i < KEYS; i++)
        fprintf(out, "%s%s", i ? "," : "", keys[i]);
    fputc('\n', out);
}

/* A file that is there already is not written over. */
static FILE *out_open(const char *to, struct qetl_findings *findings)
{
    if (!to || strcmp(to, "-") == 0)
        return stdout;
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out) {
        struct qetl_finding *finding = qetl_finding_add(
            findings, QETL_ERROR, "output", "'%s' cannot be made: %s", to, strerror(errno));
        qetl_finding_mend(finding, "name another file");
        qetl_finding_environment(finding);
    }
    return out;
}

static bool as_csv(const struct own *own)
{
    size_t size = own->to ? strlen(own->to) : 0;
    return own->format == FORMAT_CSV ||
           (own->format == FORMAT_AUTO && size > 4 && strcmp(own->to + size - 4, ".csv") == 0);
}

static json_t *export(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char count[48];
    bool csv = as_csv(own);
    FILE *out = out_open(own->to, findings);
    if (!out)
        return NULL;
    if (csv)
        put_header(out);
    for (size_t i = 0; i < dlq->box->n; i++) {
        json_t *letter = dlq->meant[i] ? qetl_dlq_letter(dlq, cli, i, findings) : NULL;
        if (letter && csv) {
            put_csv(letter, out);
        } else if (letter) {
            json_dumpf(letter, out, JSON_COMPACT);
            fputc('\n', out);
        }
        json_decref(letter);
    }
    bool failed = ferror(out) || (out != stdout && (fsync(fileno(out)) | fclose(out)));
    if (failed && out != stdout)
        qetl_finding_environment(
            qetl_finding_add(findings, QETL_ERROR, "output", "'%s' cannot be written", own->to));
    if (out != stdout && !cli->json && !cli->quiet && !failed)
        fprintf(stderr, "%s in %s\n", qetl_dlq_count(dlq->n_meant, count), own->to);
    return json_pack("{s:s?, s:I}", "output", own->to, "letters", (json_int_t)dlq->n_meant);
}

static int dlq_export(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_dlq dlq;
    json_t *result = NULL;
    if (cli->json && (!own->to || strcmp(own->to, "-") == 0))
        qetl_cli_usage(findings, "use --to FILE, or --json-file PATH",
                       "letters go to stdout, where --json would write too");
    else if (!qetl_dlq_open(&dlq, cli, false, findings))
        result = export(cli, &dlq, findings), qetl_dlq_close(&dlq);
    else
        qetl_dlq_close(&dlq);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

static const struct qetl_option options[] = {
    {"to", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, .offset = offsetof(struct own, to),
     .value = "PATH", .help = "into this file, for its owner's eyes alone (default: stdout)"},
    {"format", .kind = QETL_ARG_CHOICE, .offset = offsetof(struct own, format), .value = "FORMAT",
     .choices = formats,
     .help = "ndjson: whole letters, one in a line; csv: their main columns "
             "(default: by the file's name, else ndjson)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Export", true, options);

const struct qetl_command qetl_command_dlq_export = {
    .name = "dlq export",
    .section = "Dead letters",
    .summary = "rejected rows as CSV or NDJSON",
    .synopses = (const char *const[]){"[FILE] [ID...] [--to PATH]", NULL},
    .description = "Writes dead letters as NDJSON or CSV, as they were edited last. Secrets and "
                   "private columns are hidden. A file that is there is not written over.",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&group, &qetl_options_letters, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl dlq export orders.yaml --to rejected.csv", "for a spreadsheet"},
            {"qetl dlq export orders.yaml --reason ragged_row | jq -r .original",
             "the lines as they stood in the input"},
            {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = dlq_export,
};
