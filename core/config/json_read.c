/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) to a tree with places. YAML's reader would do for most of it, but not for tabs,
 * long keys and escaped surrogate pairs, and its messages speak of YAML.
 */
#include "document_build.h"
#include "scalar.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    struct qetl_build *build;
    const char *at, *end;
    struct qetl_mark mark;
    int depth;
};

static json_t *read_value(struct reader *r, uint32_t place);

/* Columns count characters: the later bytes of one do not advance it. */
static void advance(struct reader *r, size_t n)
{
    for (; n > 0; n--, r->at++) {
        if (*r->at == '\n')
            r->mark = (struct qetl_mark){r->mark.line + 1, 1};
        else if ((*r->at & 0xc0) != 0x80)
            r->mark.column++;
    }
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
        advance(r, 1);
}

static int is_next(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

/* The mistakes that people who know JavaScript or YAML make. */
static const char *mend_of(const struct reader *r)
{
    if (r->at == r->end)
        return "a bracket, brace or quote is not closed";
    switch (*r->at) {
    case '\'':
        return "JSON's quotes are \"double\"";
    case '/':
    case '#':
        return "JSON has no comments: name the file .yaml to have them";
    case '}':
    case ']':
        return "remove the comma before it";
    case ',':
        return "remove this comma, or write a value before it";
    default:
        return "text needs \"double quotes\"; only true, false, null and numbers go without";
    }
}

/* Enough of what stands here to be recognised, cut between characters. */
static int excerpt_size(const struct reader *r)
{
    int size = 1;
    while (r->at + size < r->end && (r->at[size] & 0xc0) == 0x80)
        size++;
    while (size < 20 && r->at + size < r->end && r->at[size] > ' ' && !strchr(",:]}", r->at[size]))
        size++;
    return size;
}

static void *expected(struct reader *r, const char *what)
{
    struct qetl_finding *finding;
    if (r->at == r->end)
        finding = qetl_build_error(r->build, r->mark, "syntax",
                                   "the file ends where %s is expected", what);
    else if ((unsigned char)*r->at < 0x20)
        finding = qetl_build_error(r->build, r->mark, "syntax", "%s is expected, found byte 0x%02x",
                                   what, (unsigned char)*r->at);
    else
        finding = qetl_build_error(r->build, r->mark, "syntax", "%s is expected, found `%.*s`",
                                   what, excerpt_size(r), r->at);
    qetl_finding_mend(finding, "%s", mend_of(r));
    return NULL;
}

static void *bad_string(struct reader *r, const char *what, const char *mend)
{
    struct qetl_finding *finding = qetl_build_error(r->build, r->mark, "syntax", "%s", what);
    qetl_finding_mend(finding, "%s", mend);
    return NULL;
}

static int hex4(const char *at, const char *end, unsigned *out)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    if (end - at < 4)
        return -1;
    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = at[i] ? strchr(digits, at[i]) : NULL;
        if (!digit)
            return -1;
        *out = *out << 4 | ((unsigned)(digit - digits) & 15);
    }
    return 0;
}

/* Behind "\u": the code point, and how many bytes it took; 0 if it is none. */
static size_t unicode_escape(const char *at, const char *end, unsigned *code)
{
    unsigned low;
    if (hex4(at, end, code) || (*code >= 0xdc00 && *code < 0xe000))
        return 0;
    if (*code < 0xd800 || *code >= 0xe000)
        return 4;
    if (end - at < 10 || at[4] != '\\' || at[5] != 'u' || hex4(at + 6, end, &low) || low < 0xdc00 ||
        low >= 0xe000)
        return 0;
    *code = 0x10000 + ((*code & 0x3ff) << 10 | (low & 0x3ff));
    return 10;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code >= 0x10000) {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
    } else if (code >= 0x800) {
        *to++ = (char)(0xe0 | code >> 12);
    }
    if (code >= 0x800)
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    else
        *to++ = (char)(0xc0 | code >> 6);
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* At a backslash: appends what it stands for. NULL with a finding if it is no escape. */
static char *read_escape(struct reader *r, char *to)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    unsigned code;
    const char *letter = r->at + 1 < r->end && r->at[1] ? strchr(letters, r->at[1]) : NULL;
    if (letter) {
        *to++ = values[letter - letters];
        advance(r, 2);
        return to;
    }
    size_t size = 0;
    if (r->at + 1 < r->end && r->at[1] == 'u')
        size = unicode_escape(r->at + 2, r->end, &code);
    if (size == 0)
        return bad_string(
            r, "this escape does not exist in JSON",
            "write \\\\ for a backslash; \\u takes four hex digits, pairs beyond U+FFFF");
    advance(r, 2 + size);
    return put_utf8(to, code);
}

/* At the opening quote. The text, and its size; never longer than it was written. */
static char *read_text(struct reader *r, size_t *size)
{
    struct qetl_mark start = r->mark;
    advance(r, 1);
    const char *close = r->at;
    while (close < r->end && *close != '"')
        close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    char *text = malloc((size_t)(close - r->at) + 1);
    if (!text)
        return (char *)qetl_build_value(r->build, NULL);
    char *to = text;
    while (to && r->at < r->end && *r->at != '"' && (unsigned char)*r->at >= 0x20) {
        if (*r->at == '\\') {
            to = read_escape(r, to);
        } else {
            *to++ = *r->at;
            advance(r, 1);
        }
    }
    if (to && !is_next(r, '"'))
        to = bad_string(
            r, r->at == r->end ? "the file ends inside a text" : "a text ends with its line",
            "close it with a double quote; a line break inside is written \\n");
    if (!to || qetl_build_text(r->build, text, (size_t)(to - text), start)) {
        free(text);
        return NULL;
    }
    advance(r, 1);
    *to = '\0';
    *size = (size_t)(to - text);
    return text;
}

