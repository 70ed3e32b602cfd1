/* SPDX-License-Identifier: Apache-2.0 */
/* Results as JUnit's XML, as build servers read it. */
#include "test.h"

#include <errno.h>
#include <string.h>

/* XML 1.0 has no other control characters, not even as references. */
static void put(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *entity = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&quot;"
                             : c == '\n' ? "&#10;"
                             : c == '\t' ? "&#9;"
                                         : NULL;
        int64_t n = 1;
        while (c >= 0x80 && n < 4 && !qetl_utf8_valid(text, n) && text[n])
            n++;
        bool good = c >= 0x80 ? qetl_utf8_valid(text, n) : c >= 0x20;
        if (c == 0xef &&
            (strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0))
            good = false;
        if (entity)
            fputs(entity, out);
        else if (!good)
            fputc('?', out);
        else
            fwrite(text, 1, (size_t)n, out);
        text += good ? n - 1 : 0;
    }
}

static void put_case(FILE *out, const struct qetl_test_result *result)
{
    const struct qetl_verdict *verdict = &result->verdict;
    fputs("    <testcase name=\"", out);
    put(out, result->test.name);
    fputs("\" classname=\"", out);
    put(out, result->test.file->path);
    fputs("\" file=\"", out);
    put(out, result->test.file->path);
    fprintf(out, "\" line=\"%d\" time=\"%.3f\"", result->test.line, verdict->seconds);
    if (!verdict->n_failures) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n      <failure type=\"failure\" message=\"", out);
    put(out, verdict->first ? verdict->first : "failed");
    fputs("\">", out);
    put(out, verdict->text);
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
        put(out, results[first].test.file->path);
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
