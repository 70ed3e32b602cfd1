/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <stdio.h>

enum { LINE = 700 };

/* TRANSIENT: the same again later may succeed. */
enum { TRANSIENT = 1000 };

struct fault {
    const char *state; /* SQLSTATE, or what it begins with */
    int32_t answer;
    const char *option; /* NULL: of what was being done */
    const char *mend;
};

static const struct fault faults[] = {
    {"28P01", QETL_E_AUTH, "/password", "see `user` and `password`, or the password file"},
    {"28", QETL_E_AUTH, "/user",
     "see `user`, and what pg_hba.conf of the server says of this client"},
    {"3D000", QETL_E_CONFIG, "/database", NULL},
    {"3F000", QETL_E_CONFIG, "/schema", NULL},
    {"42501", QETL_E_AUTH, NULL,
     "let someone who may run: GRANT SELECT ON … TO this user, and USAGE on the schema"},
    {"42P01", QETL_E_CONFIG, NULL,
     "names are as they stand in the catalogue, upper and lower case apart; `schema` says in which "
     "schema"},
    {"42601", QETL_E_CONFIG, NULL, "write one SELECT, without parameters"},
    {"42", QETL_E_CONFIG, NULL, NULL},
    {"0A000", QETL_E_UNSUPPORTED, NULL, NULL},
    {"25006", QETL_E_CONFIG, NULL, "write one that only reads"},
    {"22", QETL_E_DATA, NULL, NULL},
    {"23", QETL_E_DATA, NULL, "mend the rows, or the constraint"},
    {"2BP01", QETL_E_CONFIG, NULL,
     "drop what depends on it first; or keep the table: mode: truncate"},
    {"40", TRANSIENT, NULL, NULL},
    {"53100", QETL_E_ENVIRONMENT, NULL, "make room on the server's disks"},
    {"53200", QETL_E_ENVIRONMENT, NULL, "the server needs more memory"},
    {"53300", TRANSIENT, NULL, "raise max_connections of the server, or end other connections"},
    {"53", QETL_E_ENVIRONMENT, NULL, NULL},
    {"55P03", QETL_E_ENVIRONMENT, NULL,
     "end the transaction that holds the lock, or wait longer: lock_timeout_ms"},
    {"57014", QETL_E_ENVIRONMENT, NULL, "if the statement needs that long: statement_timeout_ms"},
    {"57P0", TRANSIENT, NULL, "see whether the server is up"},
    {"58", QETL_E_ENVIRONMENT, NULL, "see the server's log"},
    {"08", TRANSIENT, NULL, NULL},
    {"XX", QETL_E_DATA, NULL,
     "see the server's log: it found data of its own damaged, or a fault of its own"},
};

static const struct fault *fault_of(const char *state)
{
    static const struct fault other = {"", QETL_E_FATAL, NULL, NULL};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strncmp(faults[i].state, state, strlen(faults[i].state)) == 0)
            return &faults[i];
    return &other;
}

void pg_fault_line(const char *message, char *out, size_t size)
{
    size_t n = 0;
    bool blank = true;
    for (const char *c = message ? message : ""; *c && n + 1 < size; c++) {
        bool is_blank = (unsigned char)*c <= ' ';
        if (!is_blank || !blank)
            out[n++] = is_blank ? ' ' : *c;
        blank = is_blank;
    }
    while (n && (out[n - 1] == ' ' || ((unsigned char)out[n - 1] & 0xc0) == 0x80))
        n--; /* the end, or half a character */
    if (n && (unsigned char)out[n - 1] >= 0xc0)
        n--;
    out[n] = 0;
}

static int32_t report(struct qetl_env env, const struct pg_doing *doing, const struct fault *fault,
                      const char *state, const char *mend, const char *message)
{
    char line[3 * LINE];
    int32_t code = fault->answer;
    if (code == TRANSIENT)
        code = doing->begun ? QETL_E_RETRY_EPOCH : QETL_E_RETRY_CALL;
    snprintf(line, sizeof line, "%.300s: %.300s%s%.700s", doing->who, doing->what,
             *message ? ": " : "", message);
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = code,
                                   .message = line,
                                   .suggestion = mend && *mend ? mend : fault->mend,
                                   .option = fault->option ? fault->option : doing->option,
                                   .vendor_code = *state ? state : NULL};
    return env.host->error(env.ctx, &info);
}

static const char *field(const PGresult *result, int code)
{
    const char *text = PQresultErrorField(result, code);
    return text ? text : "";
}

