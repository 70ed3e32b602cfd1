/* SPDX-License-Identifier: Apache-2.0 */
/* Instances that are played: which of the recording's, with which options. */
#include "playback_internal.h"

#include "config/mask.h"
#include "config/pointer.h"
#include "host/host.h"
#include "plugin/loader.h"
#include "plugin/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static int setting_refuse(struct replay *replay, const char *setting, const char *why)
{
    struct qetl_finding *finding =
        qetl_finding_add(replay->findings, QETL_ERROR, "bad_setting", "--set %.*s: %s",
                         (int)strcspn(setting, "="), setting, why);
    qetl_finding_mend(finding, "name an option of the component, as in -s path=copy.csv");
    return -1;
}

/* JSON where it is some, else text. */
static json_t *setting_value(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_string(text);
}

static int setting_apply(struct replay *replay, const struct qetl_manifest_component *component,
                         json_t *options, const char *setting)
{
    char key[256];
    const char *equals = strchr(setting, '=');
    size_t size = equals ? (size_t)(equals - setting) : 0;
    if (!size || size >= sizeof key)
        return setting_refuse(replay, setting, "it is not PATH=VALUE");
    memcpy(key, setting, size);
    key[size] = 0;
    json_t *holder = options;
    const json_t *known = json_object_get(component->options, "properties");
    char *step = key;
    for (char *dot; (dot = strchr(step, '.')); step = dot + 1) {
        *dot = 0;
        known = json_object_get(json_object_get(known, step), "properties");
        holder = json_object_get(holder, step);
    }
    if (!json_is_object(holder) || (known && !json_object_get(known, step)))
        return setting_refuse(replay, setting, "the component has no such option");
    return json_object_set_new(holder, step, setting_value(equals + 1));
}

static bool holds_mask(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_string(value))
        return strstr(json_string_value(value), QETL_MASK_SIGN) != NULL;
    if (json_is_array(value))
        json_array_foreach ((json_t *)value, i, member)
            if (holds_mask(member))
                return true;
    if (json_is_object(value))
        json_object_foreach ((json_t *)value, key, member)
            if (holds_mask(member))
                return true;
    return false;
}

/* A secret was not kept: whoever replays has to give one. */
static int check_secrets(struct replay *replay, const struct player *player)
{
    const char *key;
    json_t *value;
    json_object_foreach (player->use.options, key, value) {
        if (!holds_mask(value))
            continue;
        struct qetl_finding *finding =
            qetl_finding_add(replay->findings, QETL_ERROR, "secret_needed",
                             "option `%s` of %s held a secret, which was not recorded", key,
                             player->recorded->component);
        qetl_finding_mend(finding, "give one: -s %s=VALUE", key);
        return -1;
    }
    return 0;
}

/* What is written then would be written again. */
static int check_target(struct replay *replay, const struct player *player)
{
    if (player->recorded->kind != QETL_SINK || replay->options->n_settings)
        return 0;
    struct qetl_finding *finding = qetl_finding_add(
        replay->findings, QETL_ERROR, "same_target",
        "%s is a sink: played with the options that it had, it would write to what "
        "it wrote to then",
        player->recorded->component);
    qetl_finding_mend(finding, "name another target: -s path=/tmp/replayed.csv");
    return -1;
}

/* ---- players ---- */

static bool env_endless(void *arg)
{
    const struct player *player = arg;
    return player->endless;
}

static void env_output(void *arg, const char *uri, int64_t rows, int64_t bytes)
{
    (void)arg, (void)uri, (void)rows, (void)bytes; /* the border has told it */
}

