#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Formats of rows (qetl/row_format.h): records that are no lines, headers, columns that depend on the file, records that are
# too long, values of every type from texts; each row knows its record, however small the pieces; what the author gets wrong is told.
# tsan: no
. "$(dirname "$0")/lib.sh"

[ -z "$QETL_SANITIZER" ] || skip_all 'the library here is built with the sanitizer'
types='a boolean, b smallint, c "bigint unsigned", d real, e decimal(9,2), f date, g time, h timestamp, i "timestamp with time zone", j text, k binary'
types=${types//\"/}
build() { # NAME OPTIONS MEMBERS: its source is NAME.c; MEMBERS of its component in the manifest
    jq -n --arg id "$1" --argjson options "$2" --argjson more "$3" '{id: $id, version: "0.1.0", summary: $id, abi: {min: "1.0", max: "1.0"}, permissions: [],
        components: [{kind: "format", id: $id, summary: $id, extensions: ["." + $id],
            options: {type: "object", additionalProperties: false, properties: $options}} + $more]}' >"$1.qetl.json"
    expect_exit 0 gcc -std=gnu11 -O2 -Wall -Wextra -Wpedantic -Werror -fPIC -shared -fvisibility=hidden -I"$root/sdk" -o "$1.so" "$1.c" "$QETL_BUILD/libqetl_sdk.a" -lm
}

# A line of values by blanks, a header of two lines, the columns' names in the second.
cat >words.c <<C
#include <qetl/row_format.h>
QETL_EMBED_MANIFEST("words.qetl.json");
struct words {
    struct qetl_row row;
    const char *mode;
};
static const struct qetl_option_field options[] = {{"/mode", QETL_OPTION_TEXT, offsetof(struct words, mode), "", NULL}};
static int32_t words_infer(void *self, const struct qetl_sample *sample, struct ArrowSchema *out)
{
    const struct words *w = self;
    const char *at = (const char *)sample->data, *end = at + sample->size;
    if (!strcmp(w->mode, "types"))
        return qetl_schema_parse("$types", out);
    const char *first = memchr(at, '\n', (size_t)(end - at));
    const char *second = first ? memchr(first + 1, '\n', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return sample->whole ? qetl_fail(w->row.env, QETL_E_DATA, NULL, NULL, "there is no header") : QETL_NEED_INPUT;
    int32_t status = qetl_schema_init_struct(out);
    for (at = first + 1; at < second && !status; at = strpbrk(at, " \n") + 1) {
        char name[50] = "";
        memcpy(name, at, strcspn(at, " \n"));
        status = qetl_schema_add(out, name, "vu");
    }
    return status;
}
static int32_t words_decode(void *self, struct qetl_text record)
{
    struct words *w = self;
    if (!record.size)
        return QETL_ROW_NONE;
    if (record.size == 3 && !memcmp(record.data, "bad", 3))
        return qetl_row_reject(&w->row, -1, "bad", "it says so");
    if (record.size == 5 && !memcmp(record.data, "seven", 5))
        return 7;
    for (int64_t k = 0; record.size; k++) {
        const char *blank = memchr(record.data, ' ', (size_t)record.size);
        int64_t size = blank ? blank - record.data : record.size, step = size + (blank != NULL);
        if (size)
            qetl_row_put_parsed(&w->row, k, record.data, size);
        record.data += step;
        record.size -= step;
    }
    return QETL_OK;
}
static int32_t words_begin(void *self, struct qetl_space *out)
{
    (void)self;
    return qetl_space_put(out, "# words\n# of these\n", 19);
}
static int32_t words_encode(void *self, struct qetl_space *out)
{
    struct words *w = self;
    int32_t status = QETL_OK;
    for (int64_t k = 0; k < w->row.n_columns && !status; k++) {
        int64_t from = out->size;
        status = qetl_row_render(&w->row, k, out);
        if (!status && out->size > from && memchr(out->data + from, ' ', (size_t)(out->size - from)))
            return qetl_row_reject(&w->row, k, "blank", "there is a blank");
        if (!status)
            status = qetl_space_put(out, k + 1 < w->row.n_columns ? " " : "\n", 1);
    }
    return status;
}
static const struct qetl_row_format words = {.options = QETL_TABLE(options), .infer = words_infer, .decode = words_decode, .header = 2,
                                             .begin = words_begin, .encode = words_encode};
QETL_ROW_FORMAT(words, "words", struct words)
QETL_PLUGIN("words", "0.1.0", &words_component)
C
mode='{"mode": {"type": "string", "default": "", "description": "how", "examples": ["types"]}}'
build words "$mode" '{"encode": "concatenable", "check": {"bytes": "#\nx y\n1 a\nbad\n\n2"}}'

# shellcheck source=tests/cases/words-lib.sh
. "$cases/words-lib.sh"
words_read

# Each type from a text, written and read again; what is none says so.
{ printf '#\n#\n'
    echo 'true -32768 18446744073709551615 0.5 -1.50 2024-02-29 23:59:59.25 2024-02-29T12:00:00.5 2024-02-29T12:00:00+02:00 word bytes'
    echo '          '
    echo 'yes'; echo ' 32768'; echo '  -1'; echo '   1e999'; echo '    1.005'; echo '     2023-02-29'; echo '      24:00'; echo '       yesterday'; } >in.words
rm -r dead-letters
sed 's/, metadata: .row, byte_offset.//' p.yaml >t.yaml
expect_exit 0 qetl run t.yaml --plugin-dir . -s sources.in.format.mode=types
expect_eq 'values' "$(sed -n 2p out.csv)" 'true,-32768,18446744073709551615,0.5,-1.50,2024-02-29,23:59:59.25,2024-02-29 12:00:00.5,2024-02-29 10:00:00+00,word,\x6279746573'
expect_eq 'NULL' "$(sed -n 3p out.csv)" ',,,,,,,,,,'
expect_eq 'rejected' "$(jq -r 'select(.code == "bad_value") | .message | split("\"") | .[1] + .[3]' dead-letters/p.ndjson | paste -sd,)" \
    'ayes,b32768,c-1,d1e999,e1.005,f2023-02-29,g24:00,hyesterday'

