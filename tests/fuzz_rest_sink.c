/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a row's value, in the URLs and bodies that the sink `rest` makes of it. The first
 * byte chooses. Held: a URL leads to its own host and folder and says the value and nothing else,
 * or the row is refused; a body is JSON that has the value.
 */
#include "fake_host.h"
#include "plugins/shared/http/url.h"
#include "plugins/shared/rest/bytes.h"
#include "plugins/shared/rest/template.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

static const struct {
    const char *config, *before, *behind;
} urls[] = {
    {"{\"url\": \"http://h.example/in/{a}\"}", "http://h.example/in/", ""},
    {"{\"url\": \"http://h.example/in/{a}/x?y={{1}}\"}", "http://h.example/in/", "/x?y={1}"},
    {"{\"url\": \"http://h.example/in/p{a}q\"}", "http://h.example/in/p", "q"},
    {"{\"url\": \"http://h.example/in?x={a}&y=1\"}", "http://h.example/in?x=", "&y=1"},
};

/* What stands between the template's own texts is the value, encoded so that it ends nothing. */
static void url_check(const char *url, size_t which, const struct qetl_text *value)
{
    const char *before = urls[which].before, *behind = urls[which].behind;
    size_t size = strlen(url), head = strlen(before), tail = strlen(behind);
    struct http_origin origin;
    const char *why = NULL;
    int plain_size = 0;
    expect(size >= head + tail && !strncmp(url, before, head) && !strcmp(url + size - tail, behind),
           "its own texts stand");
    expect(!http_origin_of(url, &origin, &why) && !strcmp(origin.host, "h.example"), "its host");
    http_origin_free(&origin);
    for (size_t i = head; i < size - tail; i++)
        expect(!strchr("/?#&=;@:+ {}\\\"<>", url[i]) && (signed char)url[i] > ' ', "it is encoded");
    if (size == head + tail) { /* curl would take 0 for all of it */
        expect(!value->size, "nothing is nothing");
        return;
    }
    char *plain = curl_easy_unescape(NULL, url + head, (int)(size - head - tail), &plain_size);
    expect(plain && plain_size == value->size && !memcmp(plain, value->data, (size_t)plain_size),
           "it is the value");
    curl_free(plain);
}

static void body_check(const struct qetl_space *body, const struct qetl_text *value)
{
    json_t *json = json_loadb((const char *)body->data, (size_t)body->size, JSON_ALLOW_NUL, NULL);
    const json_t *alone = json_object_get(json, "alone"), *within = json_object_get(json, "in");
    expect(json_string_length(alone) == (size_t)value->size &&
               !memcmp(json_string_value(alone), value->data, (size_t)value->size),
           "alone it is the value");
    expect(json_string_length(within) == (size_t)value->size + 2 &&
               !memcmp(json_string_value(within) + 1, value->data, (size_t)value->size),
           "and within a text");
    json_decref(json);
}

static void fill(struct qetl_fake_host *fake, const struct ArrowSchema *schema, struct rows *rows,
                 uint8_t kind, const struct qetl_text *value)
{
    struct template template = {0};
    struct qetl_space out = bytes_none();
    size_t which = kind % 4;
    int64_t lacks = 0;
    json_t *body = json_pack("{s:s, s:s}", "alone", "{a}", "in", "<{a}>");
    bool url = kind & 4;
    int32_t status = url ? template_url(&template, fake->env, schema, "/url")
                         : template_json(&template, fake->env, schema, "/template", body, "row");
    expect(!status, "the template is one");
    status = template_fill(&template, rows, 0, NULL, &out, &lacks);
    expect(!status || (url && status == QETL_E_ROW), "it is filled, or the row refused");
    if (!status && url)
        url_check(bytes_text(&out), which, value);
    else if (!status)
        body_check(&out, value);
    template_free(&template);
    bytes_free(&out);
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_fake_host fake;
    struct ArrowSchema schema;
    struct ArrowArray column, batch;
    struct qetl_builder builder;
    struct rows rows = {0};
    if (!size || !qetl_utf8_valid(data + 1, (int64_t)size - 1))
        return 0;
    const struct qetl_text value = {(const char *)data + 1, (int64_t)size - 1};
    qetl_fake_host_init(&fake, urls[data[0] % 4].config);
    expect(!qetl_schema_parse("a text", &schema), "a schema");
    expect(!qetl_builder_open(&builder, fake.env, schema.children[0], 1) &&
               !qetl_builder_text(&builder, value.data, value.size) &&
               !qetl_builder_close(&builder, &column),
           "a column");
    qetl_builder_free(&builder);
    expect(!qetl_array_struct(fake.env, 1, 1, &column, &batch), "a batch");
    expect(!rows_bind(&rows, fake.env, &schema, NULL) && !rows_open(&rows, &batch), "rows");
    fill(&fake, &schema, &rows, data[0], &value);
    rows_free(&rows);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    expect(qetl_fake_host_free(&fake) == 0, "no buffer is left");
    return 0;
}
