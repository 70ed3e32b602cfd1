/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as JSON, and as a path into it. What is accepted has parts that are JSON again, and one
 * canonical form. */
#include "../core/value/json_path.h"
#include "../core/value/json_write.h"

#include <stdlib.h>

enum { DEPTH_MAX = 40 };

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void parts(struct expr_text value, int depth)
{
    struct expr_json_walk walk = qetl_expr_json_open(value);
    struct expr_text key, part, found;
    int64_t count = 0;
    char plain[4096];

    while (qetl_expr_json_next(&walk, &key, &part)) {
        check(qetl_expr_json_check(part, false));
        if (walk.members && key.size < (int64_t)sizeof plain) {
            bool escaped;
            struct expr_text inside = qetl_expr_json_inside(key, &escaped);
            struct expr_text name = {plain, qetl_expr_json_unescape(inside, plain)};
            check(qetl_expr_json_string_is(key, name));
            check(qetl_expr_json_member(value, name, &found));
        } else if (!walk.members) {
            check(qetl_expr_json_element(value, count, &found) && found.data == part.data);
        }
        if (depth < DEPTH_MAX)
            parts(part, depth + 1);
        if (++count > 50)
            return;
    }
}

static bool valid_part(void *arg, struct expr_text value)
{
    check(qetl_expr_json_check(value, false));
    return --*(int *)arg > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t head = newline ? (size_t)(newline - data) : 0;
    struct expr_text json = {(const char *)data + head, (int64_t)(size - head)};
    struct expr_json_writer first = {0}, second = {0};
    struct expr_arena arena = {0};
    struct expr_path path;
    int limit = 100;

    if (!qetl_expr_json_check(json, false))
        return 0;
    parts(qetl_expr_json_trim(json), 0);
    first.arena = second.arena = &arena;
    if (qetl_expr_json_check(json, true) && qetl_expr_json_canon(&first, json)) {
        struct expr_text canon = {first.data, first.size};
        check(qetl_expr_json_check(canon, true) && qetl_expr_json_canon(&second, canon));
        check(second.size == canon.size && !memcmp(second.data, canon.data, (size_t)canon.size));
    }
    if (qetl_expr_path_read(&arena, (struct expr_text){(const char *)data, (int64_t)head}, &path))
        qetl_expr_path_walk(&path, json, valid_part, &limit);
    qetl_expr_arena_free(&arena);
    return 0;
}
