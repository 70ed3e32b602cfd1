/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three texts, ended by NUL: a file of variables, a --set, and a document. Whatever comes of them,
 * every character of every text has a place in the file, what is replaced holds no placeholder that
 * was not there, and a refusal has a reason.
 */
#include "../core/config/document.h"
#include "../core/config/document_build.h"
#include "../core/config/expand.h"
#include "../core/config/pointer.h"
#include "../core/config/scalar_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
    if (!truth)
        abort();
}

/* The part of the input up to a NUL, as a text of its own. */
static char *part(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, 0, *size);
    size_t length = end ? (size_t)(end - *data) : *size;
    char *text = malloc(length + 1);
    require(text != NULL);
    memcpy(text, *data, length);
    text[length] = '\0';
    *data += length + (end != NULL);
    *size -= length + (end != NULL);
    return text;
}

static int is_alias(const struct qetl_document *document, struct qetl_place place)
{
    const char *at = document->text;
    for (int line = 1; line < place.line; line++) {
        at = strpbrk(at, "\n\r");
        if (!at)
            return 1; /* a line end that is none of these: not looked at here */
        at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    }
    for (int column = 1; column < place.column && *at; column++)
        for (at++; ((unsigned char)*at & 0xc0) == 0x80;)
            at++;
    return *at == '*';
}

static void check_text(const struct qetl_document *document, const char *text, const char *pointer)
{
    struct qetl_place place = qetl_document_place(document, pointer);
    struct qetl_mark begin = {place.line, place.column}, at, before = begin;
    if (is_alias(document, place) || strchr(document->text, '*') ||
        strstr(document->text, "\xc2\x85") || strstr(document->text, "\xe2\x80") ||
        strstr(document->text, "\xef\xbb\xbf"))
        return;
    for (size_t i = 0; i <= strlen(text) && i < 200; i++) {
        if (qetl_scalar_place(document->text, document->text_size, begin, text, i, &at) != 0) {
            fprintf(stderr, "byte %zu of `%s` at %d:%d has no place\n", i, text, begin.line,
                    begin.column);
            abort();
        }
        require(at.line > before.line || (at.line == before.line && at.column >= before.column));
        before = at;
    }
}

static void check_value(const struct qetl_document *document, const json_t *value,
                        const char *pointer)
{
    const char *key;
    json_t *child;
    if (json_is_string(value))
        check_text(document, json_string_value(value), pointer);
    json_object_foreach ((json_t *)value, key, child) {
        char *below = qetl_pointer_key(pointer, key);
        check_value(document, child, below);
        free(below);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char *below = qetl_pointer_index(pointer, i);
        check_value(document, json_array_get(value, i), below);
        free(below);
    }
}

static void change(const struct qetl_document *document, const char *setting,
                   struct qetl_variables *variables)
{
    struct qetl_findings findings = {0};
    struct qetl_document *set = qetl_document_set(document, &setting, 1, &findings);
    require(set || findings.errors > 0);
    struct qetl_document *whole =
        qetl_document_expanded(set ? set : document, variables, &findings);
    require(whole != NULL);
    struct qetl_place place = qetl_document_text_place(whole, "/a", 1);
    require(place.file != NULL);
    qetl_mask_json(qetl_document_mask(whole), (json_t *)qetl_document_root(whole));
    qetl_findings_hide(&findings, qetl_document_mask(whole));
    qetl_document_free(whole);
    qetl_document_free(set);
    qetl_findings_free(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[] = "NAME=some value", number[] = "NUMBER=5", empty[] = "EMPTY=";
    static char *const environment[] = {name, number, empty, NULL};
    char *env = part(&data, &size), *setting = part(&data, &size), *text = part(&data, &size);
    struct qetl_findings findings = {0};
    struct qetl_variables *variables = qetl_variables_new(environment);
    int bad = qetl_variables_parse(variables, env, strlen(env), ".env", &findings);
    require(!bad == !findings.errors);
    struct qetl_document *document = qetl_document_parse(text, strlen(text), "p.yaml", &findings);
    require(document || findings.errors > 0);
    if (document && findings.errors == 0)
        check_value(document, qetl_document_root(document), "");
    if (document)
        change(document, setting, variables);
    qetl_document_free(document);
    qetl_variables_free(variables);
    qetl_findings_free(&findings);
    free(env);
    free(setting);
    free(text);
    return 0;
}
