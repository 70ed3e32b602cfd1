/* SPDX-License-Identifier: Apache-2.0 */
/* A file of tests: read, checked, its short forms made long. */
#include "test.h"

#include "config/schema_check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_TYPE "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define COUNT_TYPE "{\"type\":\"integer\",\"minimum\":0}"

static const char schema_top[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"tests\"],\"properties\":{"
    "\"pipeline\":{\"type\":\"string\",\"minLength\":1},"
    "\"set\":{\"type\":\"object\"},"
    "\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"tests\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"name\"],\"properties\":{"
    "\"name\":{\"type\":\"string\",\"minLength\":1},"
    "\"set\":{\"type\":\"object\"},"
    "\"env\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"sources\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"object\",\"array\","
    "\"string\"]}},"
    "\"expect\":{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"object\",\"array\"]}},"
    "\"rejected\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":"
    "false,\"properties\":{\"component\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
    "\"message\":{\"type\":\"string\"},\"column\":{\"type\":\"string\"},"
    "\"row\":{\"type\":\"integer\",\"minimum\":1},\"count\":" COUNT_TYPE "}}},"
    "\"counts\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{\"in\":" COUNT_TYPE ",\"out\":" COUNT_TYPE
    ",\"filtered\":" COUNT_TYPE ",\"rejected\":" COUNT_TYPE ",\"added\":" COUNT_TYPE
    ",\"reduced\":" COUNT_TYPE "}}},"
    "\"exit\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":255},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":false,"
    "\"properties\":{\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
    "\"line\":{\"type\":\"integer\",\"minimum\":1}}}}"
    "}}}}}";

