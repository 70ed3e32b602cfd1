/* SPDX-License-Identifier: Apache-2.0 */
/* Where libduckdb is looked for, and how it is opened. */
#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LIBRARY_NAME "libduckdb.so"

static const char how_to_get[] =
    "get libduckdb.so (1.2 or later): `npm pack @duckdb/node-bindings-linux-x64` and unpack it, or "
    "libduckdb-linux-amd64.zip from github.com/duckdb/duckdb/releases; then name it in the option "
    "`library` or in QETL_DUCKDB_LIBRARY, or put it into ~/.local/lib or /usr/local/lib";

const char session_encrypted[] =
    "encrypted Parquet files are not read: have them written without encryption";

static int32_t find_calls(struct duck *duck, struct qetl_env env, const char *path)
{
#define DUCK_FIND(result, name, parameters)                                                   \
    duck->name = (result(*) parameters)dlsym(duck->library, "duckdb_" #name);                 \
    if (!duck->name)                                                                          \
        return qetl_fail(env, QETL_E_ENVIRONMENT, "/library", how_to_get,                     \
                         "%s is not a libduckdb that can be used: it has no duckdb_%s", path, \
                         #name);
    DUCK_CALLS(DUCK_FIND)
#undef DUCK_FIND
    return QETL_OK;
}

/* The library that was named has to be there; the usual places are tried in turn. */
static int32_t open_named(struct duck *duck, struct qetl_env env, const char *path,
                          const char *whence)
{
    duck->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (duck->library)
        return find_calls(duck, env, path);
    return qetl_fail(env, QETL_E_ENVIRONMENT, "/library", how_to_get,
                     "libduckdb, which reads and writes Parquet, cannot be opened as %s says: %s",
                     whence, dlerror());
}

static int32_t open_usual(struct duck *duck, struct qetl_env env)
{
    static const char *const folders[] = {"/usr/local/lib", "/opt/duckdb", "/opt/duckdb/lib"};
    const char *home = getenv("HOME");
    char path[4096] = LIBRARY_NAME, error[400];
    duck->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    snprintf(error, sizeof error, "%s", duck->library ? "" : dlerror());
    if (!duck->library && home) {
        snprintf(path, sizeof path, "%s/.local/lib/" LIBRARY_NAME, home);
        duck->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    }
    for (size_t i = 0; !duck->library && i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/" LIBRARY_NAME, folders[i]);
        duck->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    }
    if (duck->library)
        return find_calls(duck, env, path);
    return qetl_fail(env, QETL_E_ENVIRONMENT, NULL, how_to_get,
                     "libduckdb, which reads and writes Parquet, was not found: not where the "
                     "system's loader looks (%s), in ~/.local/lib, /usr/local/lib, /opt/duckdb or "
                     "/opt/duckdb/lib",
                     error);
}

/* The database of those who share, and what was settled when it was opened. */
static struct {
    pthread_mutex_t lock;
    void *library;
    struct duck_database *database;
    int64_t users, memory; /* in bytes, of all users */
    bool made;             /* what session_once makes */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int32_t library_open(struct duck *duck, struct qetl_env env)
{
    const char *option = qetl_option_text(env, "/library");
    const char *variable = getenv("QETL_DUCKDB_LIBRARY");
    if (option)
        return open_named(duck, env, option, "the option `library`");
    if (variable && *variable)
        return open_named(duck, env, variable, "QETL_DUCKDB_LIBRARY");
    return open_usual(duck, env);
}

int32_t session_memory(struct session *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a Parquet file");
}

/* One line without DuckDB's hints, which speak of its own settings. */
int32_t session_fault(struct session *s, const char *option, const char *message)
{
    int size = message ? (int)strcspn(message, "\n") : 0;
    const char *mend = NULL;
    int32_t code = QETL_E_DATA;
    if (!message)
        return session_memory(s);
    if (strncmp(message, "Out of Memory", 13) == 0) {
        mend = "give more in memory_mib, or have smaller groups of rows";
        option = "/memory_mib";
        code = QETL_E_ENVIRONMENT;
    } else if (strncmp(message, "INTERRUPT", 9) == 0) {
        code = QETL_E_CANCELLED;
    } else if (strstr(message, "No magic bytes")) {
        mend = "is it a Parquet file, and whole? compressed ones (.gz, .zst) are unpacked first";
    } else if (strstr(message, "ncrypt") || strstr(message, "Invalid unicode")) {
        mend = session_encrypted; /* a signed footer is told so, by what its key looks like */
    }
    if (!s->about || memmem(message, (size_t)size, s->about, strlen(s->about)))
        return qetl_fail(s->env, code, option, mend, "%.*s", size, message);
    return qetl_fail(s->env, code, option, mend, "%s%s: %.*s", s->about,
                     s->several ? " or one behind it" : "", size, message);
}

int32_t session_query(struct session *s, const char *sql, struct duck_result *result)
{
    if (atomic_load(&s->interrupted))
        return QETL_E_CANCELLED;
    if (!s->duck.query(s->connection, sql, result))
        return QETL_OK;
    int32_t status = session_fault(s, "/path", s->duck.result_error(result));
    s->duck.destroy_result(result);
    return status;
}

static int32_t configure(struct session *s, struct duck_config *config)
{
    const struct duck *duck = &s->duck;
    char threads[24], memory[32];
    snprintf(threads, sizeof threads, "%lld", (long long)(s->threads > 0 ? s->threads : 1));
    snprintf(memory, sizeof memory, "%lldB",
             (long long)(qetl_option_int(s->env, "/memory_mib") * 1024 * 1024));
    int bad = duck->set_config(config, "threads", threads) ||
              duck->set_config(config, "memory_limit", memory) ||
              duck->set_config(config, "temp_directory", "") ||
              duck->set_config(config, "autoinstall_known_extensions", "false") ||
              duck->set_config(config, "autoload_known_extensions", "false");
    return bad ? qetl_fail(s->env, QETL_E_ENVIRONMENT, "/library", how_to_get,
                           "libduckdb %s does not know a setting that is needed",
                           duck->library_version())
               : QETL_OK;
}

static int32_t start_fault(struct session *s, const char *error)
{
    return qetl_fail(s->env, QETL_E_ENVIRONMENT, "/library", how_to_get,
                     "libduckdb %s cannot be started: %s", s->duck.library_version(),
                     error ? error : "no connection");
}

static bool connect_fails(struct session *s, struct duck_database *database)
{
    bool fails = s->duck.connect(database, &s->connection);
    atomic_store(&s->interruptible, fails ? NULL : s->connection);
    return fails;
}

static int32_t database_open(struct session *s)
{
    struct duck *duck = &s->duck;
    struct duck_config *config = NULL;
    char *error = NULL;
    if (duck->create_config(&config))
        return session_memory(s);
    int32_t status = configure(s, config);
    if (!status &&
        (duck->open_ext(NULL, &s->database, config, &error) || connect_fails(s, s->database)))
        status = start_fault(s, error);
    if (error)
        duck->free(error);
    duck->destroy_config(&config);
    return status;
}

/* Geometry stays the bytes that it is; a release that does not know the word leaves it so anyway.
 */
static void geometry_leave(struct session *s)
{
    struct duck_result result;
    s->duck.query(s->connection, "SET enable_geoparquet_conversion=false", &result);
    s->duck.destroy_result(&result);
}

int32_t session_open(struct session *s, struct qetl_env env)
{
    s->env = env;
    int32_t status = library_open(&s->duck, env);
    if (!status)
        status = database_open(s);
    if (!status)
        geometry_leave(s);
    return status;
}

/* One that all share takes what they all may hold. A smaller limit than what is held is refused,
 * and comes with the next session. */
static void memory_share(struct session *s)
{
    char sql[80];
    struct duck_result result;
    snprintf(sql, sizeof sql, "SET memory_limit='%lldB'", (long long)shared.memory);
    s->duck.query(s->connection, sql, &result);
    s->duck.destroy_result(&result);
}

static int64_t memory_of(const struct session *s)
{
    return qetl_option_int(s->env, "/memory_mib") * 1024 * 1024;
}

/* Another library than that of the others has a database of its own. */
static int32_t shared_join(struct session *s)
{
    int32_t status = QETL_OK;
    if (shared.users && shared.library != s->duck.library)
        return database_open(s);
    if (!shared.users)
        status = database_open(s);
    else if (connect_fails(s, shared.database))
        status = start_fault(s, NULL);
    if (status)
        return status;
    s->shares = true;
    if (!shared.users++) {
        shared.library = s->duck.library;
        shared.database = s->database;
    }
    s->database = shared.database;
    shared.memory += memory_of(s);
    memory_share(s);
    return QETL_OK;
}

int32_t session_share(struct session *s, struct qetl_env env)
{
    s->env = env;
    int32_t status = library_open(&s->duck, env);
    if (status)
        return status;
    pthread_mutex_lock(&shared.lock);
    status = shared_join(s);
    pthread_mutex_unlock(&shared.lock);
    return status;
}

int32_t session_once(struct session *s, int32_t (*make)(struct session *))
{
    int32_t status = QETL_OK;
    if (!s->shares)
        return make(s);
    pthread_mutex_lock(&shared.lock);
    if (!shared.made)
        status = make(s);
    shared.made = !status;
    pthread_mutex_unlock(&shared.lock);
    return status;
}

/* Whether the session was the last, whose database it now is. */
static bool shared_leave(struct session *s)
{
    pthread_mutex_lock(&shared.lock);
    shared.memory -= memory_of(s);
    bool last = --shared.users == 0;
    if (last)
        shared.made = false;
    pthread_mutex_unlock(&shared.lock);
    s->shares = false;
    return last;
}

void session_close(struct session *s)
{
    if (s->connection)
        s->duck.disconnect(&s->connection);
    if (s->database && (!s->shares || shared_leave(s)))
        s->duck.close(&s->database);
    s->connection = NULL;
    s->database = NULL;
}

void session_interrupt(struct session *s)
{
    struct duck_connection *connection = atomic_load(&s->interruptible);
    atomic_store(&s->interrupted, true);
    if (connection)
        s->duck.interrupt(connection);
}
