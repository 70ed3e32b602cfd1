/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that puts keys and values into a small service, a line each: "PUT key value" is answered
 * by "OK", by "BUSY 200" (come again in so many milliseconds), or by "NO", with a reason. Shows
 * which failure is of which class: what is answered decides what the host does next. */
#include <qetl/row_sink.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("keeper.qetl.json");

struct keeper {
    struct qetl_row row;
    int64_t port;
    FILE *answers; /* of the service, NULL: not connected */
};

static const struct qetl_option_field options[] = {
    {"/port", QETL_OPTION_INT, offsetof(struct keeper, port), NULL, "1..65535"},
};

static void keeper_close(void *self)
{
    struct keeper *k = self;
    if (k->answers)
        fclose(k->answers);
    k->answers = NULL;
}

/* Nobody listens yet, or not now: the call is made again, with growing waits. */
static int32_t keeper_connect(struct keeper *k)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)k->port)};
    struct timeval patience = {.tv_sec = 10};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof at) &&
        (k->answers = fdopen(fd, "r")))
        return QETL_OK;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return qetl_fail(k->row.env, QETL_E_RETRY_CALL, "/port", "is the service up?", "port %lld: %s",
                     (long long)k->port, strerror(error));
}

/* The line is gone, perhaps with the answer to a row that was kept: to put a key twice does no
 * harm, so the row may come again. A service that adds up would have to lose the whole epoch
 * instead (QETL_E_RETRY_EPOCH), and to take back what it was given since the last one. */
static int32_t fail_lost(struct keeper *k)
{
    keeper_close(k);
    return qetl_fail(k->row.env, QETL_E_RETRY_CALL, NULL, NULL, "the service hung up");
}

static int32_t keeper_row(void *self)
{
    struct keeper *k = self;
    struct qetl_text key = qetl_row_text(&k->row, 0), value = qetl_row_text(&k->row, 1);
    char answer[200] = "";
    long long wait_ms;
    if (!key.size || memchr(key.data, ' ', (size_t)key.size) ||
        memchr(key.data, '\n', (size_t)key.size) ||
        (value.size && memchr(value.data, '\n', (size_t)value.size)))
        return qetl_row_reject(&k->row, 0, "bad_key", "a key is a word, and a value one line");
    int32_t status = k->answers ? QETL_OK : keeper_connect(k);
    if (status)
        return status;
    if (dprintf(fileno(k->answers), "PUT %.*s %.*s\n", (int)key.size, key.data, (int)value.size,
                value.data) < 0 ||
        !fgets(answer, sizeof answer, k->answers))
        return fail_lost(k);
    answer[strcspn(answer, "\n")] = 0;
    if (sscanf(answer, "BUSY %lld", &wait_ms) == 1)
        return qetl_fail_throttled(k->row.env, wait_ms, "/port", "the service is busy");
    if (strncmp(answer, "NO", 2) == 0)
        return qetl_row_reject(&k->row, -1, "refused", "the service says: %s", answer);
    return QETL_OK;
}

static int32_t keeper_open(void *self, const struct ArrowSchema *schema)
{
    const struct keeper *k = self;
    char names[2][32] = {"", ""};
    for (int64_t i = 0; i < schema->n_children && i < 2; i++)
        qetl_type_name(schema->children[i], names[i], sizeof names[i]);
    return schema->n_children == 2 && !strcmp(names[0], "text") && !strcmp(names[1], "text")
               ? QETL_OK
               : qetl_fail(k->row.env, QETL_E_CONFIG, NULL, "choose and cast them with select",
                           "a key and a value are needed, two columns of text");
}

static const struct qetl_row_sink keeper = {
    .delivery = QETL_IDEMPOTENT,
    .options = QETL_TABLE(options),
    .open = keeper_open,
    .row = keeper_row,
    .close = keeper_close,
};

QETL_ROW_SINK(keeper, "keeper", struct keeper)
QETL_PLUGIN("keeper", "0.1.0", &keeper_component)
