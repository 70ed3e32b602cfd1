/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast one thread frames, decodes and encodes orders of eleven keys, by the thread's own CPU
 * time: best of nine, for each kernel. Usage: bench_ndjson [MB] [FILE]
 */
#include "../plugins/formats/ndjson/decoder.h"
#include "../plugins/formats/ndjson/encoder.h"
#include "../plugins/formats/ndjson/frame.h"
#include "../plugins/formats/ndjson/infer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHUNK = 256 * 1024, POOL = 64, TAIL_ROOM = 64, ALIGNMENT = 64, ROUNDS = 9 };

/* ---- A host that recycles buffers ---- */

struct head {
    _Alignas(ALIGNMENT) int64_t references;
    size_t size;
};

static struct head *pool[POOL];
static int n_pool;
static int64_t rejects;

static void *buffer_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct head *head = NULL;
    (void)ctx;
    for (int i = n_pool; i-- > 0 && !head;)
        if (pool[i]->size >= size && pool[i]->size < 2 * size + 4096) {
            head = pool[i];
            pool[i] = pool[--n_pool];
        }
    if (!head) {
        head = aligned_alloc(ALIGNMENT, (sizeof *head + size + ALIGNMENT) / ALIGNMENT * ALIGNMENT);
        if (!head)
            abort();
        head->size = size;
    }
    head->references = 1;
    return head + 1;
}

static void buffer_retain(void *buffer)
{
    ((struct head *)buffer - 1)->references++;
}

static void buffer_free(void *buffer)
{
    struct head *head = (struct head *)buffer - 1;
    if (--head->references)
        return;
    if (n_pool < POOL)
        pool[n_pool++] = head;
    else
        free(head);
}

static void reject(struct qetl_ctx *ctx, const struct qetl_reject *what)
{
    (void)ctx;
    if (!rejects++)
        fprintf(stderr, "rejected: %s\n", what->message);
}

static int32_t error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    (void)ctx;
    fprintf(stderr, "error: %s\n", info->message);
    return info->code;
}

static const void *get_extension(struct qetl_ctx *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static const struct qetl_host host = {.struct_size = sizeof host,
                                      .error = error,
                                      .reject = reject,
                                      .buffer_alloc = buffer_alloc,
                                      .buffer_retain = buffer_retain,
                                      .buffer_free = buffer_free,
                                      .get_extension = get_extension};
static const struct qetl_env env = {&host, NULL};

/* ---- Orders ---- */

static uint64_t random_state = 1;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

static size_t order_write(char *out, unsigned id)
{
    static const char *const things[] = {"Oak Lamp", "Bamboo Shelf", "Brass Vase", "Steel Desk"};
    static const char *const countries[] = {"DE", "FR", "GB", "US", "NL", "ES"};
    static const char *const names[] = {"anna", "benjamin", "clara", "finn", "maximiliane"};
    static const char *const notes[] = {"",
                                        "",
                                        "",
                                        "",
                                        "gift",
                                        "call before delivery",
                                        "leave at the door",
                                        "Stra\xc3\x9f"
                                        "e 7",
                                        "the customer said \\\"no plastic\\\"",
                                        "ring twice,\\nthen leave it at the neighbours' of no. 7"};
    char discount[16] = "null";
    if (!random_below(3))
        snprintf(discount, sizeof discount, "0.%02u", random_below(100));
    return (size_t)sprintf(
        out,
        "{\"order_id\":%u,\"ts\":\"2025-01-%02uT%02u:%02u:%02u\",\"customer_id\":%u,"
        "\"product\":\"%s %05u\",\"category\":\"%s\",\"country\":\"%s\",\"quantity\":%u,"
        "\"unit_price\":%u.%02u,\"discount\":%s,\"email\":\"%s.%s%u@example.com\",\"note\":\"%s\"}"
        "\n",
        id, 1 + id / 86400 % 28, id / 3600 % 24, id / 60 % 60, id % 60, random_below(200000),
        things[random_below(4)], random_below(100000), random_below(2) ? "furniture" : "lighting",
        countries[random_below(6)], 1 + random_below(12), random_below(900), random_below(100),
        discount, names[random_below(5)], names[random_below(5)], random_below(1000),
        notes[random_below(random_below(4) ? 4 : 10)]);
}

static char *orders_make(size_t size, size_t *made)
{
    char *data = malloc(size + 4096);
    size_t at = 0;
    if (!data)
        abort();
    for (unsigned id = 1; at < size; id++)
        at += order_write(data + at, id);
    *made = at;
    return data;
}

static char *file_read(const char *path, size_t size, size_t *made)
{
    char *data = malloc(size + 4096);
    FILE *file = fopen(path, "rb");
    if (!data || !file) {
        perror(path);
        exit(1);
    }
    *made = fread(data, 1, size, file);
    while (*made && data[*made - 1] != '\n')
        --*made;
    fclose(file);
    return data;
}

/* ---- Runs ---- */

struct space {
    struct qetl_space space;
};

static int32_t space_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2;
    uint8_t *grown = realloc(space->data, (size_t)capacity);
    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = capacity;
    return QETL_OK;
}

