/* SPDX-License-Identifier: Apache-2.0 */
/* When a cell is what a test expects: numbers by their value, text to the byte. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

static bool same_integer(json_int_t wanted, const char *text)
{
    char plain[64];
    size_t size = strlen(text);
    if (strpbrk(text, "eE"))
        return strtod(text, NULL) == (double)wanted;
    if (strchr(text, '.')) {
        while (size && text[size - 1] == '0')
            size--;
        size -= size && text[size - 1] == '.';
    }
    int wanted_size = snprintf(plain, sizeof plain, "%lld", (long long)wanted);
    if (wanted == 0 && *text == '-') {
        text++;
        size--;
    }
    return size == (size_t)wanted_size && memcmp(text, plain, size) == 0;
}

static bool same_number(const json_t *wanted, const char *text)
{
    if (json_is_integer(wanted))
        return same_integer(json_integer_value(wanted), text);
    return strtod(text, NULL) == json_real_value(wanted);
}

static bool same_json(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
        return json_number_value(a) == json_number_value(b);
    if (json_is_array(a) && json_is_array(b) && json_array_size(a) == json_array_size(b)) {
        bool same = true;
        for (size_t i = 0; same && i < json_array_size(a); i++)
            same = same_json(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    if (json_is_object(a) && json_is_object(b) && json_object_size(a) == json_object_size(b)) {
        const char *key;
        json_t *value;
        bool same = true;
        json_object_foreach ((json_t *)a, key, value) {
            const json_t *other = json_object_get(b, key);
            same = same && other && same_json(value, other);
        }
        return same;
    }
    return json_equal(a, b);
}

bool qetl_test_same(const json_t *wanted, const struct qetl_shown_column *column,
                    const struct qetl_shown_cell *cell)
{
    if (!wanted || json_is_null(wanted) || !cell->text)
        return (!wanted || json_is_null(wanted)) && !cell->text;
    if (json_is_string(wanted))
        return json_string_length(wanted) == (size_t)cell->size &&
               memcmp(json_string_value(wanted), cell->text, (size_t)cell->size) == 0;
    if (json_is_number(wanted))
        return column->kind == QETL_CELL_NUMBER && same_number(wanted, cell->text);
    if (json_is_boolean(wanted))
        return column->kind == QETL_CELL_BOOLEAN &&
               strcmp(cell->text, json_is_true(wanted) ? "true" : "false") == 0;
    json_t *nested = column->kind == QETL_CELL_NESTED
                         ? json_loadb(cell->text, (size_t)cell->size, 0, NULL)
                         : NULL;
    bool same = nested && same_json(wanted, nested);
    json_decref(nested);
    return same;
}

struct qetl_shown_cell qetl_test_cell(const json_t *wanted)
{
    struct qetl_shown_cell cell = {0};
    if (!wanted || json_is_null(wanted))
        return cell;
    if (json_is_string(wanted))
        cell.text = strdup(json_string_value(wanted));
    else
        cell.text = json_dumps(wanted, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    cell.size = cell.text ? (int64_t)strlen(cell.text) : 0;
    return cell;
}
