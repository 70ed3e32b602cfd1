/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of upper.c, in the folder where upper.so and its manifest lie. */
#include <qetl/testhost.h>

static int capitals(void)
{
    struct qetl_rig *t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"city\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "1|berlin\n2|NULL\n3|\n4|a\\|b\n"), QETL_OUTPUT);
    QETL_EXPECT(t, qetl_rig_columns(t, 0), "id bigint, city text");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|BERLIN\n2|NULL\n3|\n4|A\\|B\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_END);
    return qetl_rig_close(t);
}

static int others_are_rejected(void)
{
    struct qetl_rig *t =
        qetl_rig_open("./upper.so", "upper", "{\"column\": \"city\", \"others\": \"reject\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    qetl_rig_feed(t, 0, "1|berlin\n2|köln\n3|bonn\n");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|BERLIN\n3|BONN\n");
    QETL_EXPECT(t, qetl_rig_rejects(t), "1|0|not_ascii|\"köln\" has letters other than a to z\n");
    return qetl_rig_close(t);
}

/* Each buffer in turn cannot be had; the batch is then fed again. */
static int memory_ends(void)
{
    int failed = 0;
    for (int64_t after = 0; after < 4; after++) {
        struct qetl_rig *t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"city\"}");
        qetl_rig_input(t, 0, "city text");
        qetl_rig_fail_alloc(t, after);
        if (qetl_rig_feed(t, 0, "a long name of a city\nNULL\n") != QETL_OUTPUT) {
            QETL_EXPECT_NUMBER(t, qetl_rig_status(t), QETL_E_NO_MEMORY);
            qetl_rig_feed(t, 0, "a long name of a city\nNULL\n");
        }
        QETL_EXPECT(t, qetl_rig_rows(t, 0), "A LONG NAME OF A CITY\nNULL\n");
        failed += qetl_rig_close(t);
    }
    return failed;
}

static int options(void)
{
    struct qetl_rig *t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"id\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "1|berlin\n"), QETL_E_CONFIG);
    QETL_EXPECT(t, qetl_rig_errors(t),
                "CONFIG (/column): column \"id\" is of the type bigint - name a column of the type "
                "text, or make it one: with `types` in the source's format, or with CAST in a "
                "compute\n");
    int failed = qetl_rig_close(t);
    t = qetl_rig_open("./upper.so", "upper", "{}");
    QETL_EXPECT(t, qetl_rig_errors(t),
                "CONFIG (/column): by the manifest, the option is missing\n");
    return failed + qetl_rig_close(t);
}

int main(void)
{
    return capitals() + others_are_rejected() + memory_ends() + options() != 0;
}
