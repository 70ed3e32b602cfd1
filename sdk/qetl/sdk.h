/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers over the ABI for authors in C and C++: a small static library (libqetl_sdk.a). A plugin
 * may do without it; nothing in plugin.h needs it.
 *
 * Invariant: no helper allocates per value once its column has grown to its size.
 * Ownership: arrays and schemas move as Arrow's rules say; buffers are the host's.
 * Threads:   no globals; an object of these belongs to whoever calls.
 */
#ifndef QETL_SDK_H
#define QETL_SDK_H

#include <qetl/options.h>
#include <qetl/plugin.h>

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors.c ---- */

/* Reports and returns code. option and suggestion may be NULL. */
int32_t qetl_fail(struct qetl_env env, int32_t code, const char *option, const char *suggestion,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Reports and returns THROTTLED: the other side wants to be left alone for so long. */
int32_t qetl_fail_throttled(struct qetl_env env, int64_t wait_ms, const char *option,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
void qetl_logf(struct qetl_env env, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As inspect (qetl.inspect/1) was given them, and what it has found, in one line. */
struct qetl_inspect_to {
    int32_t (*tell)(void *stream, const struct qetl_inspected *what);
    void *stream;
};
int32_t qetl_inspect_say(const struct qetl_inspect_to *to, uint32_t kind, bool cleared,
                         const char *object, const char *mend, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* ---- options.c: over qetl.options/1; `pointer` is a JSON pointer, e.g. "/delimiter" ---- */

/* For create, before the first of these: UNSUPPORTED, reported, where the host does not tell
 * options, all of which would be as if nobody had given them. */
int32_t qetl_options_need(struct qetl_env env);
const char *qetl_option_text(struct qetl_env env, const char *pointer);
int64_t qetl_option_int(struct qetl_env env, const char *pointer);
double qetl_option_real(struct qetl_env env, const char *pointer);
bool qetl_option_bool(struct qetl_env env, const char *pointer);
bool qetl_option_given(struct qetl_env env, const char *pointer); /* present and not null */
int32_t qetl_option_kind(struct qetl_env env, const char *pointer);
/* Entries of a list or object; -1: it is neither. */
int64_t qetl_option_count(struct qetl_env env, const char *pointer);
const char *qetl_option_key(struct qetl_env env, const char *pointer, int64_t index);
/* The pointer of a member: parent, a slash, and the key, escaped. UNSUPPORTED: out is too small. */
int32_t qetl_option_pointer(char *out, size_t size, const char *parent, const char *key);

/* ---- types.c, names.c, type_name.c, type_field.c: SQL names of types and Arrow formats ---- */

enum { QETL_TYPE_FORMAT_MAX = 64 };
/* "decimal(12,2)" -> "d:12,2"; also smallint int integer bigint, … unsigned, real, double, boolean,
 * text, binary, date, time, timestamp, timestamp with time zone. UNSUPPORTED if it is none. */
int32_t qetl_type_parse(const char *sql, char format[QETL_TYPE_FORMAT_MAX]);
/* A field of any type, nested ones too: "integer[]", "struct(a integer, \"b c\" text[])", and
 * "json", which is text that holds JSON. UNSUPPORTED if it is none. */
int32_t qetl_type_field(const char *sql, const char *name, struct ArrowSchema *out);
/* The reverse, cut to size. Returns name. */
const char *qetl_type_name(const struct ArrowSchema *field, char *name, size_t size);
char *qetl_type_text(const struct ArrowSchema *field); /* in full, to be freed; NULL: no memory */
/* Precision and scale of "d:p,s"; false if it is no decimal. */
bool qetl_type_decimal(const char *format, int32_t *precision, int32_t *scale);

/* ---- schema.c ---- */

int32_t qetl_schema_init_struct(struct ArrowSchema *out);
/* schema_parse.c: the columns of a batch: "id bigint, city text, price decimal(10,2)". UNSUPPORTED:
 * they are none; NO_MEMORY. */
int32_t qetl_schema_parse(const char *columns, struct ArrowSchema *out);
int32_t qetl_schema_init_field(struct ArrowSchema *out, const char *name, const char *format);
/* Moves *field to the end of parent's children; where that fails, it is released all the same. */
int32_t qetl_schema_append(struct ArrowSchema *parent, struct ArrowSchema *field);
int32_t qetl_schema_add(struct ArrowSchema *parent, const char *name, const char *format);
int32_t qetl_schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out); /* deep */
int32_t qetl_schema_set_name(struct ArrowSchema *schema, const char *name);
/* Sets or replaces one metadata entry of a schema made by these helpers. */
int32_t qetl_schema_set_metadata(struct ArrowSchema *schema, const char *key, const char *value);
/* The value of a metadata entry, not terminated; NULL if there is none. */
const char *qetl_schema_metadata(const struct ArrowSchema *schema, const char *key, size_t *size);
/* Index of the child of this name, or -1. */
int64_t qetl_schema_find(const struct ArrowSchema *schema, const char *name);
/* As find, for a name that stands at an option; where there is none the failure, reported with what
 * may have been meant. name NULL: the option is no text. */
int64_t qetl_schema_require(struct qetl_env env, const struct ArrowSchema *schema,
                            const char *option, const char *name);
bool qetl_schema_is_lexical(const struct ArrowSchema *field);
/* Text that holds a JSON value: its qetl:type is "json". */
bool qetl_schema_is_json(const struct ArrowSchema *field);
void qetl_schema_release(struct ArrowSchema *schema); /* accepts released and NULL */

/* ---- read.c: columns, whatever their layout ---- */

struct qetl_text {
    const char *data;
    int64_t size;
};

enum qetl_kind {
    QETL_KIND_BOOL = 1,
    QETL_KIND_INT,
    QETL_KIND_UINT,
    QETL_KIND_REAL,
    QETL_KIND_DECIMAL,
    QETL_KIND_TEXT,
    QETL_KIND_BINARY,
    QETL_KIND_DATE,
    QETL_KIND_TIME,
    QETL_KIND_TIMESTAMP,
    QETL_KIND_LIST,
    QETL_KIND_STRUCT,
    QETL_KIND_NULL,
    QETL_KIND_INTERVAL
};

/* A reader of one column; plain data, no resources. */
struct qetl_column {
    enum qetl_kind kind;
    /* Of text 'u' 'U' 'v', of numbers Arrow's letter, of dates and times 'i' or 'l'. */
    char layout;
    int32_t scale; /* of decimals; of times, timestamps, dates: digits of the fraction (0 3 6 9) */
    const uint8_t *validity;        /* NULL if nothing is null */
    const uint8_t *values_validity; /* dictionary: of its values, or NULL */
    const void *const *buffers; /* behind the validity buffer: values, views or offsets, then bytes;
                                   those of a dictionary's values */
    const void *indices;        /* dictionary: index buffer, else NULL */
    char index_layout;
    int64_t offset;
    int64_t values_offset; /* dictionary: offset of its values */
    int64_t length;
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
};

/* UNSUPPORTED: no type that qetl knows; DATA: array and field do not fit. Of a batch (or another
 * struct) open the struct itself and take qetl_column_child, which heeds the struct's offset. */
int32_t qetl_column_open(struct qetl_column *out, const struct ArrowSchema *field,
                         const struct ArrowArray *array);

/* Of a dictionary: whether the value that row i names is NULL. */
bool qetl_column_value_is_null(const struct qetl_column *c, int64_t i);

static inline bool qetl_column_is_null(const struct qetl_column *c, int64_t i)
{
    int64_t at = i + c->offset;
    return c->kind == QETL_KIND_NULL || (c->validity && !(c->validity[at >> 3] >> (at & 7) & 1)) ||
           (c->values_validity && qetl_column_value_is_null(c, i));
}

/* Text and binary. Of a NULL: its spelling in a lexical column, else do not ask. */
struct qetl_text qetl_column_text(const struct qetl_column *c, int64_t i);
/* Booleans, integers, dates, times, timestamps. */
int64_t qetl_column_int(const struct qetl_column *c, int64_t i);
uint64_t qetl_column_uint(const struct qetl_column *c, int64_t i);
double qetl_column_real(const struct qetl_column *c, int64_t i); /* any number, nearest double */
__extension__ typedef __int128 qetl_int128;
qetl_int128 qetl_column_decimal(const struct qetl_column *c, int64_t i);
/* Arrow's month_day_nano: three counts, none of which is a fixed number of another. */
struct qetl_interval {
    int32_t months, days;
    int64_t nanoseconds;
};
struct qetl_interval qetl_column_interval(const struct qetl_column *c, int64_t i);
/* Of a struct: reader of child k, whose row i belongs to row i of c. Of a list: the reader of all
 * elements (k 0); qetl_column_list says which of them are row i's. */
int32_t qetl_column_child(const struct qetl_column *c, int64_t k, struct qetl_column *out);
void qetl_column_list(const struct qetl_column *c, int64_t i, int64_t *first, int64_t *count);

/* The canonical text of a value (as CSV and CAST AS text write it) appended to a space: numbers in
 * full, shortest round-trip doubles, ISO 8601 dates and times, nested values as JSON. Nothing for a
 * NULL. */
int32_t qetl_render(const struct qetl_column *c, int64_t i, struct qetl_space *out);
/* [any] A number's digits at `at`, which has QETL_PRINT_ROOM bytes, all of which may be written;
 * answers the place behind the last. decimal: value / 10^scale, scale from 0 to 38. */
#define QETL_PRINT_ROOM 48
uint8_t *qetl_print_unsigned(uint8_t *at, uint64_t value);
uint8_t *qetl_print_integer(uint8_t *at, int64_t value);
uint8_t *qetl_print_decimal(uint8_t *at, int64_t value, int32_t scale);

/* ---- build.c, build_block.c, build_text.c, build_nested.c: columns, one value at a time ---- */

struct qetl_builder {
    struct qetl_env env;
    char layout; /* Arrow's letter; 'v' for views; dates and times: 'i' or 'l' */
    int64_t length, capacity, null_count;
    int32_t width;     /* bytes a value; 0: bits */
    int32_t precision; /* of decimals */
    uint8_t *validity; /* NULL until the first null */
    uint8_t *values;   /* fixed-width values, bits of booleans, or views of 16 bytes */
    uint8_t *heap;     /* text longer than 12 bytes that the builder holds */
    int64_t heap_size, heap_capacity;
    void *shared; /* a host buffer that views may point into, or NULL */
    const uint8_t *shared_data;
    int64_t shared_used;  /* how much of it the views reach */
    int32_t shared_index; /* among the data buffers of the array; the heap has the other place */
    int64_t capacity_wanted, heap_wanted; /* what the next array begins with */
    struct qetl_builder *children;        /* of a struct its fields, of a list its elements */
    int64_t n_children;
};

/* field: b, ints, floats, d, vu, vz, td*, tt*, ts*, and +l and +s of such. A value that the type
 * cannot hold answers DATA, a call that does not fit the type UNSUPPORTED; both append nothing and
 * report nothing, so that the row may be rejected. */
int32_t qetl_builder_open(struct qetl_builder *b, struct qetl_env env,
                          const struct ArrowSchema *field, int64_t capacity);
/* Views may from now on point into this host buffer (retained until the array is released). */
void qetl_builder_share(struct qetl_builder *b, void *buffer);
int32_t qetl_builder_null(struct qetl_builder *b);
/* Of a lexical column: a NULL that keeps its spelling. */
int32_t qetl_builder_null_spelled(struct qetl_builder *b, const char *data, int64_t size);
int32_t qetl_builder_bool(struct qetl_builder *b, bool value);
/* Integers of any width, dates, times, timestamps. */
int32_t qetl_builder_int(struct qetl_builder *b, int64_t value);
int32_t qetl_builder_uint(struct qetl_builder *b, uint64_t value);
int32_t qetl_builder_real(struct qetl_builder *b, double value);
int32_t qetl_builder_decimal(struct qetl_builder *b, qetl_int128 value);
int32_t qetl_builder_interval(struct qetl_builder *b, struct qetl_interval value);
int32_t qetl_builder_text(struct qetl_builder *b, const char *data, int64_t size); /* copies */
/* Values [first, first + count) of an array of the builder's own fixed width, as they lie in
 * memory; those whose bit in validity (NULL: none) is clear are NULL. Nothing is checked. */
int32_t qetl_builder_block(struct qetl_builder *b, const void *values, const uint64_t *validity,
                           int64_t first, int64_t count);
/* Room for a text of at most size bytes that the caller writes himself, or NULL; text_put appends
 * what then stands there (size may be less; without a put nothing is appended). */
char *qetl_builder_text_room(struct qetl_builder *b, int64_t size);
void qetl_builder_text_put(struct qetl_builder *b, int64_t size);
/* As text, but data lies in the shared buffer and is not copied. */
int32_t qetl_builder_view(struct qetl_builder *b, const char *data, int64_t size);
/* The builder of a struct's child k, or of a list's elements (0). */
static inline struct qetl_builder *qetl_builder_child(struct qetl_builder *b, int64_t k)
{
    return &b->children[k];
}
/* A struct, once each of its children has got one more value. */
int32_t qetl_builder_struct(struct qetl_builder *b);
/* A list of all the elements that its child has got since the list before. A NULL is
 * qetl_builder_null, which sees to the children of a struct. */
int32_t qetl_builder_list(struct qetl_builder *b);
/* Forgets all values behind the first `length`, those of the children too, and what a row that was
 * not finished left in them. */
void qetl_builder_truncate(struct qetl_builder *b, int64_t length);
/* Moves; b is then empty and open for the next array, without a shared buffer. */
int32_t qetl_builder_close(struct qetl_builder *b, struct ArrowArray *out);
/* Forgets all values and buffers; b is open for the next array. */
void qetl_builder_clear(struct qetl_builder *b);
/* What was not closed, and what a nested builder holds for the next array: then it is not open. */
void qetl_builder_free(struct qetl_builder *b);

/* ---- array.c: arrays from buffers ---- */

/* An array of n_buffers host buffers (moved; NULL allowed) and n_children arrays (moved). */
int32_t qetl_array_make(struct qetl_env env, int64_t length, int64_t null_count, int64_t n_buffers,
                        const void *const *buffers, int64_t n_children, struct ArrowArray *children,
                        struct ArrowArray *out);
/* A utf8_view or binary_view array of hand-made views (a host buffer of 16 bytes a value) over
 * n_data host buffers with their sizes; all buffers are moved, sizes is copied. */
int32_t qetl_array_views(struct qetl_env env, int64_t length, int64_t null_count, void *validity,
                         void *views, int64_t n_data, const void *const *data, const int64_t *sizes,
                         struct ArrowArray *out);
int32_t qetl_array_struct(struct qetl_env env, int64_t rows, int64_t n_children,
                          struct ArrowArray *children, struct ArrowArray *out);
/* offsets: rows + 1 int32 in a host buffer (moved); validity as in Arrow (moved) or NULL. */
int32_t qetl_array_list(struct qetl_env env, int64_t rows, int64_t null_count, void *validity,
                        void *offsets, struct ArrowArray *values, struct ArrowArray *out);
/* rows NULLs of any type, nested and dictionaries included. */
int32_t qetl_array_nulls(struct qetl_env env, const struct ArrowSchema *field, int64_t rows,
                         struct ArrowArray *out);
void qetl_array_release(struct ArrowArray *array); /* accepts released and NULL */

/* ---- share.c: an array of which parts are handed on ---- */

struct qetl_shared;
int32_t qetl_shared_new(struct ArrowArray *moved, struct qetl_shared **out);
const struct ArrowArray *qetl_shared_array(const struct qetl_shared *shared);
/* Rows [first, first + count) of an array within the shared one (itself, a child, a child's child),
 * without copying; keeps the whole alive. validity: a host buffer (moved) with a bit for each row
 * from the beginning of within's buffers on, instead of within's own; or NULL. */
int32_t qetl_shared_part(struct qetl_env env, struct qetl_shared *shared,
                         const struct ArrowArray *within, int64_t first, int64_t count,
                         void *validity, struct ArrowArray *out);
void qetl_shared_free(struct qetl_shared *shared); /* drops this reference; accepts NULL */
/* Undoes qetl_shared_new: the array to *out, and the shared one is gone. NULL, or one of which
 * parts are out: as qetl_shared_free, and *out is released. */
void qetl_shared_undo(struct qetl_shared *shared, struct ArrowArray *out);

/* Full validation by Arrow's rules: sizes, offsets, views, UTF-8, alignment. 0, or DATA with a
 * message. */
int32_t qetl_array_validate(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            char *message, size_t size);

/* ---- text.c ---- */

bool qetl_utf8_valid(const void *data, int64_t size); /* SIMD where the machine has it */

/* ---- space.c: append to an encoder's space ---- */

static inline int32_t qetl_space_put(struct qetl_space *s, const void *data, int64_t size)
{
    if (s->capacity - s->size < size) {
        int32_t status = s->reserve(s, size);
        if (status)
            return status;
    }
    if (size)
        memcpy(s->data + s->size, data, (size_t)size);
    s->size += size;
    return QETL_OK;
}

/* ---- views.c: of n <= 64 views (utf8_view), bit i: view i is plain. Others may be, too ---- */

/* [any] The text lies in the view itself, and JSON would escape nothing of it. */
uint64_t qetl_views_plain_texts(const void *views, int64_t n);
/* [any] The view holds a number of digits and at most one point between them, at most so many
 * digits before it and behind it, and no needless zero in front. */
uint64_t qetl_views_plain_numbers(const void *views, int64_t n, int32_t whole, int32_t fraction);

/* ---- Vector instructions ---- */

enum qetl_cpu { QETL_CPU_PORTABLE, QETL_CPU_AVX2, QETL_CPU_AVX512 };
/* [any] Whether kernels of that level may run, as far as the user is concerned: the environment
 * variable QETL_CPU (portable, avx2, avx512) holds a process to at most that level, to measure or
 * to find a fault. What the machine can do is asked beside it. */
int qetl_cpu_allows(enum qetl_cpu level);

/* ---- Files: which one it is, whatever it is called (for qetl.objects/1) ---- */

/* Regular files, and names of which none exists yet; false: neither. */
bool qetl_identity_of_path(const char *path, char *out, size_t size);
bool qetl_identity_of_descriptor(int fd, char *out, size_t size);

/* ---- state.c: what save writes and restore reads ---- */

/* The bytes, behind a header by which they are known again: one call, and nothing else. */
int32_t qetl_state_write(const struct qetl_writer *out, const void *data, size_t size);
/* All of them, to be freed. UNSUPPORTED: they are cut off, changed, or another's. */
int32_t qetl_state_read(const struct qetl_reader *in, void **data, size_t *size);
enum { QETL_STATE_NUMBERS_MAX = 16 };
/* The same for some numbers, in whatever byte order the machine has. */
int32_t qetl_state_write_numbers(const struct qetl_writer *out, int64_t n, const int64_t *numbers);
int32_t qetl_state_read_numbers(const struct qetl_reader *in, int64_t n, int64_t *numbers);

/* ---- The plugin's declaration: the one exported function and the manifest note ---- */

/*
 * QETL_PLUGIN(id, version, &component_a, &component_b) defines the entry. The build adds the
 * manifest as an ELF note; see sdk/README.md.
 */
int32_t qetl_plugin_answer(const struct qetl_plugin *plugin, uint32_t *abi_inout,
                           const struct qetl_plugin **out);

/* The entry is a C function in C++ too. */
#ifdef __cplusplus
#define QETL_ENTRY extern "C" QETL_EXPORT
#else
#define QETL_ENTRY QETL_EXPORT
#endif

#define QETL_PLUGIN(plugin_id, plugin_version, ...)                                               \
    static const struct qetl_component *const qetl_plugin_components[] = {__VA_ARGS__};           \
    static const struct qetl_plugin qetl_plugin_self = {sizeof(struct qetl_plugin),               \
                                                        QETL_ABI_VERSION,                         \
                                                        plugin_id,                                \
                                                        plugin_version,                           \
                                                        sizeof qetl_plugin_components /           \
                                                            sizeof qetl_plugin_components[0],     \
                                                        qetl_plugin_components};                  \
    QETL_ENTRY int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *, \
                                         const struct qetl_plugin **);                            \
    int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi,  \
                              const struct qetl_plugin **out)                                     \
    {                                                                                             \
        (void)host;                                                                               \
        (void)ctx;                                                                                \
        return qetl_plugin_answer(&qetl_plugin_self, abi, out);                                   \
    }

#ifdef __cplusplus
}
#endif

#endif
