/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of journal.c: what is seen, and when, with a crash between prepare and commit. */
#include <qetl/testhost.h>

#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char content[200];

/* Of the file of an epoch; between the prefix and its number stands what makes the name its own. */
static const char *epoch_path(int epoch)
{
    static char path[300];
    glob_t found;
    snprintf(path, sizeof path, "journal_here/rows-*-%06d.tsv", epoch);
    if (glob(path, 0, NULL, &found) == 0)
        snprintf(path, sizeof path, "%s", found.gl_pathv[0]);
    globfree(&found);
    return path;
}

static const char *epoch_text(int epoch)
{
    FILE *file = fopen(epoch_path(epoch), "r");
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
    QETL_EXPECT(t, epoch_text(1), "(not there)");
    qetl_rig_restart(t); /* prepared, decided, and a new process */
    qetl_rig_commit(t);
    QETL_EXPECT(t, epoch_text(1), "1\tberlin\n2\t\n");

    qetl_rig_feed(t, 0, "4|bonn\n");
    qetl_rig_epoch(t);
    qetl_rig_restart(t); /* prepared, and never decided */
    qetl_rig_abort(t);
    QETL_EXPECT(t, epoch_text(2), "(not there)");

    qetl_rig_feed(t, 0, "5|kiel\n");
    QETL_EXPECT_NUMBER(t, qetl_rig_end(t), QETL_OK);
    QETL_EXPECT(t, epoch_text(3), "5\tkiel\n");
    remove(epoch_path(1));
    remove(epoch_path(3));
    QETL_EXPECT_NUMBER(t, rmdir("journal_here"), 0); /* nothing staged is left */
    return qetl_rig_close(t) != 0;
}
