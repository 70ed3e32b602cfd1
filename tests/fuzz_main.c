/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzzer without libFuzzer: the files of tests/corpus/NAME, then seeded mutations of them
 * for at most some seconds. Usage: fuzz_NAME.t [FILE…]; QETL_FUZZ_RUNS, QETL_FUZZ_SEED,
 * QETL_FUZZ_SECONDS.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS_MAX = 4096, ROOM = 4096 };

struct input {
    uint8_t *data;
    size_t size;
};

static struct input inputs[INPUTS_MAX];
static size_t n_inputs;
static uint64_t state;

static uint64_t random_next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int input_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;
    size_t got = 1;

    while (file && got > 0) {
        uint8_t *grown = realloc(data, size + ROOM);
        if (!grown)
            break;
        data = grown;
        got = fread(data + size, 1, ROOM, file);
        size += got;
    }
    if (!file || got > 0 || n_inputs == INPUTS_MAX) {
        fprintf(stderr, "cannot read %s\n", path);
        free(data);
        if (file)
            fclose(file);
        return -1;
    }
    fclose(file);
    inputs[n_inputs++] = (struct input){data, size};
    return 0;
}

static int corpus_read(const char *program)
{
    const char *base = strrchr(program, '/');
    const char *source = getenv("QETL_SOURCE");
    char folder[4096];
    int status = 0;

    base = base ? base + 1 : program;
    base += strncmp(base, "fuzz_", 5) == 0 ? 5 : 0;
    snprintf(folder, sizeof folder, "%s/tests/corpus/%.*s", source ? source : ".",
             (int)strcspn(base, "."), base);
    struct dirent **entries; /* in one order wherever the folder lies: the seed says the rest */
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && !status)
            status = input_read(path);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return status;
}

/* What is being tried, for who looks for the reason: in base 16, so that a log can hold it. */
static const uint8_t *trying;
static size_t trying_size;

static void tell(void)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * ROOM + 1];
    size_t n = trying_size < ROOM ? trying_size : ROOM;
    for (size_t i = 0; i < n; i++) {
        line[2 * i] = digits[trying[i] >> 4];
        line[2 * i + 1] = digits[trying[i] & 15];
    }
    line[2 * n] = '\n';
    if (write(STDERR_FILENO, line, 2 * n + 1) < 0)
        _exit(1);
}

static void aborted(int number)
{
    tell();
    signal(number, SIG_DFL);
    raise(number);
}

/* A sanitizer's, where the program has one; it ends the program in its own way. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*)(void));

/* Handed over in a block of its own size, so that a sanitizer sees a read beyond it. */
static void input_try(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size)
        memcpy(copy, data, size);
    trying = copy;
    trying_size = size;
    LLVMFuzzerTestOneInput(copy, size);
    trying_size = 0;
    free(copy);
}

static void mutation_try(void)
{
    static const char words[] =
        "\"\",;\n\r\n\\u0000{}[]:'$%&0.9e-+\xff\xc3\xa9\xef\xbb\xbf\0NULL true";
    const struct input *origin = n_inputs ? &inputs[random_next() % n_inputs] : NULL;
    size_t size = origin ? origin->size : random_next() % 64;
    uint8_t *data = malloc(size + 16);
    if (!data)
        abort();
    if (origin && size)
        memcpy(data, origin->data, size);
    for (size_t i = 0; !origin && i < size; i++)
        data[i] = (uint8_t)words[random_next() % sizeof words];
    for (uint64_t n = 1 + random_next() % 6; n > 0; n--) {
        size_t at = size ? random_next() % size : 0;
        switch (random_next() % 4) {
        case 0:
            size = size ? at : 0;
            break;
        case 1:
            data[size] = (uint8_t)words[random_next() % sizeof words];
            size++;
            break;
        case 2:
            if (size)
                data[at] = (uint8_t)words[random_next() % sizeof words];
            break;
        default:
            if (size)
                data[at] ^= (uint8_t)(1u << random_next() % 8);
        }
    }
    input_try(data, size);
    free(data);
}

static unsigned long long setting(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* How many mutations were tried. */
static unsigned long long mutate(void)
{
    unsigned long long runs = setting("QETL_FUZZ_RUNS", 20000);
    time_t end = time(NULL) + (time_t)setting("QETL_FUZZ_SECONDS", 8);
    unsigned long long n = 0;

    while (n < runs && time(NULL) < end) {
        mutation_try();
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    int status = 0;

    state = setting("QETL_FUZZ_SEED", 20260101);
    state = state ? state : 1;
    printf("seed %llu\n", (unsigned long long)state);
    fflush(stdout);
    signal(SIGABRT, aborted);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(tell);
    for (int i = 1; i < argc && !status; i++)
        status = input_read(argv[i]);
    if (argc == 1)
        status = corpus_read(argv[0]);
    if (status)
        return 1;
    input_try((const uint8_t *)"", 0);
    for (size_t i = 0; i < n_inputs; i++)
        input_try(inputs[i].data, inputs[i].size);
    if (argc == 1)
        printf("%llu mutations\n", mutate());
    printf("%zu passed, 0 failed\n", n_inputs + 1);
    for (size_t i = 0; i < n_inputs; i++)
        free(inputs[i].data);
    return 0;
}
