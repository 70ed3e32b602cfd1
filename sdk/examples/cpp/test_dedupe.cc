/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of dedupe.cc: what passes, what is remembered through a restart, what is said. */
#include <qetl/testhost.h>

static int passes_once()
{
    qetl_rig *t = qetl_rig_open("./dedupe.so", "dedupe", "{\"column\": \"id\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    qetl_rig_feed(t, 0, "1|berlin\n2|bonn\n1|kiel\nNULL|x\n");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|berlin\n2|bonn\nNULL|x\n");
    qetl_rig_epoch(t);
    qetl_rig_forget(t);
    qetl_rig_feed(t, 0, "3|lost with the process\n");
    qetl_rig_restart(t);
    qetl_rig_forget(t);
    qetl_rig_feed(t, 0, "2|jena\n3|ulm\nNULL|y\n");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "3|ulm\n");
    QETL_EXPECT(t, qetl_rig_counts(t), "filtered 2 added 0 reduced 0 held 0");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_END);
    return qetl_rig_close(t);
}

static int says_what_is_wrong()
{
    qetl_rig *t =
        qetl_rig_open("./dedupe.so", "dedupe", "{\"column\": \"city\", \"nulls\": \"reject\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    qetl_rig_feed(t, 0, "1|NULL\n2|bonn\n");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "2|bonn\n");
    QETL_EXPECT(t, qetl_rig_rejects(t), "0|0|key_is_null|column \"city\" is NULL\n");
    int failed = qetl_rig_close(t);
    t = qetl_rig_open("./dedupe.so", "dedupe", "{\"column\": \"town\"}");
    qetl_rig_input(t, 0, "city text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, "x\n"), QETL_E_CONFIG);
    QETL_EXPECT(t, qetl_rig_errors(t),
                "CONFIG (/column): there is no column \"town\" - the input has \"city\"\n");
    return failed + qetl_rig_close(t);
}

int main()
{
    return passes_once() + says_what_is_wrong() != 0;
}
