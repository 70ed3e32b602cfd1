/* SPDX-License-Identifier: Apache-2.0 */
#include "variables.h"

#include "suggest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct variable {
    char *name, *value;
};

struct qetl_variables {
    char *const *environment;
    const char *dir;
    struct variable *files; /* of all files, names once */
    size_t n_files;
    struct variable *secrets; /* that were read from the folder */
    size_t n_secrets;
};

struct qetl_variables *qetl_variables_new(char *const *environment)
{
    struct qetl_variables *variables = calloc(1, sizeof *variables);
    if (variables)
        variables->environment = environment;
    return variables;
}

static void variable_reset(struct variable *variable)
{
    free(variable->name);
    if (variable->value)
        explicit_bzero(variable->value, strlen(variable->value));
    free(variable->value);
}

void qetl_variables_free(struct qetl_variables *variables)
{
    if (!variables)
        return;
    for (size_t i = 0; i < variables->n_files; i++)
        variable_reset(&variables->files[i]);
    for (size_t i = 0; i < variables->n_secrets; i++)
        variable_reset(&variables->secrets[i]);
    free(variables->files);
    free(variables->secrets);
    free(variables);
}

void qetl_variables_secrets_dir(struct qetl_variables *variables, const char *dir)
{
    variables->dir = dir;
}

const char *qetl_variables_dir(const struct qetl_variables *variables)
{
    return variables->dir;
}

int qetl_variables_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int letter = ((name[i] | 32) >= 'a' && (name[i] | 32) <= 'z') || name[i] == '_';
        if (!letter && (i == 0 || name[i] < '0' || name[i] > '9'))
            return 0;
    }
    return size > 0;
}

static struct variable *find(struct variable *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

/* Takes the value, also when it answers NULL for want of memory. */
static struct variable *put(struct variable **items, size_t *count, const char *name, char *value)
{
    struct variable *variable = find(*items, *count, name);
    if (variable && value) {
        free(variable->value);
        variable->value = value;
        return variable;
    }
    struct variable *grown = reallocarray(*items, *count + 1, sizeof *grown);
    char *copy = strdup(name);
    if (grown)
        *items = grown;
    if (!grown || !copy || !value) {
        free(copy);
        free(value);
        return NULL;
    }
    grown[*count] = (struct variable){copy, value};
    return &grown[(*count)++];
}

int qetl_variables_put(struct qetl_variables *variables, const char *name, char *value)
{
    return put(&variables->files, &variables->n_files, name, value) ? 0 : -1;
}

static const char *environment_get(const struct qetl_variables *variables, const char *name)
{
    size_t size = strlen(name);
    for (char *const *at = variables->environment; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return *at + size + 1;
    return NULL;
}

const char *qetl_variables_get(const struct qetl_variables *variables, const char *name)
{
    const char *value = environment_get(variables, name);
    if (value)
        return value;
    const struct variable *variable = find(variables->files, variables->n_files, name);
    return variable ? variable->value : NULL;
}

/* Offers a copy of the name, and keeps it where it is the best so far. */
static void offer_copy(struct qetl_suggest *suggest, char **best, const char *name, size_t size)
{
    char *copy = strndup(name, size);
    if (copy)
        qetl_suggest_offer(suggest, copy);
    if (copy && suggest->best == copy) {
        free(*best);
        *best = copy;
    } else {
        free(copy);
    }
}

char *qetl_variables_near(const struct qetl_variables *variables, const char *name)
{
    struct qetl_suggest suggest;
    char *best = NULL;
    qetl_suggest_init(&suggest, name);
    for (size_t i = 0; i < variables->n_files; i++)
        offer_copy(&suggest, &best, variables->files[i].name, strlen(variables->files[i].name));
    for (char *const *at = variables->environment; at && *at; at++)
        offer_copy(&suggest, &best, *at, strcspn(*at, "="));
    return best;
}

/* ---- secrets ---- */

static int secret_name_good(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++)
        if (!qetl_variables_name(&name[i], 1) && !(name[i] >= '0' && name[i] <= '9') &&
            (i == 0 || !strchr(".-", name[i])))
            return 0;
    return size > 0 && size < 200;
}

/* Whoever owns the file can also close it to others; a mounted one is not ours to judge. */
static void check_mode(const char *path, const struct stat *status, struct qetl_findings *findings)
{
    if ((status->st_mode & 077) == 0 || status->st_uid != geteuid())
        return;
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_WARNING, "open_secret",
                         "others than you may read this secret (its mode is %03o)",
                         (unsigned)status->st_mode & 0777);
    qetl_finding_at(finding, path, 0, 0, NULL);
    qetl_finding_mend(finding, "chmod 600 %s", path);
}

/* One line end at the end is the editor's, not the secret's. */
static char *take_secret(char *text, size_t size, const char *path, char why[200])
{
    if (size > 0 && text[size - 1] == '\n')
        size -= size > 1 && text[size - 2] == '\r' ? 2 : 1;
    text[size] = '\0';
    json_t *json = json_stringn(text, size);
    const char *fault = size == 0                      ? "is empty"
                        : size > QETL_SECRET_BYTES     ? "is larger than 64 KiB"
                        : !json || strlen(text) < size ? "is not UTF-8 text"
                                                       : NULL;
    json_decref(json);
    if (!fault)
        return text;
    snprintf(why, 200, "%.150s %s", path, fault);
    explicit_bzero(text, size);
    free(text);
    return NULL;
}

static char *read_secret(const char *path, struct qetl_findings *findings, char why[200])
{
    struct stat status;
    char *text = malloc(QETL_SECRET_BYTES + 4);
    size_t size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, &status) ? errno : S_ISREG(status.st_mode) ? 0 : EINVAL;
    for (ssize_t n = 1; text && !error && n != 0 && size < QETL_SECRET_BYTES + 3;) {
        n = read(fd, text + size, QETL_SECRET_BYTES + 3 - size);
        error = n < 0 ? errno : 0;
        size += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    if (text && !error) {
        check_mode(path, &status, findings);
        return take_secret(text, size, path, why);
    }
    if (!text || error != ENOENT)
        snprintf(why, 200, "%.120s cannot be read: %.60s", path,
                 !text             ? "out of memory"
                 : error == EINVAL ? "it is no file"
                                   : strerror(error));
    free(text);
    return NULL;
}

static const char *secret_of_dir(struct qetl_variables *variables, const char *name,
                                 struct qetl_findings *findings, char why[200])
{
    const struct variable *known = find(variables->secrets, variables->n_secrets, name);
    char *path;
    if (known)
        return known->value;
    if (asprintf(&path, "%s/%s", variables->dir, name) < 0) {
        snprintf(why, 200, "out of memory");
        return NULL;
    }
    char *value = read_secret(path, findings, why);
    free(path);
    if (!value)
        return NULL;
    known = put(&variables->secrets, &variables->n_secrets, name, value);
    if (!known)
        snprintf(why, 200, "out of memory");
    return known ? known->value : NULL;
}

const char *qetl_variables_secret(struct qetl_variables *variables, const char *name,
                                  struct qetl_findings *findings, char why[200])
{
    const char *value = NULL;
    *why = '\0';
    if (variables->dir && secret_name_good(name))
        value = secret_of_dir(variables, name, findings, why);
    if (value || *why || !qetl_variables_name(name, strlen(name)))
        return value;
    value = qetl_variables_get(variables, name);
    if (value && !*value)
        snprintf(why, 200, "it is set to nothing");
    return value && *value ? value : NULL;
}
