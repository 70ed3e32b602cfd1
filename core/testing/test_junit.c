/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JUnit's XML, as build servers read it. */
#include "show/xml.h"
#include "test.h"

#include <errno.h>
#include <string.h>

static void put_case(FILE *out, const struct qetl_test_result *result)
{
    const struct qetl_verdict *verdict = &result->verdict;
    fputs("    <testcase name=\"", out);
    qetl_xml_put(out, result->test.name);
    fputs("\" classname=\"", out);
    qetl_xml_put(out, result->test.file->path);
    fputs("\" file=\"", out);
    qetl_xml_put(out, result->test.file->path);
    fprintf(out, "\" line=\"%d\" time=\"%.3f\"", result->test.line, verdict->seconds);
    if (!verdict->n_failures) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n      <failure type=\"failure\" message=\"", out);
    qetl_xml_put(out, verdict->first ? verdict->first : "failed");
    fputs("\">", out);
    qetl_xml_put(out, verdict->text);
    fputs("</failure>\n    </testcase>\n", out);
}

static void totals(const struct qetl_test_result *results, size_t n, size_t *failures,
                   double *seconds)
{
    *failures = 0;
    *seconds = 0;
    for (size_t i = 0; i < n; i++) {
        *failures += results[i].verdict.n_failures > 0;
        *seconds += results[i].verdict.seconds;
    }
}

static size_t of_one_file(const struct qetl_test_result *results, size_t n)
{
    size_t end = 0;
    while (end < n && results[end].test.file == results[0].test.file)
        end++;
    return end;
}

int qetl_test_junit(const char *path, const struct qetl_test_result *results, size_t n)
{
    size_t failures;
    double seconds;
    FILE *out = fopen(path, "we");
    if (!out)
        return errno;
    totals(results, n, &failures, &seconds);
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"qetl test\" "
            "tests=\"%zu\" failures=\"%zu\" errors=\"0\" time=\"%.3f\">\n",
            n, failures, seconds);
    for (size_t first = 0, size; first < n; first += size) {
        size = of_one_file(results + first, n - first);
        totals(results + first, size, &failures, &seconds);
        fputs("  <testsuite name=\"", out);
        qetl_xml_put(out, results[first].test.file->path);
        fprintf(out,
                "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.3f\">\n",
                size, failures, seconds);
        for (size_t i = 0; i < size; i++)
            put_case(out, &results[first + i]);
        fputs("  </testsuite>\n", out);
    }
    fputs("</testsuites>\n", out);
    int failed = ferror(out);
    failed |= fclose(out) != 0;
    return failed ? (errno ? errno : EIO) : 0;
}
