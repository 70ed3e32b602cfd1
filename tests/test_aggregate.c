/* SPDX-License-Identifier: Apache-2.0 */
/* aggregate: results by type, NULLs, rejected rows, merged states; sums against wider arithmetic.
 */
#include "../plugins/transforms/aggregate/exact_sum.h"
#include "sdk_random.h"
#include "transform_rig.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static struct rig rig;

static int32_t open(const char *config)
{
    transform_rig_open(&rig, config);
    rig_column(&rig, 0, "i", "integer", "1|2|~|-5|0");
    rig_column(&rig, 0, "d", "decimal(6,2)", "150|~|275|-1|7");
    rig_column(&rig, 0, "f", "double", "0.1|0.2|1e300|-1e300|~");
    rig_column(&rig, 0, "t", "text", "b|~|\"\"|a longer text than twelve bytes|B");
    rig_column(&rig, 0, "day", "date", "10|5|~|7|6");
    return rig_bind(&rig);
}

Test(aggregate, every_function_over_every_type)
{
    cr_assert_eq(open("{\"set\": {\"n\": \"count(*)\", \"c\": \"COUNT( i )\", \"si\": \"sum(i)\", "
                      "\"sd\": \"sum(d)\", \"sf\": \"Sum(f)\", \"ai\": \"avg(i)\", \"ad\": "
                      "\"avg(d)\", \"mt\": \"min(t)\", \"xt\": \"max(t)\", \"md\": \"min(day)\", "
                      "\"xf\": \"max(f)\", \"xd\": \"max(d * 2)\", \"s\": \"sum(i * d)\"}}"),
                 0, "%s", qetl_fake_host_message(&rig.fake));
    cr_expect_str_eq(rig_bound(&rig),
                     "n:bigint c:bigint si:decimal(38,0) sd:decimal(38,2) sf:double "
                     "ai:decimal(38,6) ad:decimal(38,8) mt:text xt:text md:date xf:double "
                     "xd:decimal(16,2) s:decimal(38,2) stateful");
    cr_expect_str_eq(rig_process(&rig, 0, 0, 3), "rows 0 reduced 3");
    cr_expect_eq(rig_answer(&rig), QETL_NEED_INPUT);
    rig_process(&rig, 0, 3, 2);
    cr_expect_str_eq(rig_event(&rig, QETL_EVENT_END, 0),
                     "rows 1 added 1 | n: 5 | c: 4 | si: -2 | sd: 4.31 | sf: 0.30000000000000004 | "
                     "ai: -0.500000 | ad: 1.07750000 | mt:  | xt: b | md: 1970-01-06 | xf: 1e+300 "
                     "| xd: 5.50 | s: 1.55");
    transform_rig_close(&rig);
}

Test(aggregate, nothing_is_null_but_counts)
{
    cr_assert_eq(open("{\"set\": {\"n\": \"count(*)\", \"c\": \"count(d)\", \"s\": \"sum(i)\", "
                      "\"a\": \"avg(f)\", \"m\": \"min(t)\"}}"),
                 0);
    cr_expect_str_eq(rig_event(&rig, QETL_EVENT_END, 0),
                     "rows 1 added 1 | n: 0 | c: 0 | s: ~ | a: ~ | m: ~");
    transform_rig_close(&rig);
}

Test(aggregate, a_row_that_fails_counts_in_none)
{
    cr_assert_eq(open("{\"set\": {\"n\": \"count(*)\", \"s\": \"sum(i)\", \"q\": \"sum(10 / i)\", "
                      "\"f\": \"max(f)\"}}"),
                 0);
    cr_expect_str_eq(rig_process(&rig, 0, 0, 5), "rows 0 reduced 4");
    cr_expect_eq(rig.fake.n_rejects, 1);
    cr_expect_str_eq(rig_event(&rig, QETL_EVENT_END, 0),
                     "rows 1 added 1 | n: 4 | s: -2 | q: 13 | f: 1e+300");
    transform_rig_close(&rig);
}

struct state {
    uint8_t data[20000];
    size_t size, taken;
};

static int32_t state_write(void *stream, const void *data, size_t size)
{
    struct state *s = stream;
    cr_assert(s->size + size <= sizeof s->data);
    memcpy(s->data + s->size, data, size);
    s->size += size;
    return QETL_OK;
}

static int64_t state_read(void *stream, void *data, size_t capacity)
{
    struct state *s = stream;
    size_t size = s->size - s->taken < capacity ? s->size - s->taken : capacity;
    size = size > 100 ? 100 : size; /* in pieces */
    memcpy(data, s->data + s->taken, size);
    s->taken += size;
    return (int64_t)size;
}