static const char schema_source[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"rows\":" ROWS_TYPE
    ",\"text\":{\"type\":\"string\"},\"file\":{\"type\":\"string\",\"minLength\":1},"
    "\"types\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}}}";

static const char schema_expect[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"rows\":" ROWS_TYPE
    ",\"order\":{\"type\":\"string\",\"enum\":[\"exact\",\"any\"]},"
    "\"columns\":{\"type\":\"string\",\"enum\":[\"all\",\"some\"],\"default\":\"all\"},"
    "\"types\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"count\":" COUNT_TYPE ",\"text\":{\"type\":\"string\"}}}";

struct qetl_finding *qetl_test_error(const struct qetl_test_case *test, const char *pointer,
                                     struct qetl_findings *findings, const char *code,
                                     const char *format, ...)
{
    char place[600], message[600];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    snprintf(place, sizeof place, "/tests/%zu%s", test->index, pointer);
    return qetl_document_error(test->file->document, place, QETL_AT_VALUE, findings, code, "%s",
                               message);
}

static size_t check(const char *schema_text, json_t *value, const struct qetl_document *document,
                    const char *pointer, struct qetl_findings *findings)
{
    json_t *schema = json_loads(schema_text, 0, NULL);
    size_t errors = 1;
    if (schema)
        errors = qetl_schema_check(schema, value, document, pointer, findings);
    else
        qetl_findings_no_memory(findings);
    json_decref(schema);
    return errors;
}

/* A list is its rows, a text its text. */
static json_t *long_form(json_t *value)
{
    if (json_is_object(value))
        return json_incref(value);
    json_t *form = json_object();
    json_object_set(form, json_is_array(value) ? "rows" : "text", value);
    return form;
}

static int one_of(const struct qetl_document *document, const char *pointer, const json_t *mock,
                  struct qetl_findings *findings)
{
    static const char *const ways[] = {"rows", "text", "file"};
    size_t given = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        given += json_object_get(mock, ways[i]) != NULL;
    if (given == 1)
        return 0;
    qetl_document_error(document, pointer, QETL_AT_VALUE, findings, "bad_mock",
                        "a source is given by one of rows, text and file");
    return 1;
}

/* Pointers escape ~ and / in a key. */
static void pointer_to(char *pointer, size_t size, size_t index, const char *part, const char *key)
{
    size_t at = (size_t)snprintf(pointer, size, "/tests/%zu/%s/", index, part);
    for (; *key && at + 3 < size; key++) {
        if (*key == '~' || *key == '/')
            at += (size_t)snprintf(pointer + at, size - at, "~%c", *key == '~' ? '0' : '1');
        else
            pointer[at++] = *key;
    }
    pointer[at < size ? at : size - 1] = 0;
}

static size_t check_part(const struct qetl_document *document, json_t *test, size_t index,
                         const char *part, const char *schema, struct qetl_findings *findings)
{
    size_t errors = 0;
    const char *key;
    json_t *value;
    json_t *forms = json_object();
    json_object_foreach (json_object_get(test, part), key, value) {
        char pointer[512];
        pointer_to(pointer, sizeof pointer, index, part, key);
        json_t *form = long_form(value);
        errors += check(schema, form, document, pointer, findings);
        if (strcmp(part, "sources") == 0)
            errors += (size_t)one_of(document, pointer, form, findings);
        json_object_set_new(forms, key, form);
    }
    json_object_set_new(test, part, forms);
    return errors;
}

static size_t check_all(const struct qetl_test_file *file, struct qetl_findings *findings)
{
    size_t errors = check(schema_top, file->root, file->document, "", findings);
    size_t i;
    json_t *test;
    if (errors)
        return errors;
    json_array_foreach (json_object_get(file->root, "tests"), i, test) {
        errors += check_part(file->document, test, i, "sources", schema_source, findings);
        errors += check_part(file->document, test, i, "expect", schema_expect, findings);
    }
    return errors;
}

/* "orders.test.yaml" and "orders_test.yaml" stand beside "orders.yaml". */
static char *pipeline_beside(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    const char *end = strrchr(name, '.');
    size_t stem = end ? (size_t)(end - path) : strlen(path);
    if (stem < 6 ||
        (strncmp(path + stem - 5, ".test", 5) != 0 && strncmp(path + stem - 5, "_test", 5) != 0))
        return NULL;
    char *beside;
    return asprintf(&beside, "%.*s%s", (int)stem - 5, path, end ? end : "") < 0 ? NULL : beside;
}

static char *in_folder(const char *folder, const char *path)
{
    char *joined;
    if (*path == '/')
        return strdup(path);
    return asprintf(&joined, "%s/%s", folder, path) < 0 ? NULL : joined;
}

static int paths_find(struct qetl_test_file *file, struct qetl_findings *findings)
{
    char *whole = realpath(file->path, NULL);
    const char *named = json_string_value(json_object_get(file->root, "pipeline"));
    if (!whole) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    char *beside = named ? NULL : pipeline_beside(whole);
    file->folder = strndup(whole, (size_t)(strrchr(whole, '/') - whole));
    free(whole);
    if (named && file->folder)
        file->pipeline = in_folder(file->folder, named);
    else
        file->pipeline = beside;
    if (file->pipeline)
        return 0;
    struct qetl_finding *finding =
        qetl_document_error(file->document, "", QETL_AT_VALUE, findings, "missing_pipeline",
                            "which pipeline is tested, the file does not say");
    qetl_finding_mend(finding, "write  pipeline: orders.yaml  or name the file orders.test.yaml");
    return -1;
}

struct qetl_test_file *qetl_test_file_load(const char *path, struct qetl_findings *findings)
{
    size_t before = findings->errors;
    struct qetl_test_file *file = calloc(1, sizeof *file);
    if (!file) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    file->path = strdup(path);
    file->document = qetl_document_load(path, findings);
    file->root = file->document ? json_deep_copy(qetl_document_root(file->document)) : NULL;
    bool good = file->path && file->root && findings->errors == before &&
                !check_all(file, findings) && !paths_find(file, findings);
    if (good)
        return file;
    if (findings->errors == before)
        qetl_findings_no_memory(findings);
    qetl_test_file_free(file);
    return NULL;
}

void qetl_test_file_free(struct qetl_test_file *file)
{
    if (!file)
        return;
    free(file->path);
    free(file->folder);
    free(file->pipeline);
    json_decref(file->root);
    qetl_document_free(file->document);
    free(file);
}
