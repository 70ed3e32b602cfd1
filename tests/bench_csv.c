/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast one thread frames, decodes and encodes orders of eleven columns, each alone and in a
 * row, by the thread's own CPU time: best of nine. Usage: bench_csv [MB] [KERNEL]
 */
#include "../plugins/formats/csv/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHUNK = 256 * 1024, POOL = 64, TAIL_ROOM = 64, ALIGNMENT = 64 };

/* ---- A host that recycles buffers ---- */

struct head {
    _Alignas(ALIGNMENT) int64_t references;
    size_t size;
};

static struct head *pool[POOL];
static int n_pool;

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
            return NULL;
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

static int64_t rejected;

static void reject(struct qetl_ctx *ctx, const struct qetl_reject *r)
{
    (void)ctx;
    if (!rejected++)
        fprintf(stderr, "rejected: %s\n", r->message);
}

static int32_t error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    (void)ctx;
    fprintf(stderr, "%s\n", info->message);
    return info->code;
}

static void log_line(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    (void)ctx;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static const void *get_extension(struct qetl_ctx *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL;
}

static int32_t space_reserve(struct qetl_space *space, int64_t n)
{
    uint8_t *grown = realloc(space->data, (size_t)(space->size + n) * 2);

    if (!grown)
        return QETL_E_NO_MEMORY;
    space->data = grown;
    space->capacity = (space->size + n) * 2;
    return QETL_OK;
}

static const struct qetl_host host = {.struct_size = sizeof host,
                                      .abi = QETL_ABI_VERSION,
                                      .error = error,
                                      .log = log_line,
                                      .reject = reject,
                                      .buffer_alloc = buffer_alloc,
                                      .buffer_retain = buffer_retain,
                                      .buffer_free = buffer_free,
                                      .get_extension = get_extension};

/* ---- Orders ---- */

static int64_t orders_make(uint8_t *out, int64_t size)
{
    static const char *const categories[] = {"books", "garden", "electronics", "toys", "food"};
    static const char *const countries[] = {"DE", "FR", "US", "GB", "IT", "ES"};
    static const char *const notes[] = {
        "", "", "", "gift", "leave at the door", "call before delivery"};
    int64_t at = sprintf((char *)out, "order_id,ts,customer_id,product,category,country,quantity,"
                                      "unit_price,discount,email,note\n");
    unsigned seed = 7;

    for (int64_t id = 1; at + 400 < size; id++) {
        unsigned r = (unsigned)rand_r(&seed), q = (unsigned)rand_r(&seed);

        at += sprintf((char *)out + at,
                      "%lld,2025-%02u-%02uT%02u:%02u:%02u,%u,Product %05u,%s,%s,%u,%u.%02u,0.%02u,"
                      "user%u@example.com,",
                      (long long)id, 1 + r % 12, 1 + r / 12 % 28, r % 24, r / 24 % 60, q % 60,
                      1000 + q % 250000, r % 100000, categories[r / 7 % 5], countries[q / 11 % 6],
                      1 + q % 9, 1 + r % 500, q % 100, r % 30, q % 1000000);
        if (r % 20 == 3)
            at += sprintf((char *)out + at, q % 3 ? "\"ring twice,\nthen wait\"\n"
                                                  : "\"they said \"\"no plastic\"\"\"\n");
        else
            at += sprintf((char *)out + at, "%s\n", notes[q / 3 % 6]);
    }
    return at;
}

/* ---- The job ---- */

enum { FRAME = 1, DECODE = 2, ENCODE = 4 };

struct bench {
    struct csv format;
    struct ArrowSchema schema, lexical;
    struct qetl_want wants[64];
    const uint8_t *data;
    int64_t size, rows;
    struct qetl_space space;
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void chunk_run(struct bench *b, const uint8_t *data, int64_t size, int parts)
{
    struct qetl_chunk chunk = {.struct_size = sizeof chunk,
                               .data = data,
                               .size = size,
                               .buffer = (void *)b->data,
                               .tail_room = TAIL_ROOM};
    struct qetl_decoded d = {.struct_size = sizeof d};

    if (!(parts & DECODE))
        return;
    if (csv_decode(&b->format, &chunk, &d))
        exit(1);
    b->rows += d.rows;
    b->space.size = 0;
    if ((parts & ENCODE) && csv_encode(&b->format, &d.batch, &b->space))
        exit(1);
    qetl_array_release(&d.batch);
}

static double run_s(struct bench *b, int parts)
{
    double start = now_s();

    b->rows = 0;
    for (int64_t at = 0; at < b->size;) {
        int64_t left = b->size - at;
        struct qetl_frame io = {.struct_size = sizeof io,
                                .flags = (at ? 0 : QETL_ITEM_OBJECT_START) |
                                         (left <= CHUNK ? QETL_ITEM_OBJECT_END : 0),
                                .data = b->data + at,
                                .size = left < CHUNK ? left : CHUNK,
                                .max_record = 16 << 20,
                                .offset = at};

        if (csv_frame(&b->format, &io))
            exit(1);
        chunk_run(b, io.data + io.begin, io.used - io.begin, parts);
        at += io.used;
    }
    return now_s() - start;
}

static void wants_set(struct bench *b, struct qetl_blob prologue, int64_t n,
                      const struct qetl_want *wants)
{
    if (csv_open_decode(&b->format, &b->schema, prologue, n, wants))
        exit(1);
}

static void report(struct bench *b, const char *what, int parts)
{
    double best = 1e9;

    for (int i = 0; i < 9; i++) {
        double s = run_s(b, parts);

        best = s < best ? s : best;
    }
    printf("%-34s %8.0f MB/s  (%lld rows)\n", what, (double)b->size / best / 1e6,
           (long long)b->rows);
}

static void all_lexical(struct bench *b)
{
    struct ArrowSchema field;

    if (qetl_schema_init_struct(&b->lexical))
        exit(1);
    for (int64_t i = 0; i < b->schema.n_children; i++) {
        b->wants[i] = (struct qetl_want){.column = i, .form = QETL_FORM_LEXICAL};
        if (qetl_schema_init_field(&field, b->schema.children[i]->name, "vu") ||
            qetl_schema_set_metadata(&field, "qetl:lexical", "csv") ||
            qetl_schema_append(&b->lexical, &field))
            exit(1);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    int64_t room = (argc > 1 ? atoll(argv[1]) : 64) * 1000000;
    uint8_t *buffer = buffer_alloc(NULL, (size_t)room + TAIL_ROOM);
    struct qetl_sample sample = {
        .struct_size = sizeof sample, .data = buffer, .object = "orders.csv"};
    struct qetl_inferred inferred = {.struct_size = sizeof inferred};
    struct qetl_want two[2];

    if (!buffer)
        return 1;
    b.data = buffer;
    b.size = orders_make(buffer, room);
    sample.size = b.size < 4 << 20 ? b.size : 4 << 20;
    b.format.env.host = &host;
    b.format.kernel = csv_kernel_best();
    for (int i = 0; argc > 2 && i < csv_kernels_count; i++)
        if (!strcmp(csv_kernels[i]->name, argv[2]))
            b.format.kernel = csv_kernels[i];
    b.space.reserve = space_reserve;
    if (csv_dialect_read(&b.format, ',') || csv_infer(&b.format, &sample, &inferred))
        return 1;
    b.schema = inferred.schema;
    printf("%s; kernel %s, %lld MB\n", inferred.summary, b.format.kernel->name,
           (long long)(b.size / 1000000));
    all_lexical(&b);
    two[0] = (struct qetl_want){.column = 6, .form = QETL_FORM_VALUE};
    two[1] = (struct qetl_want){.column = 7, .form = QETL_FORM_VALUE};
    if (csv_open_encode(&b.format, &b.lexical))
        return 1;
    wants_set(&b, inferred.prologue, 0, NULL);
    report(&b, "frame", FRAME);
    report(&b, "frame + decode, no column", FRAME | DECODE);
    wants_set(&b, inferred.prologue, 2, two);
    report(&b, "frame + decode, two as values", FRAME | DECODE);
    wants_set(&b, inferred.prologue, b.schema.n_children, b.wants);
    report(&b, "frame + decode, all as text", FRAME | DECODE);
    report(&b, "frame + decode + encode, all", FRAME | DECODE | ENCODE);
    for (int64_t i = 0; i < b.schema.n_children; i++)
        b.wants[i].form = QETL_FORM_VALUE;
    wants_set(&b, inferred.prologue, b.schema.n_children, b.wants);
    report(&b, "frame + decode, all as values", FRAME | DECODE);
    if (csv_open_encode(&b.format, &b.schema))
        return 1;
    report(&b, "frame + decode + encode, values", FRAME | DECODE | ENCODE);
    qetl_schema_release(&b.schema);
    qetl_schema_release(&b.lexical);
    return rejected != 0;
}
