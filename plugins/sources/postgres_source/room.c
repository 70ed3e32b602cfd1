/* SPDX-License-Identifier: Apache-2.0 */
#include "room.h"

#include <stdio.h>
#include <stdlib.h>

/* A superuser is bound by the server's limit alone, of which some are kept for him. Processes of
 * the server itself have no database, or no user. */
static const char sql[] =
    "WITH us AS (SELECT oid, rolname, rolsuper, rolconnlimit FROM pg_catalog.pg_roles WHERE "
    "rolname = session_user), here AS (SELECT oid, datname, datconnlimit FROM "
    "pg_catalog.pg_database WHERE datname = pg_catalog.current_database()), limits AS ("
    "SELECT rolconnlimit::pg_catalog.int8 AS most, (SELECT count(*) FROM "
    "pg_catalog.pg_stat_activity a WHERE a.usesysid = us.oid) AS taken, "
    "pg_catalog.format('CONNECTION LIMIT %s of the role %s', rolconnlimit, rolname) AS name "
    "FROM us WHERE rolconnlimit >= 0 AND NOT rolsuper UNION ALL "
    "SELECT datconnlimit, (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = "
    "here.oid AND a.usesysid IS NOT NULL), "
    "pg_catalog.format('CONNECTION LIMIT %s of the database %s', datconnlimit, datname) "
    "FROM here, us WHERE datconnlimit >= 0 AND NOT rolsuper UNION ALL "
    "SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int8 - CASE WHEN rolsuper "
    "THEN 0 ELSE pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 "
    "END, (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid IS NOT NULL AND "
    "a.usesysid IS NOT NULL), "
    "pg_catalog.format('max_connections of the server, %s', "
    "pg_catalog.current_setting('max_connections')) FROM us) "
    "SELECT most - taken, name FROM limits ORDER BY 1 LIMIT 1";

int32_t room_read(struct pg_session *s, int64_t *more, char *limit, size_t size)
{
    PGresult *answer = NULL;
    int32_t status =
        pg_session_run(s,
                       (struct pg_doing){.what = "nobody says how many connections there may be",
                                         .option = "/connections"},
                       sql, 0, NULL, &answer);
    bool known = !status && PQntuples(answer) == 1;
    *more = known ? strtoll(PQgetvalue(answer, 0, 0), NULL, 10) : 0;
    snprintf(limit, size, "%s", known ? PQgetvalue(answer, 0, 1) : "");
    PQclear(answer);
    return status;
}
