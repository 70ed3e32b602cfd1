/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of ledger.c: dates and amounts, read and written. */
#include <qetl/testhost.h>

#include <string.h>

int main(void)
{
    static const char text[] = "; spring\n2024-01-31 -12.5 coffee and cake\r\n2024-02-30 1 when\n\n"
                               "2024-02-29 1.005 much\n2024-02-29 1000";
    struct qetl_rig *t = qetl_rig_open("./ledger.so", NULL, NULL);
    QETL_EXPECT_NUMBER(t, qetl_rig_decode(t, text, strlen(text)), QETL_OK);
    QETL_EXPECT(t, qetl_rig_columns(t, 0), "day date, amount decimal(12,2), what text");
    QETL_EXPECT(t, qetl_rig_rows(t, 0),
                "2024-01-31|-12.50|coffee and cake\n2024-02-29|1000.00|NULL\n");
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "1|0|bad_value|column \"day\" is of the type date, and \"2024-02-30\" is none, or "
                "too large for it|2024-02-30 1 when\n"
                "2|1|bad_value|column \"amount\" is of the type decimal(12,2), and \"1.005\" is "
                "none, or too large for it|2024-02-29 1.005 much\n");
    int failed = qetl_rig_close(t);

    t = qetl_rig_open("./ledger.so", NULL, NULL);
    qetl_rig_input(t, 0, "what text, amount decimal(5,1), day date");
    qetl_rig_feed(t, 0, "tea|2.5|2024-03-01\nno day|1|NULL\nNULL|3|2024-03-02\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_OK);
    QETL_EXPECT(t, qetl_rig_bytes(t, NULL), "2024-03-01 2.5 tea\n2024-03-02 3.0 \n");
    QETL_EXPECT(t, qetl_rig_rejects(t), "1|-1|incomplete|a line has a day and an amount\n");
    return failed + qetl_rig_close(t) != 0;
}
