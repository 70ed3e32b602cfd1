/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of pairs.c: to rows, and back. */
#include <qetl/testhost.h>

#include <string.h>

int main(void)
{
    static const char text[] = "host=localhost\n=no key\nurl=http://a?b=c\nnothing\nlast=";
    struct qetl_rig *t = qetl_rig_open("./pairs.so", NULL, NULL);
    QETL_EXPECT_NUMBER(t, qetl_rig_decode(t, text, strlen(text)), QETL_OK);
    QETL_EXPECT(t, qetl_rig_columns(t, 0), "key text, value text");
    QETL_EXPECT(t, qetl_rig_rows(t, 0), "host|localhost\nurl|http://a?b=c\nlast|\n");
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "1|-1|bad_pair|the key is missing|=no key\n"
                "3|-1|bad_pair|there is no separator|nothing\n");
    int failed = qetl_rig_close(t);

    t = qetl_rig_open("./pairs.so", NULL, "{\"separator\": \":\"}");
    qetl_rig_input(t, 0, "k text, v decimal(5,2)");
    qetl_rig_feed(t, 0, "a|1.5\nb:b|2\nc|NULL\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_OK);
    QETL_EXPECT(t, qetl_rig_bytes(t, NULL), "a:1.50\nc:\n");
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "1|-1|bad_pair|the key is empty or holds a separator, or there is a newline\n");
    return failed + qetl_rig_close(t) != 0;
}