struct job {
    const char *name;
    uint32_t form;    /* of the columns wanted */
    int64_t first, n; /* which columns */
    bool encode;
};

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct ArrowSchema schema;
static struct ndjson_decoder decoder;
static struct ndjson_encoder encoder;
static struct qetl_space space = {.reserve = space_reserve};

static void job_open(const struct job *job, const struct ndjson_kernel *kernel)
{
    struct qetl_want wants[64];
    uint8_t declared[64] = {0};
    struct ArrowSchema delivered;
    qetl_schema_init_struct(&delivered);
    for (int64_t i = 0; i < job->n; i++) {
        const struct ArrowSchema *from = schema.children[job->first + i];
        struct ArrowSchema field;
        char name[128];
        wants[i] = (struct qetl_want){job->first + i, job->form, 0};
        if (job->form == QETL_FORM_VALUE) {
            qetl_schema_copy(from, &field);
        } else {
            qetl_schema_init_field(&field, from->name, "vu");
            qetl_schema_set_metadata(&field, "qetl:type", qetl_type_name(from, name, sizeof name));
            qetl_schema_set_metadata(&field, "qetl:lexical", "ndjson");
        }
        qetl_schema_append(&delivered, &field);
    }
    if (ndjson_decoder_open(&decoder, env, &schema, declared, job->n, wants) ||
        ndjson_encoder_open(&encoder, env, &delivered))
        abort();
    decoder.kernel = encoder.kernel = kernel;
    qetl_schema_release(&delivered);
}

/* Frames and decodes all; answers the nanoseconds of decoding, and of encoding if the job encodes.
 */
static void job_run(const struct job *job, const char *data, size_t size, int64_t *decode_ns,
                    int64_t *encode_ns, int64_t *encoded)
{
    struct ndjson_framer framer = {0};
    *decode_ns = *encode_ns = *encoded = 0;
    for (size_t at = 0; at < size;) {
        size_t left = size - at < CHUNK ? size - at : CHUNK;
        uint8_t *buffer = buffer_alloc(NULL, CHUNK + TAIL_ROOM);
        struct qetl_decoded out = {.struct_size = sizeof out};
        struct qetl_frame frame = {.struct_size = sizeof frame,
                                   .data = buffer,
                                   .size = (int64_t)left,
                                   .max_record = 1 << 24};
        memcpy(buffer, data + at, left);
        int64_t start = now_ns();
        ndjson_frame(&framer, env, &frame);
        struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                                   .data = buffer,
                                   .size = frame.used,
                                   .buffer = buffer,
                                   .tail_room = TAIL_ROOM};
        if (ndjson_decode_chunk(&decoder, &chunk, &out))
            abort();
        int64_t middle = now_ns();
        *decode_ns += middle - start;
        space.size = 0;
        if (job->encode && ndjson_encode_batch(&encoder, &out.batch, &space))
            abort();
        *encode_ns += now_ns() - middle;
        *encoded += space.size;
        qetl_array_release(&out.batch);
        buffer_free(buffer);
        at += (size_t)frame.used;
    }
}

static void job_report(const struct job *job, const struct ndjson_kernel *kernel, const char *data,
                       size_t size)
{
    int64_t decode = INT64_MAX, encode = INT64_MAX, encoded = 0;
    job_open(job, kernel);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t decode_ns, encode_ns;
        job_run(job, data, size, &decode_ns, &encode_ns, &encoded);
        decode = decode_ns < decode ? decode_ns : decode;
        encode = encode_ns < encode ? encode_ns : encode;
    }
    printf("%-9s %-28s decode %5.0f MB/s", kernel->name, job->name,
           (double)size * 1e3 / (double)decode);
    if (job->encode)
        printf("   encode %5.0f MB/s", (double)encoded * 1e3 / (double)encode);
    printf("\n");
}

int main(int argc, char **argv)
{
    size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 32) << 20;
    char *data = argc > 2 ? file_read(argv[2], size, &size) : orders_make(size, &size);
    struct ndjson_infer infer = {.env = env};
    int64_t start = now_ns();
    if (ndjson_infer_sample(&infer, (const uint8_t *)data,
                            (int64_t)(size < 4 << 20 ? size : 4 << 20)) ||
        ndjson_infer_finish(&infer, &schema))
        abort();
    printf("%s; inferred in %.1f ms\n", infer.summary, (double)(now_ns() - start) / 1e6);
    int64_t n = schema.n_children;
    const struct job jobs[] = {
        {"all columns as text", QETL_FORM_LEXICAL, 0, n, false},
        {"none wanted", QETL_FORM_LEXICAL, 0, 0, false},
        {"all checked, and written", QETL_FORM_CHECKED, 0, n, true},
        {"all as values, and written", QETL_FORM_VALUE, 0, n, true},
    };
    for (int k = 0; k < ndjson_kernels_count; k++)
        for (size_t i = 0; i < sizeof jobs / sizeof *jobs && ndjson_kernels[k]->usable(); i++)
            job_report(&jobs[i], ndjson_kernels[k], data, size);
    printf("%lld rejected\n", (long long)rejects);
    ndjson_infer_free(&infer);
    ndjson_decoder_free(&decoder);
    ndjson_encoder_free(&encoder);
    qetl_schema_release(&schema);
    free(space.data);
    free(data);
    while (n_pool)
        free(pool[--n_pool]);
    return 0;
}
