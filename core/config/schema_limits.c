/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_limits.h"

#include "schema_words.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

void qetl_limits_number(struct qetl_check *c, const json_t *schema, const json_t *value,
                        struct qetl_spot spot)
{
    const json_t *least = json_object_get(schema, "minimum");
    const json_t *most = json_object_get(schema, "maximum");
    double number = json_number_value(value);
    const json_t *bound = NULL;
    if (least && number < json_number_value(least))
        bound = least;
    else if (most && number > json_number_value(most))
        bound = most;
    if (!bound)
        return;
    char *limit = qetl_words_value(bound);
    const char *unit = json_string_value(json_object_get(schema, "x-unit"));
    struct qetl_finding *finding = qetl_document_error(
        c->document, spot.pointer, QETL_AT_VALUE, c->findings, "out_of_range",
        "`%s` must be at %s %s%s%s", qetl_spot_name(spot), bound == least ? "least" : "most",
        limit ? limit : "?", unit ? " " : "", unit ? unit : "");
    qetl_words_mend_example(finding, schema, spot.key);
    free(limit);
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

/* -1 without memory; schema_lint.h refuses a pattern that is none. */
static int pattern_fits(const char *pattern, const char *text)
{
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        return -1;
    int fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static void fail_size(struct qetl_check *c, const json_t *schema, struct qetl_spot spot,
                      const char *bound, json_int_t size, const char *of)
{
    struct qetl_finding *finding =
        qetl_document_error(c->document, spot.pointer, QETL_AT_VALUE, c->findings, "wrong_size",
                            "`%s` must have at %s %lld %s%s", qetl_spot_name(spot), bound,
                            (long long)size, of, size == 1 ? "" : "s");
    qetl_words_mend_example(finding, schema, spot.key);
}

static void check_size(struct qetl_check *c, const json_t *schema, size_t size,
                       struct qetl_spot spot, const char *const words[3])
{
    const json_t *least = json_object_get(schema, words[0]);
    const json_t *most = json_object_get(schema, words[1]);
    if (least && (json_int_t)size < json_integer_value(least))
        fail_size(c, schema, spot, "least", json_integer_value(least), words[2]);
    else if (most && (json_int_t)size > json_integer_value(most))
        fail_size(c, schema, spot, "most", json_integer_value(most), words[2]);
}

void qetl_limits_text(struct qetl_check *c, const json_t *schema, const json_t *value,
                      struct qetl_spot spot)
{
    static const char *const words[] = {"minLength", "maxLength", "character"};
    const char *text = json_string_value(value);
    const char *pattern = json_string_value(json_object_get(schema, "pattern"));
    check_size(c, schema, characters(text), spot, words);
    int fits = pattern ? pattern_fits(pattern, text) : 1;
    if (fits < 0)
        qetl_findings_no_memory(c->findings);
    if (fits)
        return;
    struct qetl_finding *finding =
        qetl_document_error(c->document, spot.pointer, QETL_AT_VALUE, c->findings, "wrong_form",
                            "`%s` does not have the form %s", qetl_spot_name(spot), pattern);
    qetl_words_mend_example(finding, schema, spot.key);
}

void qetl_limits_list(struct qetl_check *c, const json_t *schema, const json_t *value,
                      struct qetl_spot spot)
{
    static const char *const words[] = {"minItems", "maxItems", "element"};
    check_size(c, schema, json_array_size(value), spot, words);
}
