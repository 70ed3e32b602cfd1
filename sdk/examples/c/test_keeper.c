/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test of keeper.c: what the service answers, and of which class that is. */
#include <qetl/testhost.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener;

/* Answers one line of the script to each line that comes; "HANG": it hangs up. */
static void *service_main(void *script)
{
    char line[200], **answers = script;
    FILE *caller = NULL;
    for (; *answers; answers++) {
        if (!caller && !(caller = fdopen(accept(listener, NULL, NULL), "r")))
            return NULL;
        if (!fgets(line, sizeof line, caller) || strcmp(*answers, "HANG") == 0) {
            fclose(caller);
            caller = NULL;
        } else {
            dprintf(fileno(caller), "%s\n", *answers);
        }
    }
    if (caller)
        fclose(caller);
    return NULL;
}

int main(void)
{
    char *script[] = {"OK", "BUSY 50", "OK", "NO room", "HANG", "OK", NULL}, options[40];
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    pthread_t service;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(listener, (struct sockaddr *)&at, sizeof at);
    getsockname(listener, (struct sockaddr *)&at, &size);
    snprintf(options, sizeof options, "{\"port\": %d}", ntohs(at.sin_port));

    static const char rows[] = "a|1\nb|2\nc|3\nno word|4\nd|5\n";
    struct qetl_rig *t = qetl_rig_open("./keeper.so", NULL, options);
    qetl_rig_input(t, 0, "key text, value text");
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, rows), QETL_E_RETRY_CALL); /* nobody listens */
    listen(listener, 1);
    pthread_create(&service, NULL, service_main, script);
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, rows), QETL_E_THROTTLED);  /* behind a */
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, rows), QETL_E_RETRY_CALL); /* behind c: it hung up */
    QETL_EXPECT_NUMBER(t, qetl_rig_feed(t, 0, rows), QETL_OK);
    QETL_EXPECT(t, qetl_rig_rejects(t),
                "2|-1|refused|the service says: NO room\n3|0|bad_key|a key is a word, and a value "
                "one line\n");
    pthread_join(service, NULL);
    close(listener);
    return qetl_rig_close(t) != 0;
}