static void env_log(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static void env_fill(struct replay *replay, struct player *player)
{
    const struct qetl_recording *recording = replay->options->recording;
    player->env = (struct qetl_instance_env){
        .pool = replay->pool,
        .parker = &replay->parker,
        .poller = replay->poller,
        .stopping = &replay->stopping,
        .epoch_requests = &replay->epoch_requests,
        .log = env_log,
        .endless = env_endless,
        .output = env_output,
        .arg = player,
        .timezone = recording->timezone,
        .now_us = recording->now_us,
    };
}

static int player_load(struct replay *replay, struct player *player,
                       const struct qetl_manifest_component *component)
{
    const struct qetl_component *own;
    player->use.plugin = component;
    player->use.options = json_loads(player->recorded->options, 0, NULL);
    player->node.id = (char *)player->recorded->component;
    player->node.kind = player->recorded->kind;
    player->node.use = player->use;
    env_fill(replay, player);
    if (!json_is_object(player->use.options)) {
        qetl_finding_add(replay->findings, QETL_ERROR, "bad_recording",
                         "the options of %s are no JSON object", player->recorded->component);
        return -1;
    }
    for (size_t i = 0; i < replay->options->n_settings; i++)
        if (setting_apply(replay, component, player->use.options, replay->options->settings[i]))
            return -1;
    if (check_secrets(replay, player) || check_target(replay, player) ||
        qetl_load_component(component, &qetl_host_table, NULL, &own, replay->findings))
        return -1;
    player->component = qetl_border_exchange(replay->border, own);
    if (player->component)
        player->ctx =
            qetl_instance_new(&player->env, &player->node, &player->use, player->component);
    if (player->ctx)
        return 0;
    qetl_findings_no_memory(replay->findings);
    return -1;
}

static const struct qetl_manifest_component *played_by(const struct replay *replay,
                                                       const struct qetl_recorded_guest *guest)
{
    const struct qetl_manifest *plugin = replay->options->plugin;
    const char *component = replay->options->component;
    if (component && strcmp(component, guest->component) != 0)
        return NULL;
    for (size_t i = 0; i < plugin->n_components; i++)
        if (plugin->components[i].kind == guest->kind &&
            strcmp(plugin->components[i].id, guest->id) == 0)
            return &plugin->components[i];
    return NULL;
}

static int nobody(struct replay *replay)
{
    const struct qetl_recording *recording = replay->options->recording;
    char list[256] = "";
    for (size_t i = 0; i < recording->n_guests; i++) {
        char one[96];
        snprintf(one, sizeof one, "%s (%s %s)", recording->guests[i].component,
                 qetl_kind_name(recording->guests[i].kind)
                     ? qetl_kind_name(recording->guests[i].kind)
                     : "?",
                 recording->guests[i].id);
        if (!strstr(list, one) && strlen(list) + strlen(one) + 3 < sizeof list)
            sprintf(list + strlen(list), "%s%s", *list ? ", " : "", one);
    }
    struct qetl_finding *finding = qetl_finding_add(
        replay->findings, QETL_ERROR, "nothing_to_replay",
        "the recording has no instance that plugin '%s' could play", replay->options->plugin->id);
    qetl_finding_mend(finding, "it has %s", *list ? list : "none at all");
    return -1;
}

int qetl_players_make(struct replay *replay)
{
    const struct qetl_recording *recording = replay->options->recording;
    replay->players = calloc(recording->n_guests + 1, sizeof *replay->players);
    if (!replay->players) {
        qetl_findings_no_memory(replay->findings);
        return -1;
    }
    for (size_t i = 0; i < recording->n_guests; i++) {
        const struct qetl_manifest_component *component = played_by(replay, &recording->guests[i]);
        if (!component)
            continue;
        struct player *player = &replay->players[replay->n_players++];
        player->recorded = &recording->guests[i];
        if (player_load(replay, player, component))
            return -1;
    }
    return replay->n_players ? 0 : nobody(replay);
}

void qetl_players_free(struct replay *replay)
{
    for (size_t i = 0; i < replay->n_players; i++) {
        struct player *player = &replay->players[i];
        if (player->ctx)
            qetl_instance_stop(player->ctx);
        qetl_instance_free(player->ctx);
        qetl_buffer_free(player->chunk);
        json_decref(player->use.options);
        for (size_t h = 0; h < player->n_handles; h++)
            free((void *)player->handles[h].data);
        free(player->handles);
        free(player->recorded_handles);
        free(player->handle_epochs);
    }
    free(replay->players);
}
