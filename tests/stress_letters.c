/* SPDX-License-Identifier: Apache-2.0 */
/* Letters are put by several threads while another seals epoch after epoch: none is lost or torn.
 */
#include "data/letter_file.h"
#include "data/letter_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 3, PUTS = 3000, EPOCHS = 30 };

static int passed, failed;

static void check(const char *what, long long got, long long wanted)
{
    passed += got == wanted;
    failed += got != wanted;
    if (got != wanted)
        printf("FAILED %s: %lld, wanted %lld\n", what, got, wanted);
}

static void *put_many(void *store)
{
    for (uint64_t i = 0; i < PUTS; i++) {
        struct qetl_letter *letter = qetl_letter_new("check", "a", "a reason", NULL);
        if (!letter)
            return "no memory";
        letter->epoch = 1 + i / 100;
        if (qetl_letter_store_put(store, letter))
            return "a letter was refused";
    }
    return NULL;
}

static int count(void *arg, const struct qetl_letter_line *line)
{
    static const char end[] = "\"message\":\"a reason\",\"not_replayable\":\"no_row\"}\n";
    size_t size = sizeof end - 1;
    int whole = line->size > size && memcmp(line->text + line->size - size, end, size) == 0;
    *(long long *)arg += whole;
    return 0;
}

int main(void)
{
    char path[] = "/tmp/stress-letters-XXXXXX";
    int fd = mkstemp(path), percent;
    pthread_t threads[THREADS];
    struct qetl_letter_length length = {0};
    int64_t before = 0;
    struct qetl_letter_store *store = qetl_letter_store_new(path, "pipe", true);
    for (int i = 0; i < THREADS; i++)
        check("thread", pthread_create(&threads[i], NULL, put_many, store), 0);
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        check("sealed", qetl_letter_store_seal(store, epoch, &length), 0);
        check("grows", length.last >= before, 1);
        before = length.last;
        qetl_letter_store_path(store);
        qetl_letter_store_alarmed(store, &percent);
    }
    for (int i = 0; i < THREADS; i++) {
        void *error;
        pthread_join(threads[i], &error);
        check(error ? error : "put", error == NULL, 1);
    }
    check("sealed", qetl_letter_store_seal(store, UINT64_MAX, &length), 0);
    check("closed", qetl_letter_store_close(store, true), 0);
    qetl_letter_store_free(store);
    check("numbers", length.last, THREADS * PUTS);
    long long lines = 0;
    FILE *in = fopen(path, "r");
    check("read", in ? qetl_letter_lines(in, count, &lines) : -1, 0);
    check("whole lines", lines, THREADS * PUTS);
    if (in)
        fclose(in);
    close(fd);
    unlink(path);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
