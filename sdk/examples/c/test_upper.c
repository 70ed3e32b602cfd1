/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of upper.c, in the folder where upper.so and its manifest lie. */
#include <qetl/testhost.h>

int main(void)
{
    struct qetl_rig *t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"city\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "1|berlin\n2|NULL\n3|\n4|a\\|b\n"), QETL_OUTPUT);
    QETL_EXPECT(t, qetl_rig_columns(t, 0), "id bigint, city text");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|BERLIN\n2|NULL\n3|\n4|A\\|B\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_END);
    int failed = qetl_rig_close(t);

    t = qetl_rig_open("./upper.so", "upper", "{\"column\": \"id\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "1|berlin\n"), QETL_E_CONFIG);
    QETL_EXPECT(t, qetl_rig_errors(t),
                "CONFIG (/column): the input has no column of text that is called \"id\" - name a "
                "column of the type text\n");
    failed += qetl_rig_close(t);

    t = qetl_rig_open("./upper.so", "upper", "{}");
    QETL_EXPECT(t, qetl_rig_errors(t),
                "CONFIG (/column): by the manifest, the option is missing\n");
    return failed + qetl_rig_close(t) != 0;
}
