/* SPDX-License-Identifier: Apache-2.0 */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 1000000,
    STEPS_CHEAP = 1000, /* of a match in a text that has had some */
    DEAR_MAX = 100,     /* matches in one text that may take more */
    DEPTH_MAX = 100000,
    HEAP_KIB_MAX = 16 * 1024,
    STACK_LEAST = 32 * 1024,
    STACK_MOST = 1024 * 1024,
    FLAGS_MAX = 16
};

struct expr_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    char *pattern; /* the one that is compiled, and room for more */
    int64_t size, capacity;
    char flags[FLAGS_MAX];
    int64_t n_flags;
    bool global;
    uint32_t groups;
    int dear; /* matches in the text at hand that were not cheap */
};

struct expr_regex *qetl_expr_regex_new(void)
{
    struct expr_regex *regex = calloc(1, sizeof *regex);

    if (!regex)
        return NULL;
    regex->context = pcre2_match_context_create(NULL);
    regex->stack = pcre2_jit_stack_create(STACK_LEAST, STACK_MOST, NULL);
    if (!regex->context || !regex->stack) {
        qetl_expr_regex_free(regex);
        return NULL;
    }
    pcre2_set_depth_limit(regex->context, DEPTH_MAX);
    pcre2_set_heap_limit(regex->context, HEAP_KIB_MAX);
    pcre2_jit_stack_assign(regex->context, NULL, regex->stack);
    return regex;
}

static void code_drop(struct expr_regex *regex)
{
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    regex->data = NULL;
    regex->code = NULL;
}

void qetl_expr_regex_free(void *thing)
{
    struct expr_regex *regex = thing;

    if (!regex)
        return;
    code_drop(regex);
    pcre2_match_context_free(regex->context);
    pcre2_jit_stack_free(regex->stack);
    free(regex->pattern);
    free(regex);
}

/* PostgreSQL's flags; false: message says which is none. */
static bool options_of(struct expr_text flags, uint32_t *options, bool *literal, bool *global,
                       char *message)
{
    *options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_DOTALL |
               PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    *literal = *global = false;
    for (int64_t i = 0; i < flags.size; i++) {
        switch (flags.data[i]) {
        case 'g':
            *global = true;
            break;
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 'n':
        case 'm':
            *options = (*options | PCRE2_MULTILINE) & ~(uint32_t)PCRE2_DOTALL;
            break;
        case 'p':
            *options &= ~(uint32_t)(PCRE2_DOTALL | PCRE2_MULTILINE);
            break;
        case 'w':
            *options |= PCRE2_MULTILINE | PCRE2_DOTALL;
            break;
        case 's':
            *options = (*options | PCRE2_DOTALL) & ~(uint32_t)PCRE2_MULTILINE;
            break;
        case 'x':
            *options |= PCRE2_EXTENDED;
            break;
        case 't':
        case 'e':
            break;
        case 'q':
            *literal = true;
            break;
        default:
            snprintf(message, EXPR_REGEX_MESSAGE,
                     "\"%c\" is no flag of regular expressions; there are g i c n m s x q",
                     flags.data[i] >= ' ' && flags.data[i] < 127 ? flags.data[i] : '?');
            return false;
        }
    }
    return true;
}

/* \m \M \y \Y \Z of PostgreSQL in PCRE2's words; out has room for eight times as much. */
static int64_t escapes_translate(struct expr_text pattern, char *out)
{
    static const char names[] = "mMyYZ";
    static const char *const words[] = {"\\b(?=\\w)", "\\b(?<=\\w)", "\\b", "\\B", "\\z"};
    int64_t used = 0;
    bool in_class = false;

    for (int64_t i = 0; i < pattern.size; i++) {
        const char *name;
        if (pattern.data[i] == '\\' && i + 1 < pattern.size) {
            name = strchr(names, pattern.data[++i]);
            if (name && pattern.data[i] && !in_class) {
                used += sprintf(out + used, "%s", words[name - names]);
                continue;
            }
            out[used++] = '\\';
        } else if (pattern.data[i] == '[') {
            in_class = true;
        } else if (pattern.data[i] == ']') {
            in_class = false;
        }
        out[used++] = pattern.data[i];
    }
    return used;
}

