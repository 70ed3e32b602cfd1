/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says at its end, to people and to machines. */
#include "cli.h"
#include "config/mask.h"
#include "show/report.h"
#include "show/style.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *error_json(int exit_code, const struct qetl_findings *findings)
{
    if (exit_code == QETL_EXIT_OK)
        return json_null();
    const struct qetl_finding *first = NULL;
    for (size_t i = 0; !first && i < findings->count; i++)
        if (findings->items[i].severity == QETL_ERROR)
            first = &findings->items[i];
    return json_pack("{s:s, s:s, s:o}", "code", first ? first->code : "stopped", "message",
                     first ? first->message : "the run was stopped", "findings",
                     qetl_findings_json(findings));
}

static json_t *answer_json(const char *command, int exit_code, const struct qetl_run_report *report,
                           json_t *result, const struct qetl_findings *findings)
{
    json_t *answer = json_object();
    json_object_set_new(answer, "command", json_string(command));
    json_object_set_new(answer, "ok", json_boolean(exit_code == QETL_EXIT_OK));
    json_object_set_new(answer, "summary", report ? qetl_report_summary_json(report) : json_null());
    json_object_set_new(answer, "result",
                        report ? qetl_report_result_json(report) : json_incref(result));
    json_object_set_new(answer, "error", error_json(exit_code, findings));
    return answer;
}

/* Of stdout, main looks after the end. */
static int write_json(const struct qetl_cli *cli, const json_t *answer)
{
    FILE *out = cli->json_file ? fopen(cli->json_file, "we") : stdout;
    int failed = !out || json_dumpf(answer, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) ||
                 fputc('\n', out) == EOF;
    if (out == stdout)
        return 0;
    failed |= out && fclose(out) != 0;
    if (failed)
        fprintf(stderr, "qetl: the JSON answer cannot be written to %s: %s\n", cli->json_file,
                strerror(errno));
    return failed;
}

/* By way of memory, where secrets are hidden; without memory findings go out alone: they are hidden
 * from their beginning. */
static void write_text(const struct qetl_cli *cli, const struct qetl_run_report *report,
                       const struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    int colour = qetl_style_colour(stderr);
    qetl_findings_print(findings, out ? out : stderr, colour);
    if (out && report)
        qetl_report_print(report, out, qetl_style_columns(stderr), colour);
    if (out && fclose(out) == 0 && text)
        fwrite(text, 1, qetl_mask_hide(cli->mask, text, size), stderr);
    free(text);
}

static bool tells_findings(const json_t *result)
{
    const json_t *files = json_object_get(result, "files");
    return json_object_get(result, "findings") ||
           json_object_get(json_array_get(files, 0), "findings");
}

int qetl_cli_answer(const struct qetl_cli *cli, int exit_code, const struct qetl_run_report *report,
                    json_t *result, const struct qetl_findings *findings)
{
    json_t *kept = result ? result : json_null();
    if (cli->json || cli->json_file) {
        json_t *answer = answer_json(cli->command->name, exit_code, report, kept, findings);
        qetl_mask_json(cli->mask, answer);
        if (write_json(cli, answer) && exit_code == QETL_EXIT_OK)
            exit_code = QETL_EXIT_FAILED;
        json_decref(answer);
    }
    if (cli->json && exit_code == QETL_EXIT_OK && !tells_findings(kept)) {
        write_text(cli, NULL,
                   findings); /* the answer of what went well has no place for warnings */
    } else if (!cli->json) {
        bool moved = report && report->processing_s > 0 && exit_code != QETL_EXIT_SIGPIPE;
        write_text(cli, moved && !cli->quiet ? report : NULL, findings);
    }
    json_decref(kept);
    return exit_code;
}