Test(aggregate, states_are_merged)
{
    static const char config[] =
        "{\"set\": {\"n\": \"count(*)\", \"s\": \"sum(d)\", \"f\": \"sum(f)\", \"a\": \"avg(i)\", "
        "\"lo\": \"min(t)\", \"hi\": \"max(t)\", \"m\": \"min(i)\", \"x\": \"max(f)\"}}";
    static struct state states[3];
    uint32_t version;
    char expected[RIG_TEXT];

    for (int part = 0; part < 3; part++) {
        struct qetl_writer writer = {&states[part], state_write};
        cr_assert_eq(open(config), 0);
        if (part < 2) /* the third saw nothing */
            rig_process(&rig, 0, part ? 3 : 0, part ? 2 : 3);
        cr_assert_eq(rig.component->save(rig.self, &version, &writer), 0);
        transform_rig_close(&rig);
    }
    cr_assert_eq(open(config), 0);
    rig_process(&rig, 0, 0, 5);
    strcpy(expected, rig_event(&rig, QETL_EVENT_END, 0));
    transform_rig_close(&rig);
    for (int first = 0; first < 3; first++) {
        cr_assert_eq(open(config), 0);
        for (int i = 0; i < 3; i++) {
            struct state *state = &states[(first + i) % 3];
            struct qetl_reader reader = {state, state_read};
            state->taken = 0;
            cr_assert_eq(rig.component->transform->merge(rig.self, version, &reader), 0);
        }
        cr_expect_str_eq(rig_event(&rig, QETL_EVENT_END, 0), expected);
        struct qetl_reader reader = {&states[0], state_read};
        states[0].taken = 0;
        cr_expect_eq(rig.component->transform->merge(rig.self, version + 1, &reader),
                     QETL_E_UNSUPPORTED);
        transform_rig_close(&rig);
    }
}

Test(aggregate, a_state_that_is_none_changes_nothing)
{
    static const char config[] = "{\"set\": {\"n\": \"count(*)\", \"hi\": \"max(t)\"}}";
    static struct state state, changed;
    struct qetl_writer writer = {&state, state_write};
    struct qetl_reader reader = {&changed, state_read};
    uint32_t version;

    cr_assert_eq(open(config), 0);
    rig_process(&rig, 0, 0, 3);
    cr_assert_eq(rig.component->save(rig.self, &version, &writer), 0);
    transform_rig_close(&rig);
    cr_assert_eq(open(config), 0);
    for (size_t at = 0; at < state.size; at++) {
        changed = state;
        changed.data[at] ^= 1;
        cr_expect_eq(rig.component->restore(rig.self, version, &reader), QETL_E_UNSUPPORTED);
        changed = state;
        changed.size = at;
        cr_expect_eq(rig.component->restore(rig.self, version, &reader), QETL_E_UNSUPPORTED);
    }
    changed = state;
    changed.size++;
    cr_expect_eq(rig.component->restore(rig.self, version, &reader), QETL_E_UNSUPPORTED);
    changed = state;
    cr_expect_eq(rig.component->restore(rig.self, version, &reader), 0);
    cr_expect(strncmp(rig_event(&rig, QETL_EVENT_END, 0), "rows 1 added 1 | n: 3", 21) == 0);
    transform_rig_close(&rig);
    cr_assert_eq(open("{\"set\": {\"n\": \"count(*)\", \"lo\": \"min(t)\"}}"), 0);
    changed = state;
    cr_expect_eq(rig.component->restore(rig.self, version, &reader), QETL_E_UNSUPPORTED);
    transform_rig_close(&rig);
}

static void expect_mistake(const char *text, const char *message)
{
    char config[200];

    snprintf(config, sizeof config, "{\"set\": {\"x\": \"%s\"}}", text);
    cr_expect_eq(open(config), QETL_E_CONFIG, "%s", text);
    cr_expect_str_eq(qetl_fake_host_message(&rig.fake), message);
    cr_expect_str_eq(rig.fake.errors[0].option, "/set/x");
    transform_rig_close(&rig);
}

Test(aggregate, mistakes)
{
    expect_mistake("i + 1", "`i + 1` is no aggregate: count, sum, avg, min and max are, with an "
                            "expression in parentheses");
    expect_mistake("median(i)", "`median(i)` is no aggregate: count, sum, avg, min and max are, "
                                "with an expression in parentheses");
    expect_mistake("sum(i) / 2", "something stands behind the aggregate: / 2");
    expect_mistake("sum(t)", "there is no sum of values of type text");
    expect_mistake("avg(day)", "there is no avg of values of type date");
    expect_mistake("max(i > 1)", "there is no max of values of type boolean");
    cr_assert_eq(open("{\"set\": {\"x\": \"count(t = ')' OR t = '(')\"}}"), 0);
    transform_rig_close(&rig);
}

