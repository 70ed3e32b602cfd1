/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of journal.c: what is seen, and when, with a crash between prepare and commit. */
#include <qetl/testhost.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char content[200];

static const char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(content, 1, sizeof content - 1, file) : 0;
    if (file)
        fclose(file);
    content[size] = 0;
    return file ? content : "(not there)";
}

int main(void)
{
    mkdir("journal_here", 0700);
    struct qetl_rig *t = qetl_rig_open("./journal.so", NULL, "{\"folder\": \"journal_here\"}");
    qetl_rig_input(t, 0, "id bigint, city text");
    qetl_rig_feed(t, 0, "1|berlin\n2|NULL\n3|tab\there\n");
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "2|1|separator_in_text|a tab or newline stands in column \"city\"\n");
    qetl_rig_epoch(t);
    QETL_EXPECT(t, file_text("journal_here/rows-000001.tsv"), "(not there)");
    qetl_rig_restart(t); /* prepared, decided, and a new process */
    qetl_rig_commit(t);
    QETL_EXPECT(t, file_text("journal_here/rows-000001.tsv"), "1\tberlin\n2\t\n");

    qetl_rig_feed(t, 0, "4|bonn\n");
    qetl_rig_epoch(t);
    qetl_rig_restart(t); /* prepared, and never decided */
    qetl_rig_abort(t);
    QETL_EXPECT(t, file_text("journal_here/rows-000002.tsv"), "(not there)");

    qetl_rig_feed(t, 0, "5|kiel\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_OK);
    QETL_EXPECT(t, file_text("journal_here/rows-000003.tsv"), "5\tkiel\n");
    remove("journal_here/rows-000001.tsv");
    remove("journal_here/rows-000003.tsv");
    QETL_EXPECT_NUMBER(t, rmdir("journal_here"), 0); /* nothing staged is left */
    return qetl_rig_close(t) != 0;
}
