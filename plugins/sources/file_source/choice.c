/* SPDX-License-Identifier: Apache-2.0 */
#include "choice.h"

#include "fault.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const int64_t SECOND_NS = 1000000000;

/* ---- Times ---- */

/* "36h": how many nanoseconds; false: it is none. */
static bool age_read(const char *text, int64_t *ns)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    long long count = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0)
            return !__builtin_mul_overflow(count, units[i].seconds * SECOND_NS, ns);
    return false;
}

/* "Z", "+02:00" or nothing, which is Z. */
static bool zone_read(const char *text, int64_t *seconds)
{
    int hours, minutes, length = 0;
    *seconds = 0;
    if (!*text || strcmp(text, "Z") == 0)
        return true;
    if ((*text != '+' && *text != '-') ||
        sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &length) != 2 || length != 5 || text[6])
        return false;
    *seconds = (hours * 60 + minutes) * (*text == '-' ? -60 : 60);
    return hours < 24 && minutes < 60;
}

/* "2024-01-31", "2024-01-31T10:00:00Z" */
static bool time_read(const char *text, int64_t *ns)
{
    struct tm tm = {0}, wanted;
    int date = 0, clock = 0;
    int64_t zone = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &date) != 3 ||
        date != 10)
        return false;
    const char *rest = text + date;
    if (*rest &&
        ((*rest != 'T' && *rest != ' ') ||
         sscanf(rest + 1, "%2d:%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &clock) != 3 ||
         clock != 8 || !zone_read(rest + 9, &zone)))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    wanted = tm;
    time_t seconds = timegm(&tm);
    if (tm.tm_mday != wanted.tm_mday || tm.tm_mon != wanted.tm_mon || tm.tm_hour != wanted.tm_hour)
        return false; /* the 31st of February */
    return !__builtin_mul_overflow((int64_t)seconds - zone, SECOND_NS, ns);
}

static int32_t moment_read(struct qetl_env env, const char *option, struct moment *out)
{
    const char *text = qetl_option_text(env, option);
    *out = (struct moment){.given = text != NULL};
    if (!text)
        return QETL_OK;
    out->ago = age_read(text, &out->ns);
    if (out->ago || time_read(text, &out->ns))
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, option,
                     "write 2024-01-31, 2024-01-31T10:00:00Z, or how long ago: 30s, 15min, 36h, 7d",
                     "\"%s\" is neither a time nor an age", text);
}

static int64_t moment_ns(const struct moment *moment, int64_t now_ns)
{
    return moment->ago ? now_ns - moment->ns : moment->ns;
}

static int64_t modified_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * SECOND_NS + st->st_mtim.tv_nsec;
}

void choice_age(const struct choice *c, struct names *files, int64_t first)
{
    struct timespec now;
    int64_t kept = first;
    if (!c->since.given && !c->before.given)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ns = (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
    for (int64_t i = first; i < files->count; i++) {
        struct stat st;
        char *name = files->items[i];
        bool known = stat(name, &st) == 0; /* else opening will say why */
        if (known && ((c->since.given && modified_ns(&st) < moment_ns(&c->since, now_ns)) ||
                      (c->before.given && modified_ns(&st) >= moment_ns(&c->before, now_ns))))
            free(name);
        else
            files->items[kept++] = name;
    }
    files->count = kept;
}

/* ---- Order ---- */

struct ranked {
    char *name;
    int64_t rank;
    const struct choice *choice;
};

/* Numbers within the names by their value: part-2 before part-10. */
static int natural_compare(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
            int order = n != m ? (n < m ? -1 : 1) : memcmp(a, b, n);
            if (order)
                return order;
            a += n;
            b += m;
        } else if (*a != *b) {
            break;
        } else {
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int ranked_compare(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    int order = a->rank < b->rank ? -1 : a->rank > b->rank;
    if (a->choice->order == ORDER_NATURAL)
        order = natural_compare(a->name, b->name);
    if (!order)
        order = strcmp(a->name, b->name);
    return a->choice->descending ? -order : order;
}

static int64_t rank_of(enum order order, const char *name, int64_t at)
{
    struct stat st;
    if (order == ORDER_NAME)
        return at;
    if (order == ORDER_NATURAL || stat(name, &st) != 0)
        return 0;
    return order == ORDER_SIZE ? (int64_t)st.st_size : modified_ns(&st);
}

int choice_sort(const struct choice *c, struct names *files)
{
    if (c->order == ORDER_NAME && !c->descending)
        return 0;
    struct ranked *ranked = calloc((size_t)files->count + 1, sizeof *ranked);
    if (!ranked)
        return ENOMEM;
    for (int64_t i = 0; i < files->count; i++)
        ranked[i] = (struct ranked){files->items[i], rank_of(c->order, files->items[i], i), c};
    qsort(ranked, (size_t)files->count, sizeof *ranked, ranked_compare);
    for (int64_t i = 0; i < files->count; i++)
        files->items[i] = ranked[i].name;
    free(ranked);
    return 0;
}

/* ---- Options ---- */

static enum order order_of(const char *word)
{
    static const char *const words[] = {"name", "natural", "modified", "size"};
    for (int i = 0; word && i < 4; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum order)i;
    return ORDER_NAME;
}

static int32_t exclude_read(struct choice *c, struct qetl_env env)
{
    bool list = qetl_option_kind(env, "/exclude") == QETL_OPTION_LIST;
    int64_t count = list ? qetl_option_count(env, "/exclude") : qetl_option_given(env, "/exclude");
    for (int64_t i = 0; i < count; i++) {
        char option[40] = "/exclude";
        if (list)
            snprintf(option, sizeof option, "/exclude/%lld", (long long)i);
        const char *pattern = qetl_option_text(env, option);
        if (pattern && names_add(&c->exclude, pattern))
            return fault_memory(env);
    }
    return QETL_OK;
}

static bool option_is(struct qetl_env env, const char *option, const char *word)
{
    const char *text = qetl_option_text(env, option);
    return text && strcmp(text, word) == 0;
}

int32_t choice_read(struct choice *c, struct qetl_env env)
{
    *c = (struct choice){.order = order_of(qetl_option_text(env, "/order")),
                         .descending = qetl_option_bool(env, "/descending"),
                         .skip_unreadable = option_is(env, "/unreadable", "skip"),
                         .none_is_fine = option_is(env, "/no_match", "empty")};
    c->rules = (struct glob_rules){
        .exclude = &c->exclude,
        .hidden = qetl_option_bool(env, "/hidden"),
        .skip_links = option_is(env, "/symlinks", "skip"),
        .depth = qetl_option_given(env, "/depth") ? (int)qetl_option_int(env, "/depth") : -1,
        .unreadable = c->skip_unreadable ? &c->unreadable : NULL};
    int32_t status = exclude_read(c, env);
    if (status == QETL_OK)
        status = moment_read(env, "/modified_since", &c->since);
    return status ? status : moment_read(env, "/modified_before", &c->before);
}

void choice_free(struct choice *c)
{
    names_free(&c->exclude);
    names_free(&c->unreadable);
}
