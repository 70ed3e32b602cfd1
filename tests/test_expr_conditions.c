/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a condition another may judge: those from the left that never fail. */
#include "../core/expr/conditions.h"
#include "../core/expr/expr.h"
#include "expr_batch.h"

#include <criterion/criterion.h>
#include <string.h>

static struct qetl_fake_host fake;
static struct ArrowSchema schema;

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){.timezone = "Europe/Berlin"};
}

static void setup(void)
{
    static const struct {
        const char *name, *type;
    } columns[] = {{"n", "integer"},       {"l", "bigint"},    {"p", "decimal(10,2)"},
                   {"w", "decimal(38,0)"}, {"f", "double"},    {"x", "text"},
                   {"d", "date"},          {"t", "timestamp"}, {"z", "timestamp with time zone"},
                   {"b", "boolean"},       {"m", "time"},      {"u", "smallint unsigned"}};
    qetl_fake_host_init(&fake, NULL);
    cr_assert_eq(qetl_schema_init_struct(&schema), 0);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct ArrowSchema field = {0};
        cr_assert_eq(qetl_type_field(columns[i].type, columns[i].name, &field), 0);
        cr_assert_eq(qetl_schema_append(&schema, &field), 0);
    }
}

static void teardown(void)
{
    qetl_schema_release(&schema);
    qetl_fake_host_close(&fake);
}

TestSuite(expr_conditions, .init = setup, .fini = teardown);

static void expect_parts(const char *text, size_t n, bool whole)
{
    struct qetl_expr_conditions parts;
    cr_assert_eq(qetl_expr_conditions(fake.ctx, text, &schema, &parts), 0);
    cr_expect_eq(parts.n, n, "%s: %zu parts", text, parts.n);
    cr_expect_eq(parts.whole, whole, "%s: whole", text);
    qetl_expr_conditions_free(&parts);
}

Test(expr_conditions, offers_what_never_fails)
{
    static const char *const whole[] = {
        "n = 5",
        "5 < n",
        "n > 5.5",
        "l >= 99999999999999999999",
        "u <= 70000",
        "p > 1.23456789",
        "w < 0.00000000000000000000000000000000000001",
        "f > 0.1",
        "f > p",
        "x = 'a'",
        "x <> ''",
        "x < x",
        "d = '2024-02-29'",
        "d >= DATE '2024-02-29'",
        "t > d",
        "t BETWEEN '2024-01-01' AND '2024-12-31'",
        "z >= '2024-02-29 00:00:00'",
        "z < CURRENT_TIMESTAMP",
        "m > '12:00'",
        "b",
        "NOT b",
        "b IS TRUE",
        "n IS NOT NULL",
        "n IS DISTINCT FROM 5",
        "n IN (1, 2, NULL)",
        "x NOT IN ('a', 'b')",
        "n = 5 OR x = 'a' AND NOT (p > 1)",
        "CASE WHEN b THEN n = 1 ELSE n = 2 END",
        "true",
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        expect_parts(whole[i], 1, true);
    expect_parts("n > 1 AND n < 5 AND x = 'a'", 3, true);
    expect_parts("(n > 1 AND n < 5) AND x = 'a'", 2, true);
}

Test(expr_conditions, stops_before_what_may_fail)
{
    expect_parts("10 / n > 1", 0, false);
    expect_parts("n > 1 AND 10 / n > 1", 1, false);
    expect_parts("n > 1 AND 10 / n > 1 AND l > 1", 1, false);
    expect_parts("10 / n > 1 AND n > 1", 0, false);
    expect_parts("n + 1 > 5", 0, false);
    expect_parts("CAST(x AS integer) > 5", 0, false);
    expect_parts("l > 1 AND CAST(l AS integer) > 5", 1, false);
    expect_parts("n > 1 AND d = '2024-02-30'", 1, false); /* fails where n is greater */
    expect_parts("n > 1 OR d = '2024-02-30'", 0, false);
    expect_parts("x || 'a' = 'ba'", 0, false);
    expect_parts("n > 1 AND no_such_column = 5", 1, false);
    expect_parts("n >", 0, false);
}

Test(expr_conditions, tells_each_part_as_a_tree)
{
    struct qetl_expr_conditions parts;
    cr_assert_eq(qetl_expr_conditions(fake.ctx, "x = 'a' AND NOT b", &schema, &parts), 0);
    cr_assert_eq(parts.n, 2);
    cr_expect_str_eq(parts.trees[0],
                     "{\"call\":\"=\",\"args\":[{\"column\":\"x\"},{\"text\":\"a\"}]}");
    cr_expect_str_eq(parts.trees[1], "{\"call\":\"not\",\"args\":[{\"column\":\"b\"}]}");
    qetl_expr_conditions_free(&parts);
    cr_expect_eq(parts.n, 0);
}
