/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path with places for values: `out/{country}/orders-{#}.csv`, and Hive's `country=DE/`.
 *
 * Invariant: whatever the values are, the path lies below the root, which is the literal beginning
 * up to a slash: a value brings no slash, no NUL, and no name that begins with a dot. Different
 * values make different text. Ownership: owns its pieces. Threads:   immutable once parsed.
 */
#ifndef FILE_SINK_TEMPLATE_H
#define FILE_SINK_TEMPLATE_H

#include <qetl/sdk.h>

#include <time.h>

/* MORE: nothing for the first file, "-00002" for the second. */
enum piece_kind { PIECE_TEXT, PIECE_COLUMN, PIECE_NUMBER, PIECE_MORE, PIECE_EPOCH };

/* TEXT that stands for when the run began. */
enum stamp { STAMP_NONE, STAMP_DATE, STAMP_TIME };

struct piece {
    enum piece_kind kind;
    char *text; /* TEXT; COLUMN: its name */
    enum stamp stamp;
    bool leaves_out; /* COLUMN: of partition_by, and not wanted in the rows */
    int64_t key;     /* COLUMN: index among the keys */
};

struct template
{
    struct piece *pieces;
    int64_t count;
    char *root; /* the folder that nothing leaves; "." where the path has none before */
    bool numbered;
    time_t began;   /* the run, of which this process may be the second */
    bool by_epoch;  /* {epoch}: each has files of its own */
    uint64_t epoch; /* to be named by */
    bool dated;     /* {run.date} or {run.time} tells its files from those of other runs */
};

/* Is the path more than a name? */
bool template_wanted(struct qetl_env, const char *path);
/* path with partition_by; numbered: the first file has a number, too. OK or a failure, which has
 * been reported.
 */
int32_t template_parse(struct template *, struct qetl_env, const char *path, bool numbered);
/* The columns that the pieces name, each once: as qetl_sink_parts's columns. */
int64_t template_columns(struct template *, struct qetl_env, const struct ArrowSchema *,
                         int64_t *columns, int32_t *leave_out);
/* The path for these values, to be freed. A failure has been reported. */
int32_t template_expand(const struct template *, struct qetl_env, const struct qetl_blob *keys,
                        int64_t number, char **out);
/* The run began at another time than this process did. OK or NO_MEMORY, which has been reported. */
int32_t template_restamp(struct template *, struct qetl_env, time_t began);
/* How many keys there are: after template_columns. */
int64_t template_keys(const struct template *);
void template_free(struct template *); /* zeroed is freed */

#endif
