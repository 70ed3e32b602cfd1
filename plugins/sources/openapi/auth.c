/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"

#include "notes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* "${secret:NAME}" */
static void secret_put(const struct document *d, json_t *auth, const char *option,
                       const char *scheme, const char *what)
{
    char name[200];
    snprintf(name, sizeof name, "%.150s%s%s", scheme, *what ? "_" : "", what);
    for (char *c = name; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    char *variable = variable_of("secret:", name);
    put(d, auth, option, variable ? json_string(variable) : NULL);
    free(variable);
}

static json_t *bearer(const struct document *d, const char *name)
{
    json_t *auth = json_pack("{s:s}", "kind", "bearer");
    secret_put(d, auth, "token", name, "");
    return auth;
}

static json_t *http_auth(const struct document *d, const json_t *scheme, const char *name,
                         json_t *notes)
{
    if (strcasecmp(text_at(scheme, "scheme"), "bearer") == 0)
        return bearer(d, name);
    if (strcasecmp(text_at(scheme, "scheme"), "basic") != 0) {
        note(d, notes, "auth: the scheme `%s` is not known: see `headers`",
             text_at(scheme, "scheme"));
        return NULL;
    }
    json_t *auth = json_pack("{s:s}", "kind", "basic");
    char *user = variable_of("", "API_USER");
    put(d, auth, "user", user ? json_string(user) : NULL);
    secret_put(d, auth, "password", name, "PASSWORD");
    free(user);
    return auth;
}

static json_t *key_auth(const struct document *d, const json_t *scheme, const char *name,
                        json_t *notes)
{
    const char *in = text_at(scheme, "in");
    if (strcmp(in, "header") != 0 && strcmp(in, "query") != 0) {
        note(d, notes, "auth: the key `%s` stands in a %s: see `headers`", text_at(scheme, "name"),
             *in ? in : "place that is not said");
        return NULL;
    }
    json_t *auth = json_pack("{s:s}", "kind", in);
    put(d, auth, "name", plain_text(text_at(scheme, "name")));
    secret_put(d, auth, "key", name, "");
    return auth;
}

static json_t *oauth(const struct document *d, const json_t *scheme, const char *name,
                     json_t *scopes, json_t *notes)
{
    const json_t *flow = json_object_get(json_object_get(scheme, "flows"), "clientCredentials");
    char words[512] = "";
    const json_t *scope;
    size_t i;
    if (!*text_at(flow, "tokenUrl")) {
        note(d, notes,
             "auth: tokens of `%s` are given to people: this takes one that is there; "
             "oauth2_refresh and jwt can renew it",
             name);
        return bearer(d, name);
    }
    json_array_foreach (scopes, i, scope)
        if (json_is_string(scope) && strlen(words) + json_string_length(scope) + 2 < sizeof words)
            strcat(strcat(words, *words ? " " : ""), json_string_value(scope));
    json_t *auth = json_pack("{s:s, s:o}", "kind", "oauth2", "token_url",
                             plain_text(text_at(flow, "tokenUrl")));
    secret_put(d, auth, "client_id", name, "CLIENT_ID");
    secret_put(d, auth, "client_secret", name, "CLIENT_SECRET");
    if (*words)
        put(d, auth, "scope", plain_text(words));
    return auth;
}

static json_t *scheme_auth(const struct document *d, const char *name, json_t *scopes,
                           json_t *notes)
{
    const json_t *schemes =
        json_object_get(json_object_get(d->root, "components"), "securitySchemes");
    const json_t *scheme = document_at(d, json_object_get(schemes, name));
    const char *type = text_at(scheme, "type");
    if (strcmp(type, "http") == 0)
        return http_auth(d, scheme, name, notes);
    if (strcmp(type, "apiKey") == 0)
        return key_auth(d, scheme, name, notes);
    if (strcmp(type, "oauth2") == 0)
        return oauth(d, scheme, name, scopes, notes);
    if (strcmp(type, "openIdConnect") == 0)
        return bearer(d, name);
    if (strcmp(type, "mutualTLS") == 0)
        note(d, notes, "auth: the service wants a certificate: see `tls_cert` and `tls_key`");
    else
        note(d, notes, "auth: #/components/securitySchemes/%s is %s", name,
             scheme ? "of a type that is not known" : "missing");
    return NULL;
}

/* The first way in, as each of the list will do; an empty one says that nobody needs to say who he
 * is. Of a way that wants several things at once the first. */
json_t *auth_of(const struct document *d, const json_t *operation, json_t *notes)
{
    const json_t *ways = json_object_get(operation, "security");
    const json_t *way = json_array_get(ways ? ways : json_object_get(d->root, "security"), 0);
    const char *name;
    json_t *scopes;
    if (json_object_size(way) > 1)
        note(d, notes,
             "auth: the service wants several things at once, of which this is the first");
    json_object_foreach ((json_t *)way, name, scopes)
        return scheme_auth(d, name, scopes, notes);
    return NULL;
}
