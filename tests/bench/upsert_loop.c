/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program of one's own would do: rows from stdin, as COPY's text format has them, each by a
 * prepared INSERT … ON CONFLICT over libpq, a thousand in a transaction.
 *
 *   upsert_loop CONNINFO STATEMENT COLUMNS
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 64, BATCH = 1000 };

static void done(PGconn *conn, PGresult *result)
{
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s", PQerrorMessage(conn));
        exit(1);
    }
    PQclear(result);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    const char *values[COLUMNS_MAX];
    int columns = argc == 4 ? atoi(argv[3]) : 0;
    if (columns < 1 || columns > COLUMNS_MAX)
        return 2;
    PGconn *conn = PQconnectdb(argv[1]);
    done(conn, PQprepare(conn, "up", argv[2], columns, NULL));
    for (long n = 0; getline(&line, &room, stdin) > 0; n++) {
        char *at = line;
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; i < columns; i++) {
            char *cell = strsep(&at, "\t");
            values[i] = !cell || strcmp(cell, "\\N") == 0 ? NULL : cell;
        }
        if (n % BATCH == 0)
            done(conn, PQexec(conn, n ? "COMMIT; BEGIN" : "BEGIN"));
        done(conn, PQexecPrepared(conn, "up", columns, values, NULL, NULL, 0));
    }
    done(conn, PQexec(conn, "COMMIT"));
    PQfinish(conn);
    free(line);
    return 0;
}
