/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct http_common *all; /* under all_lock */

/* ---- keys ---- */

bool http_key_begin(struct http_key *key, const char *what)
{
    *key = (struct http_key){0};
    key->out = open_memstream(&key->text, &key->size);
    if (key->out)
        fprintf(key->out, "%s\n", what);
    return key->out;
}

static void members_put(struct http_key *key, struct qetl_env env, const char *pointer, bool named)
{
    char below[400], index[24];
    int64_t count = qetl_option_count(env, pointer);
    fprintf(key->out, "%lld:", (long long)count);
    for (int64_t i = 0; i < count; i++) {
        snprintf(index, sizeof index, "%lld", (long long)i);
        const char *name = named ? qetl_option_key(env, pointer, i) : index;
        if (name && !qetl_option_pointer(below, sizeof below, pointer, name))
            http_key_option(key, env, below);
    }
}

void http_key_option(struct http_key *key, struct qetl_env env, const char *pointer)
{
    int32_t kind = qetl_option_kind(env, pointer);
    const char *text;
    fprintf(key->out, "%s %d ", pointer, (int)kind);
    switch (kind) {
    case QETL_OPTION_TEXT:
        text = qetl_option_text(env, pointer);
        fprintf(key->out, "%zu:%s", strlen(text), text);
        break;
    case QETL_OPTION_INT:
        fprintf(key->out, "%lld", (long long)qetl_option_int(env, pointer));
        break;
    case QETL_OPTION_REAL:
        fprintf(key->out, "%.17g", qetl_option_real(env, pointer));
        break;
    case QETL_OPTION_BOOL:
        fputc(qetl_option_bool(env, pointer) ? '1' : '0', key->out);
        break;
    case QETL_OPTION_LIST:
    case QETL_OPTION_OBJECT:
        members_put(key, env, pointer, kind == QETL_OPTION_OBJECT);
        break;
    default:
        break;
    }
    fputc('\n', key->out);
}

/* Only a digest is kept, as there are secrets in it. */
static bool key_end(struct http_key *key, char out[SIGN_HEX])
{
    bool fine = !fclose(key->out) && key->text;
    if (fine) {
        sign_sha256_hex(key->text, key->size, out);
        explicit_bzero(key->text, key->size);
    }
    free(key->text);
    *key = (struct http_key){0};
    return fine;
}

/* ---- those that there are ---- */

static void discard(struct http_common *one)
{
    one->class->clear(one);
    pthread_mutex_destroy(&one->lock);
    free(one);
}

static struct http_common *find(const struct http_common_class *class, const char *key)
{
    struct http_common *one = all;
    while (one && (one->class != class || memcmp(one->key, key, SIGN_HEX) != 0))
        one = one->next;
    return one;
}

static int32_t make(const struct http_common_class *class, const char *key, struct qetl_env env,
                    const void *arg, struct http_common **out)
{
    struct http_common *one = calloc(1, class->size);
    if (!one)
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for requests over HTTP");
    one->class = class;
    memcpy(one->key, key, SIGN_HEX);
    pthread_mutex_init(&one->lock, NULL);
    int32_t status = class->make(one, env, arg);
    if (status) {
        discard(one);
        return status;
    }
    one->next = all;
    all = *out = one;
    return QETL_OK;
}

int32_t http_common_join(struct http_key *key, const struct http_common_class *class,
                         struct qetl_env env, const void *arg, struct http_common **out)
{
    char digest[SIGN_HEX];
    int32_t status = QETL_OK;
    if (!key_end(key, digest))
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for requests over HTTP");
    pthread_mutex_lock(&all_lock);
    *out = find(class, digest);
    if (!*out)
        status = make(class, digest, env, arg, out);
    if (!status)
        (*out)->users++;
    pthread_mutex_unlock(&all_lock);
    return status;
}

static void take_out(struct http_common *one)
{
    struct http_common **at = &all;
    while (*at != one)
        at = &(*at)->next;
    *at = one->next;
}

void http_common_leave(struct http_common *one)
{
    if (!one)
        return;
    pthread_mutex_lock(&all_lock);
    bool gone = --one->users == 0 && !(one->class->rest && one->class->rest(one));
    if (gone)
        take_out(one);
    pthread_mutex_unlock(&all_lock);
    if (gone)
        discard(one);
}

__attribute__((destructor)) static void all_discard(void)
{
    while (all && !all->users) { /* whoever uses one still frees it */
        struct http_common *one = all;
        all = one->next;
        discard(one);
    }
}