static enum expr_regex_status compile(struct expr_regex *regex, struct expr_text pattern,
                                      uint32_t options, bool literal, char *message)
{
    char *translated = malloc((size_t)pattern.size * 8 + 1);
    int64_t size = pattern.size;
    int error = 0;
    PCRE2_SIZE at = 0;

    if (!translated)
        return EXPR_REGEX_NO_MEMORY;
    if (literal) {
        options =
            PCRE2_LITERAL | (options & (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_CASELESS));
        memcpy(translated, pattern.data ? pattern.data : "", (size_t)size);
    } else {
        size = escapes_translate(pattern, translated);
    }
    regex->code =
        pcre2_compile((PCRE2_SPTR)translated, (PCRE2_SIZE)size, options, &error, &at, NULL);
    free(translated);
    if (!regex->code) {
        int used = snprintf(message, EXPR_REGEX_MESSAGE, "the regular expression is wrong: ");
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message + used,
                                (PCRE2_SIZE)(EXPR_REGEX_MESSAGE - used));
        return error == PCRE2_ERROR_HEAP_FAILED ? EXPR_REGEX_NO_MEMORY : EXPR_REGEX_BAD;
    }
    /* Without a compiler for this machine it is interpreted. */
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    return regex->data ? EXPR_REGEX_OK : EXPR_REGEX_NO_MEMORY;
}

static bool pattern_keep(struct expr_regex *regex, struct expr_text pattern, struct expr_text flags)
{
    if (regex->capacity < pattern.size || !regex->pattern) {
        char *larger = realloc(regex->pattern, (size_t)pattern.size + 64);
        if (!larger)
            return false;
        regex->pattern = larger;
        regex->capacity = pattern.size + 64;
    }
    if (pattern.size)
        memcpy(regex->pattern, pattern.data, (size_t)pattern.size);
    regex->size = pattern.size;
    if (flags.size)
        memcpy(regex->flags, flags.data, (size_t)flags.size);
    regex->n_flags = flags.size;
    return true;
}

static bool is_set(const struct expr_regex *regex, struct expr_text pattern, struct expr_text flags)
{
    return regex->data && regex->size == pattern.size && regex->n_flags == flags.size &&
           (!pattern.size || !memcmp(regex->pattern, pattern.data, (size_t)pattern.size)) &&
           (!flags.size || !memcmp(regex->flags, flags.data, (size_t)flags.size));
}

enum expr_regex_status qetl_expr_regex_set(struct expr_regex *regex, struct expr_text pattern,
                                           struct expr_text flags, bool *global, char *message)
{
    enum expr_regex_status status;
    uint32_t options;
    bool literal;

    if (!is_set(regex, pattern, flags)) {
        code_drop(regex);
        if (flags.size > FLAGS_MAX) {
            snprintf(message, EXPR_REGEX_MESSAGE, "there are more than %d flags", FLAGS_MAX);
            return EXPR_REGEX_BAD_FLAG;
        }
        if (!options_of(flags, &options, &literal, &regex->global, message))
            return EXPR_REGEX_BAD_FLAG;
        if (regex->global && !global) {
            snprintf(message, EXPR_REGEX_MESSAGE, "the flag g has no meaning here");
            return EXPR_REGEX_BAD_FLAG;
        }
        status = pattern_keep(regex, pattern, flags)
                     ? compile(regex, pattern, options, literal, message)
                     : EXPR_REGEX_NO_MEMORY;
        if (status) {
            code_drop(regex);
            return status;
        }
    }
    if (global)
        *global = regex->global;
    return EXPR_REGEX_OK;
}

static int match(struct expr_regex *regex, struct expr_text text, int64_t from, uint32_t steps)
{
    pcre2_set_match_limit(regex->context, steps);
    return pcre2_match(regex->code, (PCRE2_SPTR)(text.data ? text.data : ""), (PCRE2_SIZE)text.size,
                       (PCRE2_SIZE)from, 0, regex->data, regex->context);
}

/* A text may match many times: all of them together must not take for ever. */
enum expr_regex_status qetl_expr_regex_find(struct expr_regex *regex, struct expr_text text,
                                            int64_t from, struct expr_regex_span *out)
{
    int count = PCRE2_ERROR_MATCHLIMIT;

    regex->dear = from ? regex->dear : 0;
    if (from)
        count = match(regex, text, from, STEPS_CHEAP);
    if (count == PCRE2_ERROR_MATCHLIMIT && regex->dear++ < DEAR_MAX)
        count = match(regex, text, from, STEPS_MAX);
    if (count == PCRE2_ERROR_NOMATCH)
        return EXPR_REGEX_NONE;
    if (count == PCRE2_ERROR_NOMEMORY)
        return EXPR_REGEX_NO_MEMORY;
    if (count < 0)
        return EXPR_REGEX_LIMIT;
    *out = qetl_expr_regex_group(regex, 0);
    /* \K may put the beginning behind the end. */
    if (out->from > out->to)
        out->from = out->to;
    return EXPR_REGEX_OK;
}

struct expr_regex_span qetl_expr_regex_group(const struct expr_regex *regex, uint32_t group)
{
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);

    if (group > regex->groups || ends[2 * group] == PCRE2_UNSET)
        return (struct expr_regex_span){-1, -1};
    return (struct expr_regex_span){(int64_t)ends[2 * group], (int64_t)ends[2 * group + 1]};
}

uint32_t qetl_expr_regex_groups(const struct expr_regex *regex)
{
    return regex->groups;
}