Test(aggregate, sums_beyond_38_digits_are_errors)
{
    transform_rig_open(&rig, "{\"set\": {\"s\": \"sum(d * 1)\", \"t\": \"sum(d)\"}}");
    rig_column(&rig, 0, "d", "decimal(37,0)", "9223372036854775807|-9223372036854775807");
    cr_assert_eq(rig_bind(&rig), 0);
    rig_process(&rig, 0, 0, 2);
    cr_expect_str_eq(rig_event(&rig, QETL_EVENT_END, 0), "rows 1 added 1 | s: 0 | t: 0");
    transform_rig_close(&rig);
}

/* ---- exact sums ---- */

static double random_real(uint64_t *random)
{
    double mantissa = (double)random_below(random, INT64_MAX) - 4e18;
    return ldexp(mantissa, (int)random_below(random, 2100) - 1090 - 62);
}

/* Whatever the order and the shares, the same sum; a number and its opposite leave the rest. */
Test(exact_sum, doubles_in_any_order)
{
    enum { VALUES = 5000 };
    static double values[2 * VALUES + 3];
    uint64_t random = 4711;

    for (int round = 0; round < 20; round++) {
        static const double rest[] = {1e-310, 3.5, -1e-3};
        struct real_sum sum = {{0}, 0, 0, 0, 0}, parts[2] = {{{0}, 0, 0, 0, 0}, {{0}, 0, 0, 0, 0}};
        int n = 0;
        for (int i = 0; i < VALUES; i++) {
            values[n++] = random_real(&random);
            values[n] = -values[n - 1];
            n++;
        }
        memcpy(values + n, rest, sizeof rest);
        n += 3;
        for (int i = n - 1; i > 0; i--) {
            int64_t k = random_below(&random, i + 1);
            double swap = values[i];
            values[i] = values[k];
            values[k] = swap;
        }
        real_sum_add(&sum, values, n);
        cr_assert_eq(real_sum_round(&sum), 3.5 - 1e-3, "%.17g", real_sum_round(&sum));
        for (int i = 0; i < n; i++)
            real_sum_add(&parts[i % 2], &values[i], 1);
        real_sum_merge(&parts[0], &parts[1]);
        cr_assert_eq(real_sum_round(&parts[0]), 3.5 - 1e-3);
    }
}

Test(exact_sum, doubles_are_rounded_to_nearest_even)
{
    static const struct {
        double values[4], sum;
    } cases[] = {
        {{9007199254740992.0, 1, 0, 0}, 9007199254740992.0},
        {{9007199254740994.0, 1, 0, 0}, 9007199254740996.0},
        {{9007199254740992.0, 1, 5e-324, 0}, 9007199254740994.0},
        {{-9007199254740992.0, -1, -5e-324, 0}, -9007199254740994.0},
        {{5e-324, 5e-324, 5e-324, 0}, 1.5e-323},
        {{1e308, 1e308, -1e308, 0}, 1e308},
        {{1.7976931348623157e308, 9.9e291, 0, 0}, 1.7976931348623157e308},
        {{1e16, 1, -1e16, 0}, 1},
        {{0, 0, 0, -0.0}, 0},
        {{2.2250738585072014e-308, -5e-324, 0, 0}, 2.225073858507201e-308},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct real_sum sum = {0};
        real_sum_add(&sum, cases[i].values, 4);
        cr_expect_eq(real_sum_round(&sum), cases[i].sum, "%zu: %.17g", i, real_sum_round(&sum));
    }
    struct real_sum sum = {0};
    real_sum_add(&sum, (double[]){1e308, 1e308}, 2);
    cr_expect(isinf(real_sum_round(&sum)));
    real_sum_add(&sum, (double[]){(double)NAN}, 1);
    cr_expect(isnan(real_sum_round(&sum)));
}

Test(exact_sum, wide_integers)
{
    qetl_int128 most = 1, value;
    struct wide_sum sum = {{0}};

    for (int i = 0; i < 38; i++)
        most *= 10;
    most -= 1;
    for (int i = 0; i < 5; i++)
        wide_sum_add(&sum, most);
    cr_expect_not(wide_sum_value(&sum, &value));
    cr_assert(wide_sum_divide(&sum, 5, 1, &value));
    cr_expect(value == most);
    for (int i = 0; i < 9; i++)
        wide_sum_add(&sum, -most);
    cr_expect_not(wide_sum_value(&sum, &value));
    for (int i = 0; i < 3; i++)
        wide_sum_add(&sum, most);
    cr_assert(wide_sum_value(&sum, &value));
    cr_expect(value == -most);
    cr_assert(wide_sum_divide(&sum, 8, 1, &value));
    cr_expect(value == -(most / 8 + (most % 8 >= 4)));
    struct wide_sum small = {{0}};
    wide_sum_add(&small, -5);
    cr_assert(wide_sum_divide(&small, 3, 1000, &value));
    cr_expect(value == -1667);
    cr_assert(wide_sum_divide(&small, 2, 1, &value));
    cr_expect(value == -3, "halves away from zero");
    wide_sum_merge(&sum, &small);
    cr_expect_not(wide_sum_value(&sum, &value), "one beyond 38 digits");
}
