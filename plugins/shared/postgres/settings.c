/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <libpq-fe.h>
#include <stdio.h>

int32_t pg_settings_read(struct pg_settings *s, struct qetl_env env)
{
    static const struct qetl_option_field fields[] = {
        {"/host", QETL_OPTION_TEXT, offsetof(struct pg_settings, host), "", NULL},
        {"/port", QETL_OPTION_INT, offsetof(struct pg_settings, port), "0", "0..65535"},
        {"/database", QETL_OPTION_TEXT, offsetof(struct pg_settings, database), "", NULL},
        {"/user", QETL_OPTION_TEXT, offsetof(struct pg_settings, user), "", NULL},
        {"/password", QETL_OPTION_TEXT, offsetof(struct pg_settings, password), "", NULL},
        {"/passfile", QETL_OPTION_TEXT, offsetof(struct pg_settings, passfile), "", NULL},
        {"/service", QETL_OPTION_TEXT, offsetof(struct pg_settings, service), "", NULL},
        {"/sslmode", QETL_OPTION_TEXT, offsetof(struct pg_settings, sslmode), "", NULL},
        {"/sslrootcert", QETL_OPTION_TEXT, offsetof(struct pg_settings, sslrootcert), "", NULL},
        {"/sslcert", QETL_OPTION_TEXT, offsetof(struct pg_settings, sslcert), "", NULL},
        {"/sslkey", QETL_OPTION_TEXT, offsetof(struct pg_settings, sslkey), "", NULL},
        {"/application_name", QETL_OPTION_TEXT, offsetof(struct pg_settings, application_name),
         "qetl", NULL},
        {"/connect_timeout_ms", QETL_OPTION_INT, offsetof(struct pg_settings, connect_timeout_ms),
         "10000", "1.."},
        {"/statement_timeout_ms", QETL_OPTION_INT,
         offsetof(struct pg_settings, statement_timeout_ms), "0", "0.."},
        {"/lock_timeout_ms", QETL_OPTION_INT, offsetof(struct pg_settings, lock_timeout_ms),
         "30000", "0.."},
    };
    return qetl_options_read(env, fields, sizeof fields / sizeof fields[0], s);
}

static void add(struct pg_keywords *k, int *n, const char *name, const char *value)
{
    if (!*value)
        return;
    k->names[*n] = name;
    k->values[(*n)++] = value;
}

static bool is_local(const char *host)
{
    return !host || !*host || *host == '/' || *host == '@' || strcmp(host, "localhost") == 0 ||
           strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

/* Whether whoever wrote the service or the environment has chosen: those are libpq's defaults. */
static bool is_chosen(const char *sslmode)
{
    return sslmode && *sslmode && strcmp(sslmode, "prefer") != 0 && strcmp(sslmode, "allow") != 0;
}

/* Where service and environment lead, without going there: libpq looks into both before it finds
 * that one of its words is wrong. */
static bool leads_away(const struct pg_keywords *k, int n, bool *away)
{
    const char *names[PG_SETTINGS_MAX], *values[PG_SETTINGS_MAX];
    memcpy(names, k->names, sizeof names);
    memcpy(values, k->values, sizeof values);
    names[n] = "channel_binding";
    values[n] = "none of its values";
    names[n + 1] = "password"; /* which nobody has to look for */
    values[n + 1] = "none";
    names[n + 2] = NULL;
    PGconn *conn = PQconnectStartParams(names, values, 0);
    PQconninfoOption *all = conn ? PQconninfo(conn) : NULL;
    const char *host = NULL, *address = NULL, *sslmode = NULL;
    for (const PQconninfoOption *o = all; o && o->keyword; o++) {
        host = strcmp(o->keyword, "host") == 0 ? o->val : host;
        address = strcmp(o->keyword, "hostaddr") == 0 ? o->val : address;
        sslmode = strcmp(o->keyword, "sslmode") == 0 ? o->val : sslmode;
    }
    *away = (!is_local(host) || !is_local(address)) && !is_chosen(sslmode);
    bool known = all != NULL;
    PQconninfoFree(all);
    PQfinish(conn);
    return known;
}

bool pg_settings_keywords(const struct pg_settings *s, struct pg_keywords *k)
{
    bool away = false;
    int n = 0;
    *k = (struct pg_keywords){0};
    if (s->port)
        snprintf(k->port, sizeof k->port, "%lld", (long long)s->port);
    add(k, &n, "service", s->service);
    add(k, &n, "host", s->host);
    add(k, &n, "port", k->port);
    add(k, &n, "dbname", s->database);
    add(k, &n, "user", s->user);
    add(k, &n, "password", s->password);
    add(k, &n, "passfile", s->passfile);
    add(k, &n, "sslrootcert", s->sslrootcert);
    add(k, &n, "sslcert", s->sslcert);
    add(k, &n, "sslkey", s->sslkey);
    add(k, &n, "application_name", s->application_name);
    if (!*s->sslmode && !leads_away(k, n, &away))
        return false;
    add(k, &n, "sslmode", away ? "verify-full" : s->sslmode);
    add(k, &n, "client_encoding", "UTF8");
    add(k, &n, "gssencmode", "disable");
    /* a peer that is gone without a word is noticed */
    add(k, &n, "keepalives_idle", "30");
    add(k, &n, "keepalives_interval", "10");
    add(k, &n, "keepalives_count", "3");
    add(k, &n, "tcp_user_timeout", "60000");
    return true;
}
