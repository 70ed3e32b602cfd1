/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of readings.c: rows, rejected lines, and a restart between any two of them. */
#include <qetl/testhost.h>

#include <stdio.h>

static const char options[] = "{\"path\": \"test_readings.txt\", \"least\": -60}";

int main(void)
{
    FILE *file = fopen("test_readings.txt", "w");
    if (!file)
        return 1;
    fputs("berlin 21.5\nno degrees\nvostok -89.2\npotsdam\t20\nbonn 19 C\nbonn 19", file);
    fclose(file);

    struct qetl_rig *t = qetl_rig_open("./readings.so", NULL, options);
    QETL_EXPECT_NUMBER(t, qetl_rig_read(t, -1), QETL_END);
    QETL_EXPECT(t, qetl_rig_columns(t, 0), "line bigint, station text, celsius double");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|berlin|21.5\n4|potsdam|20\n6|bonn|19\n");
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "1|-1|bad_reading|line 2 is no station with its degrees|no degrees\n"
                "2|-1|bad_reading|line 3 is no station with its degrees|vostok -89.2\n"
                "4|-1|bad_reading|line 5 is no station with its degrees|bonn 19 C\n");
    int failed = qetl_rig_close(t);

    t = qetl_rig_open("./readings.so", NULL, options);
    qetl_rig_demand(t, 1, 1); /* a line a batch */
    qetl_rig_read(t, 2);
    qetl_rig_epoch(t);
    qetl_rig_read(t, 1); /* is not decided before the crash, and comes again */
    qetl_rig_restart(t);
    QETL_EXPECT_NUMBER(t, qetl_rig_read(t, -1), QETL_END);
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "1|berlin|21.5\n4|potsdam|20\n6|bonn|19\n6|bonn|19\n");
    failed += qetl_rig_close(t);
    remove("test_readings.txt");

    t = qetl_rig_open("./readings.so", NULL, options);
    QETL_EXPECT_NUMBER(t, qetl_rig_read(t, -1), QETL_E_ENVIRONMENT);
    QETL_EXPECT(t, qetl_rig_errors(t),
                "ENVIRONMENT (/path): test_readings.txt: No such file or directory\n");
    return failed + qetl_rig_close(t) != 0;
}