static json_t *read_string(struct reader *r)
{
    size_t size;
    char *text = read_text(r, &size);
    json_t *value = text ? qetl_build_value(r->build, json_stringn(text, size)) : NULL;
    free(text);
    return value;
}

static json_t *read_word(struct reader *r)
{
    size_t size = 0;
    while (r->at + size < r->end && strchr("abcdefghijklmnopqrstuvwxyz", r->at[size]) &&
           r->at[size])
        size++;
    json_t *value = NULL;
    if (size == 4 && memcmp(r->at, "true", 4) == 0)
        value = json_true();
    else if (size == 5 && memcmp(r->at, "false", 5) == 0)
        value = json_false();
    else if (size == 4 && memcmp(r->at, "null", 4) == 0)
        value = json_null();
    else
        return expected(r, "a value");
    advance(r, size);
    return value;
}

static json_t *read_number(struct reader *r)
{
    size_t size = qetl_scalar_number_size(r->at, (size_t)(r->end - r->at));
    const char *behind = r->at + size;
    if (size == 0 || (behind < r->end && *behind && strchr("0123456789.eE+-", *behind))) {
        struct qetl_finding *finding =
            qetl_build_error(r->build, r->mark, "syntax", "this is no number of JSON");
        qetl_finding_mend(finding, "no leading zeros or +, digits on both sides of the point; "
                                   "put it in quotes if it is text");
        return NULL;
    }
    json_t *value = qetl_build_value(r->build, qetl_scalar_number(r->at, size));
    advance(r, size);
    return value;
}

static int read_member(struct reader *r, json_t *object, uint32_t place)
{
    struct qetl_mark mark = r->mark;
    size_t size;
    int duplicate;
    int bad = -1;
    json_t *value = NULL;
    if (!is_next(r, '"')) {
        expected(r, "a key in double quotes");
        return -1;
    }
    char *key = read_text(r, &size);
    if (!key)
        return -1;
    uint32_t member = qetl_build_member(r->build, place, key, mark, &duplicate);
    if (member == QETL_PLACE_NONE)
        goto out;
    skip_space(r);
    if (!is_next(r, ':')) {
        expected(r, "a colon");
        goto out;
    }
    advance(r, 1);
    value = read_value(r, member);
    if (value)
        bad = duplicate ? 0 : json_object_set(object, key, value);
    if (value && bad)
        qetl_build_value(r->build, NULL);
out:
    json_decref(value);
    free(key);
    return bad;
}

static int read_element(struct reader *r, json_t *list, uint32_t place)
{
    uint32_t element = qetl_build_element(r->build, place, r->mark);
    json_t *value = element == QETL_PLACE_NONE ? NULL : read_value(r, element);
    if (!value)
        return -1;
    if (json_array_append_new(list, value) == 0)
        return 0;
    qetl_build_value(r->build, NULL);
    return -1;
}

/* Between the brackets of a list or an object, which differ in what they hold alone. */
static int read_entries(struct reader *r, json_t *container, uint32_t place)
{
    char close = json_is_array(container) ? ']' : '}';
    advance(r, 1);
    skip_space(r);
    if (is_next(r, close)) {
        advance(r, 1);
        return 0;
    }
    for (;;) {
        int bad = json_is_array(container) ? read_element(r, container, place)
                                           : read_member(r, container, place);
        if (bad || r->build->errors >= QETL_BUILD_ERRORS_MAX)
            return -1;
        skip_space(r);
        if (is_next(r, close)) {
            advance(r, 1);
            return 0;
        }
        if (!is_next(r, ',')) {
            expected(r, close == ']' ? "a comma or ]" : "a comma or }");
            return -1;
        }
        advance(r, 1);
        skip_space(r);
    }
}

static json_t *read_container(struct reader *r, uint32_t place)
{
    if (r->depth >= QETL_DOCUMENT_DEPTH) {
        qetl_build_too_deep(r->build, r->mark);
        return NULL;
    }
    json_t *container = qetl_build_value(r->build, *r->at == '[' ? json_array() : json_object());
    if (!container)
        return NULL;
    r->depth++;
    int bad = read_entries(r, container, place);
    r->depth--;
    if (!bad)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *read_value(struct reader *r, uint32_t place)
{
    skip_space(r);
    qetl_places_at(r->build->places, place)->value = r->mark;
    if (r->at == r->end)
        return expected(r, "a value");
    switch (*r->at) {
    case '{':
    case '[':
        return read_container(r, place);
    case '"':
        return read_string(r);
    case '-':
    case '0' ... '9':
        return read_number(r);
    default:
        return read_word(r);
    }
}

json_t *qetl_json_read(struct qetl_build *build)
{
    struct reader r = {build, build->text, build->text + build->size, {1, 1}, 0};
    json_t *root = read_value(&r, 0);
    skip_space(&r);
    if (!root || r.at == r.end)
        return root;
    struct qetl_finding *finding = qetl_build_error(
        build, r.mark, "syntax", "something follows behind the end of the document");
    qetl_finding_mend(finding, "a JSON file holds one value: remove the rest");
    json_decref(root);
    return NULL;
}
