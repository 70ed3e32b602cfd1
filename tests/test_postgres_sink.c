/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `postgres`: what needs no server. */
#include "../plugins/sinks/postgres_sink/declare.h"
#include "../plugins/sinks/postgres_sink/numeric.h"
#include "../plugins/sinks/postgres_sink/refusal.h"
#include "../plugins/sinks/postgres_sink/widen.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* ---- Wider types ---- */

Test(postgres_sink, types_widen_in_one_direction)
{
    static const char *const pairs[][2] = {{"smallint", "integer"},
                                           {"smallint", "bigint"},
                                           {"integer", "bigint"},
                                           {"real", "double precision"},
                                           {"character varying(10)", "character varying(11)"},
                                           {"character varying(10)", "character varying"},
                                           {"character varying(10)", "text"},
                                           {"numeric(8,2)", "numeric(9,2)"},
                                           {"numeric(8,2)", "numeric(9,3)"},
                                           {"numeric(8,2)", "numeric"},
                                           {"integer", "numeric(10,0)"},
                                           {"bigint", "numeric"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        cr_assert(widens(pairs[i][0], pairs[i][1]), "%s to %s", pairs[i][0], pairs[i][1]);
        cr_assert_not(widens(pairs[i][1], pairs[i][0]), "%s to %s", pairs[i][1], pairs[i][0]);
        cr_assert_not(widens(pairs[i][0], pairs[i][0]));
        cr_assert_not(widens(pairs[i][1], pairs[i][1]));
    }
}

Test(postgres_sink, other_types_stay_as_they_are)
{
    static const char *const pairs[][2] = {{"numeric(8,2)", "numeric(9,4)"},
                                           {"numeric(8,2)", "numeric(8,3)"},
                                           {"integer", "numeric(9,0)"},
                                           {"integer", "double precision"},
                                           {"integer", "text"},
                                           {"text", "character varying"},
                                           {"character varying", "text"},
                                           {"character(3)", "character(5)"},
                                           {"date", "timestamp"},
                                           {"character varying(10)", "character varying(20)[]"},
                                           {"integer[]", "bigint[]"},
                                           {"numeric(8,2)", "numeric(9,2); DROP TABLE t"},
                                           {"integer", "bigint; DROP TABLE t"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        cr_assert_not(widens(pairs[i][0], pairs[i][1]), "%s to %s", pairs[i][0], pairs[i][1]);
}

/* ---- What the server says ---- */

Test(postgres_sink, the_place_of_a_refusal_is_in_the_last_line_that_has_one)
{
    struct refusal r = {0};
    refusal_place("COPY t, line 3, column odd name: \"x: y\"", &r);
    cr_assert_eq(r.line, 3);
    cr_assert_str_eq(r.column, "odd name");
    r = (struct refusal){0};
    refusal_place("PL/pgSQL function f() line 7 at RAISE\nCOPY t, line 12", &r);
    cr_assert_eq(r.line, 12);
    cr_assert_str_empty(r.column);
}

Test(postgres_sink, no_place_is_made_up)
{
    static const char *const contexts[] = {"", "COPY t", "COPY t, line x", "COPY t, line 0",
                                           "SQL statement \"COPY t, line 3\""};
    for (size_t i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        struct refusal r = {0};
        refusal_place(contexts[i], &r);
        cr_assert_eq(r.line, 0, "%s", contexts[i]);
    }
}

/* ---- Names of types ---- */

Test(postgres_sink, a_type_is_no_statement)
{
    static const char *const types[] = {
        "integer",       "numeric(10,-2)", "character varying(20)[]",
        "\"odd; type\"", "my_schema.mood", "timestamp(3) without time zone"};
    static const char *const others[] = {
        "",       "integer; DROP TABLE t", "integer)", "(",
        "\"open", "integer -- x",          "a'b",      "integer DEFAULT f()*2"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        cr_assert(declare_is_type(types[i], strlen(types[i])), "%s", types[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_assert_not(declare_is_type(others[i], strlen(others[i])), "%s", others[i]);
}

/* ---- Numbers ---- */

static bool same(const struct wire *a, const struct wire *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

Test(postgres_sink, a_number_is_the_same_from_digits_and_from_text)
{
    static const struct {
        qetl_int128 value;
        int32_t scale;
        const char *text;
    } table[] = {{0, 0, "0"},
                 {1, 0, "1"},
                 {-1, 0, "-1"},
                 {10000, 0, "1e4"},
                 {12345678, 4, "1234.5678"},
                 {-5, 3, "-0.005"},
                 {1000000000000, 2, "10000000000.00"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct wire a = {0}, b = {0};
        cr_assert(numeric_put_small(&a, table[i].value, table[i].scale));
        cr_assert_eq(
            numeric_put_text(&b, table[i].text, (int64_t)strlen(table[i].text), table[i].scale),
            NUMERIC_PUT);
        cr_assert(same(&a, &b), "%s", table[i].text);
        wire_free(&a);
        wire_free(&b);
    }
}

Test(postgres_sink, a_number_is_not_rounded)
{
    struct wire w = {0};
    cr_assert(numeric_fits(12300, 4, 2));
    cr_assert_not(numeric_fits(12345, 4, 2));
    cr_assert_eq(numeric_put_text(&w, "1.239", 5, 2), NUMERIC_ROUNDS);
    cr_assert_eq(numeric_put_text(&w, "1.230", 5, 2), NUMERIC_PUT);
    cr_assert_neq(numeric_put_text(&w, "1.2.3", 5, -1), NUMERIC_PUT);
    wire_free(&w);
}