# What cannot be written leaves no bytes; the header is written once; what is there goes on.
printf 'x,y\n1,a\n2,a b\n3,c\n' >rows.csv
printf 'name: w\nsources: {in: {plugin: file, path: rows.csv}}\nsinks: {out: {plugin: file, input: in, path: w.words, if_exists: append}}\n' >w.yaml
expect_exit 0 qetl run w.yaml --plugin-dir . && expect_exit 0 qetl run w.yaml --plugin-dir .
expect_file w.words <<'END'
# words
# of these
1 a
3 c
1 a
3 c
END

# Records that are no lines: a size in two digits, then so many bytes. They hold line feeds.
cat >sized.c <<'C'
#include <qetl/row_format.h>
#include <qetl/parse.h>
QETL_EMBED_MANIFEST("sized.qetl.json");
struct sized {
    struct qetl_row row;
    const char *mode;
};
static const struct qetl_option_field options[] = {{"/mode", QETL_OPTION_TEXT, offsetof(struct sized, mode), "", NULL}};
static int64_t sized_record(void *self, struct qetl_text data, bool ended)
{
    const struct sized *s = self;
    uint64_t size;
    if (data.size < 2)
        return ended ? data.size : 0;
    if (!strcmp(s->mode, "beyond"))
        return data.size + 1;
    if (!strcmp(s->mode, "never"))
        return 0;
    if (!qetl_parse_uint((struct qetl_text){data.data, 2}, &size))
        return qetl_fail(s->row.env, QETL_E_DATA, NULL, NULL, "this is no size");
    return data.size < 2 + (int64_t)size ? ended ? data.size : 0 : 2 + (int64_t)size;
}
static int32_t sized_decode(void *self, struct qetl_text record)
{
    struct sized *s = self;
    uint64_t size;
    if (record.size < 2 || !qetl_parse_uint((struct qetl_text){record.data, 2}, &size) || (int64_t)size != record.size - 2)
        return qetl_row_reject(&s->row, -1, "cut_off", "it is cut off");
    qetl_row_put_text(&s->row, 0, record.data + 2, record.size - 2);
    return QETL_OK;
}
static const struct qetl_row_format sized = {.columns = "t text", .options = QETL_TABLE(options), .record = sized_record, .decode = sized_decode};
QETL_ROW_FORMAT(sized, "sized", struct sized)
QETL_PLUGIN("sized", "0.1.0", &sized_component)
C
build sized "$mode" '{"writes": false, "check": {"bytes": "01a02\n\n09cut"}}'
awk 'BEGIN { for (i = 1; i <= 9000; i++) { t = "row\n" i; printf "%02d%s", length(t), t } printf "09cut" }' >in.sized
printf 'name: s\nsources: {in: {plugin: file, path: in.sized}}\nsinks: {out: {plugin: file, input: in, path: s.ndjson, if_exists: replace}}\n' >s.yaml
expect_exit 0 qetl run s.yaml --plugin-dir . -s batch_bytes=4KiB
expect_eq 'rows' "$(jq -r '.t | split("\n")[1]' s.ndjson | paste -sd+ | bc)" "$((9000 * 9001 / 2))"
expect_eq 'cut off' "$(jq -r '[.code, .row, .original] | join(" ")' dead-letters/s.ndjson)" 'cut_off 9001 09cut'
expect_exit 1 qetl run s.yaml --plugin-dir . -s sources.in.format.type=sized -s sources.in.format.mode=beyond
expect_text err 'sized: record answered [0-9]+ of [0-9]+ bytes'
expect_exit 1 qetl run s.yaml --plugin-dir . -s sources.in.format.type=sized -s sources.in.format.mode=never
expect_text err 'sized: record answered 0 of [0-9]+ bytes that end there'
printf '# one\nx y\nseven\n' >in.words
run 1
expect_text err 'words: decode answered 7'
# One that says in its manifest that it writes, and cannot.
cp sized.c lies.c
sed -i 's/sized.qetl/lies.qetl/; s/"sized"/"lies"/' lies.c
build lies "$mode" '{}'
expect_exit 1 qetl run --from rows.csv --to a.lies --plugin-dir .
expect_text err 'lies cannot be written'
expect_text err '"writes": false'
for plugin in words sized; do
    expect_exit 0 qetl plugin check ./$plugin.so
done
