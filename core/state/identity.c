/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    FILE *out;
    int count;
};

static void list(struct listing *listing, const char *component, const char *what)
{
    fprintf(listing->out, "%s%s (%s)", listing->count++ ? ", " : "", component, what);
}

/* The members that differ, where a component has members: "plugin and options". */
static void list_changed(struct listing *listing, const char *component, json_t *before,
                         json_t *now)
{
    char words[256] = "";
    const char *key;
    json_t *value;
    json_object_foreach (now, key, value) {
        size_t used = strlen(words);
        if (!json_equal(value, json_object_get(before, key)))
            snprintf(words + used, sizeof words - used, "%s%s", used ? " and " : "", key);
    }
    list(listing, component, *words ? words : "changed");
}

static void compare(struct listing *listing, json_t *before, json_t *now)
{
    const char *key;
    json_t *value, *other;
    json_object_foreach (now, key, value) {
        other = json_object_get(before, key);
        if (!other)
            list(listing, key, "new");
        else if (!json_equal(value, other))
            list_changed(listing, key, other, value);
    }
    json_object_foreach (before, key, value)
        if (!json_object_get(now, key))
            list(listing, key, "gone");
}

int qetl_state_identity_compare(const char *before, const char *now, char **changes)
{
    size_t size;
    int error = ENOMEM;
    struct listing listing = {0};
    *changes = NULL;
    if (strcmp(before, now) == 0)
        return 0;
    json_t *old = json_loads(before, 0, NULL), *new = json_loads(now, 0, NULL);
    listing.out = old && new ? open_memstream(changes, &size) : NULL;
    if (!listing.out)
        goto out;
    compare(&listing, old, new);
    error = fclose(listing.out) ? ENOMEM : 0;
    if (error || !listing.count) {
        free(*changes);
        *changes = NULL;
    }
out:
    json_decref(old);
    json_decref(new);
    return error;
}