int32_t pg_fault_result(struct qetl_env env, const struct pg_doing *doing, const PGresult *result,
                        const char *more)
{
    char message[LINE], detail[LINE], both[2 * LINE + 8], hint[LINE];
    const char *state = field(result, PG_DIAG_SQLSTATE);
    pg_fault_line(field(result, PG_DIAG_MESSAGE_PRIMARY), message, sizeof message);
    if (!*message) /* libpq's own */
        pg_fault_line(PQresultErrorMessage(result), message, sizeof message);
    pg_fault_line(*more ? more : field(result, PG_DIAG_MESSAGE_DETAIL), detail, sizeof detail);
    pg_fault_line(field(result, PG_DIAG_MESSAGE_HINT), hint, sizeof hint);
    snprintf(both, sizeof both, "%s%s%s%s", message, *detail ? " (" : "", detail,
             *detail ? ")" : "");
    const struct fault *fault = fault_of(state);
    bool denied = doing->grant && strcmp(state, "42501") == 0;
    return report(env, doing, fault, state,
                  denied        ? doing->grant
                  : fault->mend ? NULL
                                : hint,
                  both);
}

int32_t pg_fault_connection(struct qetl_env env, const struct pg_doing *doing, const PGconn *conn)
{
    static const struct fault lost = {"", TRANSIENT, NULL, "see whether the server is up"};
    char message[LINE];
    pg_fault_line(PQerrorMessage(conn), message, sizeof message);
    return report(env, doing, &lost, "", NULL, message);
}

/* libpq hands on no SQLSTATE of a connection that did not come about: what is said decides. */
int32_t pg_fault_connect(struct qetl_env env, const struct pg_doing *doing, const PGconn *conn)
{
    static const struct {
        const char *words;
        struct fault fault;
    } known[] = {
        {"password authentication failed",
         {"28P01", QETL_E_AUTH, "/password", "see `user` and `password`, or the password file"}},
        {"no password supplied",
         {"28P01", QETL_E_AUTH, "/password",
          "give `password: ${secret:NAME}`, or a password file"}},
        {"no pg_hba.conf entry",
         {"28000", QETL_E_AUTH, "/user",
          "let pg_hba.conf of the server admit this user from here"}},
        {"authentication failed",
         {"28000", QETL_E_AUTH, "/user",
          "see `user`, and what pg_hba.conf of the server asks for"}},
        {"definition of service",
         {"", QETL_E_CONFIG, "/service", "name one that stands in the service file"}},
        {"service file", {"", QETL_E_CONFIG, "/service", "see PGSERVICEFILE, ~/.pg_service.conf"}},
        {"root certificate file",
         {"", QETL_E_CONFIG, "/sslrootcert",
          "name the authority that signs the server's certificate: sslrootcert (of public ones on "
          "Debian /etc/ssl/certs/ca-certificates.crt)"}},
        {"certificate verify failed",
         {"", QETL_E_ENVIRONMENT, "/sslrootcert",
          "name the authority that signs the server's certificate: sslrootcert"}},
        {"does not match host name",
         {"", QETL_E_ENVIRONMENT, "/host", "write the host as the server's certificate has it"}},
        {"server does not support SSL",
         {"", QETL_E_ENVIRONMENT, "/sslmode",
          "let the server have TLS (ssl = on); what sslmode may be less strict only where the "
          "network is trusted"}},
        {"private key file", {"", QETL_E_CONFIG, "/sslkey", NULL}},
        {"certificate file", {"", QETL_E_CONFIG, "/sslcert", NULL}},
        {"invalid sslmode", {"", QETL_E_CONFIG, "/sslmode", NULL}},
        {"the database system is", {"57P03", TRANSIENT, NULL, "see whether the server is up"}},
        {"terminating connection", {"57P01", TRANSIENT, NULL, "see whether the server is up"}},
        {"too many connections",
         {"53300", TRANSIENT, NULL, "raise the limit of connections, or end others"}},
        {"too many clients",
         {"53300", TRANSIENT, NULL,
          "raise max_connections of the server, or end other connections"}},
        {"remaining connection slots",
         {"53300", TRANSIENT, NULL,
          "raise max_connections of the server, or end other connections"}},
        {"permission denied for database",
         {"42501", QETL_E_AUTH, "/user",
          "let someone who may run: GRANT CONNECT ON DATABASE … TO this user"}},
        {"role \"", {"28000", QETL_E_AUTH, "/user", NULL}},
        {"database \"", {"3D000", QETL_E_CONFIG, "/database", NULL}},
        {"FATAL:",
         {"28000", QETL_E_AUTH, "/user",
          "see `user`, and what pg_hba.conf of the server asks for"}},
        {"could not translate host name",
         {"", QETL_E_ENVIRONMENT, "/host",
          "see whether the name is right and can be resolved here"}},
        {"No such file or directory",
         {"", TRANSIENT, "/host",
          "see whether the server is up, and whether its socket lies there"}},
        {"Connection refused",
         {"", TRANSIENT, "/host", "see whether the server is up, and `host` and `port`"}},
    };
    char message[LINE];
    const char *all = PQerrorMessage(conn);
    struct fault found = {"", TRANSIENT, "/host",
                          "see whether the server is up and can be reached"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(all, known[i].words)) {
            found = known[i].fault;
            break;
        }
    pg_fault_line(all, message, sizeof message);
    return report(env, doing, &found, found.state, NULL, message);
}

int32_t pg_fault_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "out of memory");
}
