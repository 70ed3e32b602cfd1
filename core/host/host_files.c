/* SPDX-License-Identifier: Apache-2.0 */
/* The extension qetl.files: what lies beside the plugin's library, as it was installed. */
#include "host.h"
#include "instance.h"

#include "plugin/companion.h"

#include <qetl/files.h>

#include <errno.h>
#include <string.h>

static const char *why(int error)
{
    return error == EBADMSG  ? "it is not the file that was installed: it was changed, or damaged"
           : error == EINVAL ? "the name leads out of the plugin's folder"
           : error == EPERM  ? "anyone on this machine may change it"
                             : strerror(error);
}

static const char *mend(const struct qetl_manifest *plugin, int error)
{
    return error == EBADMSG  ? "install the package again, and look who may write there"
           : error == EINVAL ? "this is the plugin's mistake: tell its author"
           : error == EPERM  ? "chmod o-w, or keep the plugin elsewhere"
           : plugin->sealed  ? "install the package again"
                             : "install the plugin again, with all its files";
}

static int32_t fail(struct qetl_ctx *ctx, const char *path, int error)
{
    const struct qetl_manifest *plugin = ctx->use->plugin->plugin;
    return qetl_fail(qetl_instance_sdk_env(ctx),
                     error == ENOMEM ? QETL_E_NO_MEMORY : QETL_E_ENVIRONMENT, NULL,
                     mend(plugin, error), "the file %s of the plugin %s %s cannot be read: %s",
                     path, plugin->id, plugin->version, why(error));
}

static int32_t files_open(struct qetl_ctx *ctx, const char *path, int32_t *fd)
{
    int error = qetl_companion_open(ctx->use->plugin->plugin, path, fd);
    return !error || error == ENOENT ? QETL_OK : fail(ctx, path, error);
}

static int name_write(void *arg, const char *name)
{
    const struct qetl_writer *names = arg;
    return names->write(names->stream, name, strlen(name));
}

static int32_t files_list(struct qetl_ctx *ctx, const char *folder, const struct qetl_writer *names)
{
    int error;
    struct qetl_writer out = *names;
    int32_t status =
        qetl_companion_list(ctx->use->plugin->plugin, folder, name_write, &out, &error);
    return error ? fail(ctx, *folder ? folder : ".", error) : status;
}

const struct qetl_files qetl_host_files = {
    .struct_size = sizeof(struct qetl_files),
    .open = files_open,
    .list = files_list,
};
