/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The qetl plugin ABI, version 1.0. Self-contained: C11 or C++17, no other header of qetl.
 *
 * Invariant: a plugin built against this header loads in every later qetl of the same major
 * version. Ownership: stated per call. What a call lends is valid until it returns, unless said
 * otherwise. Threads:   [control] the thread that drives the run; [worker] any data thread, one at
 * a time inside an instance, which may migrate between calls: keep nothing in thread-local storage;
 *            [any] at any time, also while another thread is inside the instance.
 *
 * Growth (docs/abi.md has all of it): a struct that begins with struct_size is growable. Fields are
 * only appended, never into padding; a field is read only if it lies within the other side's
 * struct_size and is not NULL; such a struct is never embedded by value, put in an array, or
 * written beyond the size that its allocator stated. Structs without struct_size never change.
 * Members named reserved are 0, and not read. Optional abilities are extensions looked up by id,
 * whose meaning is fixed. A negative status that is not known here counts as QETL_E_FATAL, a
 * positive one is the plugin's fault; bits of flags that are not known are passed over; a plugin
 * answers, says or sets what a later minor brought only where host->abi has it.
 *
 * Errors: a negative status is a failure; details go through host->error(), which copies. errno
 * never crosses the border, nor does a C++ exception or a longjmp.
 *
 * The process is the host's, and other plugins are in it: signal handlers, locale, umask, working
 * folder and environment stay as they are, nobody calls exit(), leaves a process or a thread
 * behind, reads stdin, or writes to stdout, where rows and answers may go, unless that is what a
 * component is for (`uses_stdout` in its manifest). What is to be said goes through host->log().
 */
#ifndef QETL_PLUGIN_H
#define QETL_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#if UINTPTR_MAX != UINT64_MAX
#error "the qetl plugin ABI is defined for machines with pointers of 64 bits"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define QETL_ABI_MAKE(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))
#define QETL_ABI_VERSION QETL_ABI_MAKE(1, 0)

#define QETL_EXPORT __attribute__((visibility("default")))

/* ---- Arrow C Data Interface (arrow.apache.org/docs/format/CDataInterface.html) ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif

/*
 * Column types in use, as Arrow formats: b, c C s S i I l L, f g, d:p,s (128 bits), u U vu, z Z vz,
 * tdD, ttu, tsu:ZONE, +l, +s, and dictionaries of these. Text and binary are views (vu, vz)
 * wherever the host makes them. A batch is a struct array (+s) without nulls of its own. Buffers
 * are aligned to 16 bytes at least. Moving an array means copying the struct and setting the
 * origin's release to NULL; release works on any thread, once, also after destroy(), and never
 * blocks. No batch has more than 2^31 - 1 rows.
 */

/* ---- Status codes: 0 or an outcome (positive), or a failure (negative) ---- */

enum {
    QETL_OK = 0,

    QETL_BATCH = 1, /* next: a batch was delivered. Of no rows now and then, or where it brings a
                       position; a source that has nothing answers IDLE or END */
    QETL_BYTES = 2, /* next: bytes were written into the lent space */
    QETL_IDLE = 3,  /* next: nothing now; wake() or a watched descriptor will say when */
    QETL_END = 4,   /* next: the split is exhausted. process: no further input is wanted; a last
                       output may stand in *out. What still comes counts as filtered */
    QETL_NEED_INPUT = 5,     /* process: the event is consumed */
    QETL_OUTPUT = 6,         /* process: the event is consumed, and an output stands in *out */
    QETL_MORE = 7,           /* process: an output stands in *out; call again without an event */
    QETL_BLOCKED = 8,        /* process: waits for something outside; wake() will say when */
    QETL_BUSY = 9,           /* write: not now; wake() will say when */
    QETL_SCHEMA = 10,        /* next, decode: the columns are these from now on; then ask again */
    QETL_STREAM_CLOSED = 11, /* next: the item's stream brings no more */
    QETL_INSTEAD = 12,       /* infer: not mine; `instead` names the format that may read it */

    QETL_E_FATAL = -1,
    QETL_E_CONFIG = -2,      /* an option is wrong: the user mends the pipeline file */
    QETL_E_DATA = -3,        /* the input as a whole cannot be read */
    QETL_E_AUTH = -4,        /* credentials were refused */
    QETL_E_ENVIRONMENT = -5, /* a file, service or library is missing */
    QETL_E_RETRY_CALL =
        -6, /* transient; what was staged is intact: the same call may be repeated */
    QETL_E_RETRY_EPOCH = -7, /* transient; what was staged is lost: the host stops and destroys all
                                instances, waits, and goes on with new ones from what was decided */
    QETL_E_THROTTLED = -8,   /* as RETRY_CALL, not before retry_after_ms */
    QETL_E_CANCELLED = -9,   /* interrupt() ended the call */
    QETL_E_NO_MEMORY = -10,
    QETL_E_UNSUPPORTED = -11, /* the type or request is not known here */
    QETL_E_CLOSED = -12,      /* the reader of our output went away (a closed pipe) */
    QETL_E_FENCED = -13,      /* commit, last_committed: a process of a later generation was here */
    QETL_E_IN_DOUBT = -14,    /* commit: what was prepared is gone, after the decision for it */
    QETL_E_ROW = -15 /* process (of a batch), write (of one), encode: a row cannot be taken, and
                        which one is not known; nothing of the batch was taken. The host calls again
                        with parts of it, and rejects the one row, with the error's message and
                        vendor_code */
};

/* ---- What a plugin reports ---- */

struct qetl_ctx; /* the host's handle of one plugin or one instance; pass it back, never look inside
                  */

struct qetl_error_info {
    uint32_t struct_size;
    int32_t code;            /* a QETL_E_ status */
    const char *message;     /* one line: what failed, of which object, and why */
    const char *suggestion;  /* how to mend it, or NULL */
    const char *option;      /* JSON pointer of the option at fault ("/path"), or NULL */
    const char *vendor_code; /* SQLSTATE, HTTP status, errno name, or NULL */
    int64_t retry_after_ms;  /* QETL_E_THROTTLED; else 0 */
    const char *text; /* the option's text, where only a part of it is at fault, or NULL … */
    int64_t text_begin, text_end; /* … its bytes [begin, end) */
};

/* A row that cannot go on. The host copies all of it, keeps the row in the dead-letter store,
 * counts it. */
struct qetl_reject {
    uint32_t struct_size;
    int32_t port;        /* process: input port of the row; else 0 */
    int64_t row;         /* index in the batch at hand; decode: ordinal of the record in the chunk;
                            next: of all rows that the call read, ascending */
    int64_t column;      /* index in the batch at hand (decode, next: in the schema), or -1 */
    const char *code;    /* stable word for machines, e.g. "bad_number" */
    const char *message; /* for people, one line */
    const void *bytes;   /* frame, decode, next: the original bytes, or NULL */
    int64_t bytes_size;
    int64_t bytes_offset; /* frame and decode: where they begin in the data at hand */
    int64_t bytes_cut;    /* nonzero: the record goes on behind bytes */
};

enum {
    QETL_LOG_ERROR = 0,
    QETL_LOG_WARN = 1,
    QETL_LOG_INFO = 2,
    QETL_LOG_DEBUG = 3,
    QETL_LOG_TRACE = 4
};

/* ---- What the host offers; valid for the life of the process ---- */

struct qetl_host {
    uint32_t struct_size;
    uint32_t abi; /* the host's own version, which may be a later one than the plugin's */

    /* [any] Records the error and returns info->code, so that `return host->error(ctx, &info);`
     * serves. */
    int32_t (*error)(struct qetl_ctx *ctx, const struct qetl_error_info *info);
    /* [any] One line without a newline. Secrets known to the host are masked. */
    void (*log)(struct qetl_ctx *ctx, int32_t level, const char *message);
    /* [worker] Inside frame, decode, process, encode and write only, and inside next where it then
     * answers BATCH, if need be one of no rows. */
    void (*reject)(struct qetl_ctx *ctx, const struct qetl_reject *reject);
    /* [any] Ends IDLE, BLOCKED or BUSY; counted, so one that comes early is not lost. */
    void (*wake)(struct qetl_ctx *ctx);
    /* [any] Nonzero once the run is being stopped. */
    int32_t (*cancelled)(struct qetl_ctx *ctx);
    /* [any] Asks for a barrier soon; requests coalesce. */
    void (*request_epoch)(struct qetl_ctx *ctx);

    /* [any] Recycled, reference-counted buffers, aligned to 64 bytes and charged to the run's
     * budget. Contents are undefined. buffer_free drops one reference; both take any pointer that
     * buffer_alloc returned, on any thread, also after destroy(). NULL from alloc: out of memory.
     */
    void *(*buffer_alloc)(struct qetl_ctx *ctx, uint64_t size);
    void (*buffer_retain)(void *buffer);
    void (*buffer_free)(void *buffer);

    /* [any] An extension's struct, or NULL: "qetl.options/1", "qetl.outputs/1", "qetl.expr/1",
     * "qetl.poll/1", "qetl.run/1"; more in later versions. */
    const void *(*get_extension)(struct qetl_ctx *ctx, const char *id);
};

/* A stream of bytes that the other side takes in: each call is one blob (plan_splits) or piece
 * (save). */
struct qetl_writer {
    void *stream;
    int32_t (*write)(void *stream, const void *data, uint64_t size);
};
struct qetl_reader {
    void *stream;
    int64_t (*read)(void *stream, void *data,
                    uint64_t capacity); /* bytes, 0 at the end, or a failure */
};

struct qetl_blob {
    const void *data;
    uint64_t size;
};

/* ---- Epochs ---- */

/* FINAL: no row comes behind it in this run. */
enum { QETL_EPOCH_FINAL = 1 };

/* What lies between two barriers, and is decided as one. Lent. */
struct qetl_epoch {
    uint32_t struct_size;
    uint32_t flags;        /* QETL_EPOCH_ */
    uint64_t number;       /* from 1, growing, also from one process of the pipeline to the next */
    uint64_t generation;   /* of the process: who sees a later one is stale (QETL_E_FENCED) */
    const char *pipeline;  /* its name: with … */
    const char *component; /* … the id of the component in it, whose epochs these are */
};

/* ---- Components ---- */

enum { QETL_SOURCE = 1, QETL_TRANSFORM = 2, QETL_SINK = 3, QETL_FORMAT = 4 };

struct qetl_source;
struct qetl_transform;
struct qetl_sink;
struct qetl_format;

/* Callbacks marked (opt) may be NULL. self points to state_size zeroed bytes of the host's. */
struct qetl_component {
    uint32_t struct_size;
    uint32_t kind;
    const char *id; /* as in the manifest */
    uint64_t state_size;

    /* [control] config is the validated, canonical JSON of the options, defaults filled in. The
     * host calls destroy exactly once whatever create answered. host and ctx stay valid until then:
     * what still waits elsewhere must not wake() a ctx that is destroyed. */
    int32_t (*create)(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config);
    void (*destroy)(void *self);  /* [control] (opt) */
    int32_t (*start)(void *self); /* [control] (opt) before the first data call: connect here */
    int32_t (*stop)(void *self);  /* [control] (opt) after the last data call */
    /* [any] (opt) The run ends, or a call has lasted longer than it may (`call_timeout`):
     * idempotent; a waiting call must return soon, and the instance is of no use any more. */
    void (*interrupt)(void *self);

    /* [worker] (opt) The state at a barrier: what the rows so far have left behind and the rows to
     * come depend on. Who has no save says that there is none, except for a transform with an
     * output that is STATEFUL, a sink that is TWO_PHASE and a format that is CLOSED: with those, a
     * run has no epoch but its last: nothing is committed before its end, and a run that was cut
     * short begins anew. A TWO_PHASE sink with nothing to keep has a save that writes nothing (and
     * a restore that answers OK). Sinks: right behind prepare. The version tag is the plugin's
     * own; restore of an unknown one answers QETL_E_UNSUPPORTED and changes nothing. restore comes
     * on a new instance, once: behind start and, of transforms, bind; before a sink's open, behind
     * a format's open_encode.
     */
    int32_t (*save)(void *self, uint32_t *version, const struct qetl_writer *out);
    int32_t (*restore)(void *self, uint32_t version, const struct qetl_reader *in);
    const void *(*get_extension)(void *self, const char *id); /* [any] (opt) */

    /* Exactly the one that kind names. */
    const struct qetl_source *source;
    const struct qetl_transform *transform;
    const struct qetl_sink *sink;
    const struct qetl_format *format;
};

struct qetl_plugin {
    uint32_t struct_size;
    uint32_t abi; /* the version it was built against */
    const char *id;
    const char *version;
    uint32_t n_components;
    const struct qetl_component *const *components;
};

/* The one exported symbol. *abi_inout: in, the host's highest version; out, the highest that both
 * know; UNSUPPORTED: none of that major. The answer stays valid for the life of the process. */
typedef int32_t qetl_plugin_entry_fn(const struct qetl_host *host, struct qetl_ctx *ctx,
                                     uint32_t *abi_inout, const struct qetl_plugin **out);
#define QETL_PLUGIN_ENTRY "qetl_plugin_entry"

/* ---- Columns: how a value may be delivered ---- */

/*
 * VALUE    an Arrow array of the column's own type.
 * LEXICAL  text (vu) as it stood in the input: content without quotes and escapes, numbers as
 * written, nested values as the source spelled them. The validity bit says NULL, and a NULL's view
 * still holds its spelling ("" where there was none). The field's format is vu; its metadata names
 *          the type ("qetl:type", SQL) and the format of origin ("qetl:lexical", a format's id).
 * CHECKED  LEXICAL, and every cell that is not NULL is proven to be a value of the type.
 */
enum { QETL_FORM_VALUE = 1, QETL_FORM_LEXICAL = 2, QETL_FORM_CHECKED = 4 };

/* The column is fetched with decode_late, for the rows that a filter has left; behind all others.
 */
enum { QETL_WANT_LATE = 1 };

struct qetl_want {
    int64_t column; /* index in the bound schema; wanted in two forms, it comes twice */
    uint32_t form;  /* one QETL_FORM_ */
    uint32_t flags; /* QETL_WANT_ */
};

/* ---- Source ---- */

enum {
    QETL_ITEM_CUT = 1,          /* a run may resume behind this item: barriers enter only here */
    QETL_ITEM_OBJECT_START = 2, /* the item begins an object (file, response, message) */
    QETL_ITEM_OBJECT_END = 4, /* the item ends it, or it pauses: an item without OBJECT_START behind
                                 one goes on in its object, at its offset */
    QETL_ITEM_WATERMARK = 8
};

/* Of the format behind a byte source. UNLINED: it has no lines; records end anywhere. REST, beside
 * it: the bytes so far end within a record, so that the object should not pause here. */
enum { QETL_DEMAND_UNLINED = 1, QETL_DEMAND_REST = 2 };

struct qetl_demand {
    uint32_t struct_size;
    int64_t max_rows;
    int64_t max_bytes;   /* of a batch, about: a single row may have more; 0: nobody says */
    int64_t deadline_ns; /* CLOCK_MONOTONIC; next answers by then, be it IDLE */
    void *space;         /* byte sources write here, at most max_bytes */
    uint32_t flags;      /* QETL_DEMAND_ */
    uint32_t reserved;
};

struct qetl_item {
    uint32_t struct_size;
    uint32_t flags;  /* QETL_ITEM_ */
    uint32_t stream; /* one source may bring several: tables, REST children */
    uint32_t reserved;
    struct ArrowArray batch;   /* QETL_BATCH: moved to the host */
    struct ArrowSchema schema; /* QETL_SCHEMA: moved to the host */
    int64_t bytes;             /* QETL_BYTES: how many were written; 0 goes with OBJECT_ flags */
    const char *object;        /* name of the object, valid until the next call, or NULL */
    int64_t offset;            /* QETL_BYTES: offset of the first byte in the decoded object */
    struct qetl_blob position; /* where to resume behind the item; valid until the next call */
    int64_t bytes_read;        /* raw bytes taken from outside for it (before decompression) */
    int64_t watermark_us;      /* with QETL_ITEM_WATERMARK: no older event time will come */
    uint64_t object_id; /* tells objects of one name apart that go on by turns, such as a file and
                           its successor under that name; 0: the name is enough */
};

enum { QETL_REPLAYABLE = 1, QETL_ACKABLE = 2, QETL_LOSSY = 3 };        /* delivery of sources */
enum { QETL_TRANSACTIONAL = 1, QETL_IDEMPOTENT = 2, QETL_APPEND = 3 }; /* delivery of sinks */
enum { QETL_EMITS_BATCHES = 1, QETL_EMITS_BYTES = 2 };

struct qetl_source_info {
    uint32_t struct_size;
    uint32_t emits;
    uint32_t delivery;
    struct ArrowSchema schema; /* QETL_EMITS_BATCHES: moved to the host */
    int64_t bytes_expected;    /* raw bytes in all, for progress; -1 unknown */
    int64_t rows_expected;     /* -1 unknown */
    uint32_t endless;          /* nonzero: END never comes; an interrupted run ends in good order */
    uint32_t reserved;
};

enum { QETL_PUSH_NO = 0, QETL_PUSH_PARTIAL = 1, QETL_PUSH_EXACT = 2 };

/* What the host would like the source to do for it. What is not EXACT is evaluated again. Columns
 * EXACT: the batches hold the wanted columns alone, in the order of `columns` (none: only rows). */
struct qetl_pushdown {
    uint32_t struct_size;
    int64_t n_columns; /* columns wanted, by index; -1: all */
    const int64_t *columns;
    int32_t *columns_answer; /* one */
    int64_t n_predicates;    /* conjuncts, each as a JSON syntax tree of qetl.expr/1 */
    const char *const *predicates;
    int32_t *predicates_answer; /* n_predicates of them */
    int64_t limit;              /* -1: none */
    int32_t *limit_answer;      /* one */
};

struct qetl_source {
    uint32_t struct_size;
    /* [control] What it emits; after start, before plan_splits. */
    int32_t (*describe)(void *self, struct qetl_source_info *out);
    /* [control] (opt) */
    int32_t (*negotiate)(void *self, struct qetl_pushdown *request);
    /* [control] (opt; one split with an empty blob otherwise) One write per split: opaque,
     * meaningful to any instance with the same options, in any process. A single instance opens
     * splits in turn. */
    int32_t (*plan_splits)(void *self, int64_t splits_wanted, const struct qetl_writer *out);
    /* [worker] position: NULL for the beginning, else one that next handed out for this split.
     * Where several splits are opened, a position says itself which one it belongs to: ack and nack
     * name nothing else. */
    int32_t (*open)(void *self, struct qetl_blob split, const struct qetl_blob *position);
    /* [worker] BATCH | BYTES | IDLE | END or a failure. */
    int32_t (*next)(void *self, const struct qetl_demand *demand, struct qetl_item *out);
    /* [worker] (opt) All up to and with this position is durable at every sink, and will not be
     * asked for again. */
    int32_t (*ack)(void *self, struct qetl_blob position);
    /* [worker] (opt) All behind this position will be asked for again. */
    int32_t (*nack)(void *self, struct qetl_blob position);
    /* [worker] (opt) The split goes to someone else: release it. */
    int32_t (*on_revoke)(void *self, struct qetl_blob split);
};

/* ---- Transform ---- */

enum {
    QETL_ROWS_KEEP = 1,    /* each input row leaves once, in order */
    QETL_ROWS_SUBSET = 2,  /* some leave, in order */
    QETL_ROWS_EXPAND = 3,  /* a row may leave many times: some thousands a call, and MORE */
    QETL_ROWS_STATEFUL = 4 /* rows out are not rows in: nothing may be COPY */
};
enum { QETL_DISTRIBUTION_ANY = 1, QETL_DISTRIBUTION_SINGLE = 2, QETL_DISTRIBUTION_HASH = 3 };
enum { QETL_INPUT_STREAMING = 1, QETL_INPUT_BLOCKING = 2 };

/*
 * What a transform says of itself in bind. The host implements it; each call answers a status.
 * A column that is COPY never passes through the transform: the host carries it past, untouched, by
 * the row map. process therefore receives the columns that were asked for with read(), and hands
 * back the columns that were added with derive(), both in the order of those calls (per port).
 */
struct qetl_binder {
    uint32_t struct_size;
    /* Asks for an input column in one form; answers its index among the columns that process gets
     * for this port, or a failure. Columns not asked for are NONE: neither decoded nor handed over.
     */
    int32_t (*read)(struct qetl_binder *, uint32_t in_port, int64_t column, uint32_t form);
    /* Output column: input column `column`, untouched. out_column -1 appends a column, named name
     * (NULL: as it was); an existing index says where that column comes from when the rows come
     * from in_port. Of rows from a port for which nothing was said it is NULL. */
    int32_t (*copy)(struct qetl_binder *, uint32_t out_port, int64_t out_column, uint32_t in_port,
                    int64_t column, const char *name);
    /* Appends an output column that process makes; moves *field. It is DERIVED from the named input
     * columns of port 0, NEW if there are none, OPAQUE if n_inputs is -1. */
    int32_t (*derive)(struct qetl_binder *, uint32_t out_port, struct ArrowSchema *field,
                      int64_t n_inputs, const int64_t *inputs);
    /* Rows of an output port: QETL_ROWS_. SUBSET with process NULL is not allowed. */
    int32_t (*rows)(struct qetl_binder *, uint32_t out_port, uint32_t rows);
    /* Default ANY. HASH: rows with equal values in these columns of port 0 must meet. */
    int32_t (*distribution)(struct qetl_binder *, uint32_t kind, int64_t n_columns,
                            const int64_t *columns);
    /* Default STREAMING. */
    int32_t (*input)(struct qetl_binder *, uint32_t in_port, uint32_t kind);
};

enum {
    QETL_EVENT_BATCH = 1,
    QETL_EVENT_SCHEMA = 2,
    QETL_EVENT_BARRIER = 3, /* all inputs are aligned: what came before is in epoch `epoch` */
    QETL_EVENT_WATERMARK = 4,
    QETL_EVENT_IDLE = 5,
    QETL_EVENT_STREAM_END = 6, /* stream `stream` closed */
    QETL_EVENT_END = 7         /* this port will bring no more */
};

struct qetl_event {
    uint32_t struct_size;
    uint32_t kind;
    uint32_t port;
    uint32_t stream;
    struct ArrowArray *batch;         /* BATCH: lent; move it to keep it beyond the call */
    int64_t rows;                     /* BATCH: its rows, also where no column was asked for */
    uint64_t epoch;                   /* BARRIER */
    int64_t watermark_us;             /* WATERMARK */
    const struct ArrowSchema *schema; /* SCHEMA: lent */
};

struct qetl_output {
    uint32_t struct_size;
    uint32_t port;
    struct ArrowArray batch; /* the derived columns; moved to the host; unset if there are none */
    int64_t rows;
    const int32_t *row_map; /* output row -> input row of the event's batch; NULL: identity; valid
                               until the next call into the instance */
    int64_t rows_filtered;  /* input rows that left on purpose and were not rejected, this call */
    int64_t rows_added;     /* rows beyond one per input row, this call */
    int64_t rows_reduced;   /* input rows that were merged into state or others, this call */
    int64_t rows_held;      /* rows waiting in state after this call */
    /* Output row -> row of the derived columns, which the host then gathers; -1: NULL. NULL:
     * identity. May be row_map itself: rows that were rejected need not be taken out of them. Valid
     * as row_map. */
    const int32_t *derived_map;
};

struct qetl_transform {
    uint32_t struct_size;
    /* [control] May be called again with other schemas. inputs: one struct schema per port. */
    int32_t (*bind)(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                    struct qetl_binder *binder);
    /* [worker] (opt if every output column is COPY and all rows are kept) event is NULL after MORE.
     * NEED_INPUT | OUTPUT | MORE | BLOCKED | END or a failure. For other events than BATCH and END
     * the answer NEED_INPUT passes them on. After a failure the event's rows still belong to the
     * host. */
    int32_t (*process)(void *self, const struct qetl_event *event, struct qetl_output *out);
    /* [worker] (opt) Takes in another instance's saved state. Who has it, with save(), and is
     * STATEFUL in all outputs with any distribution, runs in replicas: each sees a part of the
     * rows, gives out none, and is not told of the END; an instance that merged all of their states
     * is. */
    int32_t (*merge)(void *self, uint32_t version, const struct qetl_reader *in);
};

/* ---- Sink ---- */

enum { QETL_TAKES_BATCHES = 1, QETL_TAKES_BYTES = 2 };
enum { QETL_COMMIT_NONE = 0, QETL_COMMIT_TWO_PHASE = 1, QETL_COMMIT_ONE_PHASE = 2 };

struct qetl_sink_info {
    uint32_t struct_size;
    uint32_t takes;
    uint32_t delivery;
    uint32_t commit; /* TWO_PHASE: handles outlive the process */
    uint64_t reserved;
};

struct qetl_write {
    uint32_t struct_size;
    uint32_t stream;          /* as in open */
    struct ArrowArray *batch; /* TAKES_BATCHES: lent; move it to keep it */
    const void *bytes;        /* TAKES_BYTES: whole records, lent */
    int64_t bytes_size;
    int64_t rows;
    /* In: as rows. Out: rows taken, those rejected through host->reject not among them; who leaves
     * it as it was took all but those. Anything else ends the run: rows would be missing. */
    int64_t rows_written;
    /* qetl.sink-parts/1: what the rows have in its columns, as text; data NULL: NULL. Lent. */
    int64_t n_keys;
    const struct qetl_blob *keys;
};

struct qetl_sink {
    uint32_t struct_size;
    /* [control] After start. */
    int32_t (*describe)(void *self, struct qetl_sink_info *out);
    /* [control] (opt) TAKES_BATCHES: the forms that are welcome per column (bits of QETL_FORM_). */
    int32_t (*forms)(void *self, const struct ArrowSchema *schema, uint32_t *forms);
    /* [worker] Before the first write of a stream: a number of the host's for what comes in one
     * schema, at present that of the input. schema: of the batches as delivered (bytes: of the rows
     * encoded). */
    int32_t (*open)(void *self, uint32_t stream, const struct ArrowSchema *schema);
    /* [worker] OK | BUSY (nothing was taken) or a failure. */
    int32_t (*write)(void *self, struct qetl_write *write);
    /* [worker] (opt) Behind the last write of an epoch. TWO_PHASE: what was written since the last
     * prepare becomes durable but not visible; each handle is opaque, at most 64 KiB, and names a
     * piece of it to any instance with the same options, of any process. What has to wait for a
     * later epoch (a file that appears when it is whole) needs no handle yet: save says where it
     * stands. ONE_PHASE: everything is done that could fail before commit. RETRY_CALL: the same
     * call may be repeated. */
    int32_t (*prepare)(void *self, const struct qetl_epoch *epoch,
                       const struct qetl_writer *handle);
    /* [control] (opt) The epoch was decided: what its handles name becomes visible. Idempotent, and
     * repeated until it succeeds; also on an instance that never wrote, where it comes before
     * restore and open. IN_DOUBT: a handle names nothing any more. ONE_PHASE: decides, with n 0:
     * the rows and (pipeline, component, number, generation) become visible in one transaction; on
     * the instance that wrote them, once; a failure but RETRY_CALL means that they did not. Never
     * while another call is inside the instance. TWO_PHASE, RETRY_EPOCH: it comes again, on another
     * instance. */
    int32_t (*commit)(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                      const struct qetl_blob *handles);
    /* [control] (opt) The epoch will not be: what its handles name, and all that was written since,
     * is removed. As commit otherwise. */
    int32_t (*abort)(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                     const struct qetl_blob *handles);
    /* [control] (opt) ONE_PHASE, after start and before open: the newest epoch that is visible of
     * asked's pipeline and component; 0: none. From here on a process of a generation before
     * asked's cannot commit (it is told FENCED). */
    int32_t (*last_committed)(void *self, const struct qetl_epoch *asked, uint64_t *number);
};

/* ---- Format: bytes to batches and back ---- */

struct qetl_sample {
    uint32_t struct_size;
    uint32_t whole; /* nonzero: the sample is the whole object */
    const uint8_t *data;
    int64_t size;
    const char *object;
    /* Of the object from further on, where the source can look ahead; else NULL. Answers how many
     * bytes it put into data, 0 behind the end. object_size: how long it is now. */
    int64_t (*glimpse)(void *stream, int64_t offset, void *data, int64_t capacity);
    void *stream;
    int64_t object_size;
};

struct qetl_inferred {
    uint32_t struct_size;
    struct ArrowSchema schema; /* moved to the host */
    struct qetl_blob
        prologue;        /* dialect, header, … : valid until the next call into the instance */
    const char *summary; /* for people: "delimiter ';', header, 11 columns"; as prologue, or NULL */
    const char *instead; /* INSTEAD: the id of another format, which takes this one's place with its
                            default options; summary says why. As prologue */
};

struct qetl_frame {
    uint32_t struct_size;
    uint32_t flags;      /* QETL_ITEM_OBJECT_START, _END: of the data as a whole */
    const uint8_t *data; /* begins where the last call's `used` ended */
    int64_t size;
    int64_t max_record; /* bytes: a longer record is rejected */
    const char *object;
    int64_t offset; /* of data in the object */
    /* out: records lie in [begin, used); bytes before begin and none after are passed over (a
     * header, a rejected piece). used 0: more data is needed, which is an error at the end of an
     * object. */
    int64_t begin;
    int64_t used;
    int64_t
        rejected;  /* records rejected by this call through host->reject, not counted by decode */
    int64_t empty; /* out: nonzero with used == begin: a record of no bytes ends here (an object
                      without content that counts all the same), and makes a chunk */
    /* out, once an object, before its first record: what decode must know of this object beyond the
     * prologue, such as a header of its own. The host copies it. */
    struct qetl_blob note;
};

struct qetl_chunk {
    uint32_t struct_size;
    uint32_t more;       /* nonzero: the chunk of the call before, which answered QETL_MORE */
    const uint8_t *data; /* whole records */
    int64_t size;
    void *buffer; /* buffer_retain() it where the output points into data */
    const char *object;
    int64_t offset;        /* of data in the object */
    int64_t tail_room;     /* bytes readable behind data+size, undefined in content: at least 64 */
    struct qetl_blob note; /* as frame gave it for this object; size 0: it did not */
};

struct qetl_decoded {
    uint32_t struct_size;
    struct ArrowArray
        batch; /* one child per want that is not LATE, in that order; moved to the host */
    struct ArrowSchema schema; /* QETL_SCHEMA, from a format that says GROWS: the columns that it
                                  was opened with, of the same or wider types, and behind them the
                                  new ones; moved to the host, which opens the decoder again, with
                                  these, and has the chunk decoded again */
    int64_t rows;
    int64_t records; /* all that were seen: rows + rejected */
    const int32_t
        *record_map; /* row -> ordinal of the record; NULL: identity; valid until next call */
    const int32_t *record_offsets; /* per record: first byte, from data; as record_map, or NULL */
};

/* Where an encoder writes. data, size, capacity may be read directly; reserve makes room for n more
 * bytes and may move data. The writer sets size. */
struct qetl_space {
    uint8_t *data;
    int64_t size;
    int64_t capacity;
    int32_t (*reserve)(struct qetl_space *, int64_t n);
};

/* UNSIZED goes with CLOSED: how long an object becomes nobody knows before finish. */
enum { QETL_ENCODE_CONCATENABLE = 1, QETL_ENCODE_CLOSED = 2, QETL_ENCODE_UNSIZED = 4 };

/* GROWS: decode may answer QETL_SCHEMA. The host reads such a source through once, before any other
 * component is told its columns, and a second time for the rows. VALUES: nothing stands there as
 * text, so that only the form VALUE is asked for, and a sample need not hold a line. WHOLE: an
 * object is one chunk, whatever its size, and infer may ask for all of the first one. ENDS: frame
 * is called at the end of each object, also where it has framed all bytes before: then with none.
 */
enum { QETL_DECODE_GROWS = 1, QETL_DECODE_VALUES = 2, QETL_DECODE_WHOLE = 4, QETL_DECODE_ENDS = 8 };

struct qetl_format_info {
    uint32_t struct_size;
    uint32_t encode; /* CONCATENABLE: any instance may encode any batch; CLOSED: one instance, in
                        order, one object after the other, each from begin to finish */
    uint32_t decode; /* bits of QETL_DECODE_ */
    uint32_t reserved;
    uint64_t reserved_2;
};

struct qetl_format {
    uint32_t struct_size;
    int32_t (*describe)(void *self, struct qetl_format_info *out); /* [control] */

    /* [control] Schema and prologue from the first bytes of the first object. NEED_INPUT: they are
     * too few to say (a header and no row yet); the host calls again with more, or with `whole`. */
    int32_t (*infer)(void *self, const struct qetl_sample *sample, struct qetl_inferred *out);
    /* [control] Readies this instance to frame and decode; schema and prologue as inferred, by this
     * or any other instance with the same options; of a format that GROWS, the schema as it
     * answered last. May be called again. Declared types are checked whatever is wanted. */
    int32_t (*open_decode)(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                           int64_t n_wants, const struct qetl_want *wants);
    /* [worker] In order, by one instance: finds the borders of records. */
    int32_t (*frame)(void *self, struct qetl_frame *io);
    /* [worker] In any order, by any instance. MORE: the rows so far
     * stand in *out; the next call gets the same chunk again with `more`, unless nobody wants the
     * rest. rows and records are then this call's, record_map counts from the chunk's beginning,
     * and record_offsets is NULL. SCHEMA is answered to a chunk's first call only. */
    int32_t (*decode)(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out);

    /* [control] The forms that are welcome per column of the logical schema (bits of QETL_FORM_).
     */
    int32_t (*forms)(void *self, const struct ArrowSchema *schema, uint32_t *forms);
    /* [control] schema as delivered: lexical columns are vu with metadata (see above). Where an
     * object needs an encoder of its own, a worker makes, starts and opens one, once it has rows
     * for it. */
    int32_t (*open_encode)(void *self, const struct ArrowSchema *schema);
    /* [worker] Once per object, before and behind all encoded batches: header and footer. (opt) */
    int32_t (*begin)(void *self, struct qetl_space *out);
    int32_t (*finish)(void *self, struct qetl_space *out);
    /* [worker] Appends the rows; a row that cannot be written is rejected and leaves no bytes.
     * Lent. */
    int32_t (*encode)(void *self, const struct ArrowArray *batch, struct qetl_space *out);

    /* [worker] (opt; without it, no want is LATE) The LATE wants, one child each in their order, of
     * the chunk that was decoded last, whose bytes are still there: row i is row map[i] of decode's
     * batch; map NULL: all rows. What a late column promises (CHECKED) decode has proven already:
     * nothing is rejected here. Any number of calls for a chunk, also none. *out is moved to the
     * host. */
    int32_t (*decode_late)(void *self, int64_t rows, const int32_t *map, struct ArrowArray *out);
};

/* ---- Extensions of the host ---- */

#define QETL_EXT_OPTIONS "qetl.options/1"
enum {
    QETL_OPTION_ABSENT = 0,
    QETL_OPTION_NULL,
    QETL_OPTION_BOOL,
    QETL_OPTION_INT,
    QETL_OPTION_REAL,
    QETL_OPTION_TEXT,
    QETL_OPTION_LIST,
    QETL_OPTION_OBJECT
};
/* [any] The config of create without a JSON parser; pointer is a JSON pointer ("" is the whole).
 * Results live as long as the instance. */
struct qetl_options {
    uint32_t struct_size;
    int32_t (*kind)(struct qetl_ctx *ctx, const char *pointer);
    int64_t (*count)(struct qetl_ctx *ctx,
                     const char *pointer); /* entries of a list or object, or -1 */
    const char *(*key)(struct qetl_ctx *ctx, const char *pointer, int64_t index); /* of an object */
    const char *(*text)(struct qetl_ctx *ctx, const char *pointer); /* NULL if it is no text */
    int64_t (*integer)(struct qetl_ctx *ctx, const char *pointer);  /* 0 if it is no integer */
    double (*real)(struct qetl_ctx *ctx, const char *pointer);      /* 0 if it is no number */
    int32_t (*boolean)(struct qetl_ctx *ctx, const char *pointer);  /* 0 if it is no boolean */
};

#define QETL_EXT_OUTPUTS "qetl.outputs/1"
/* [any] A sink names what it has made visible, for the run's report. bytes -1: who knows. What is
 * named again has grown by so much. */
struct qetl_outputs {
    uint32_t struct_size;
    void (*add)(struct qetl_ctx *ctx, const char *uri, int64_t rows, int64_t bytes);
};

#define QETL_EXT_POLL "qetl.poll/1"
enum { QETL_POLL_IN = 1, QETL_POLL_OUT = 4, QETL_POLL_HANGUP = 16 };
/* [worker] One shot: wakes the instance, as wake() does, once the descriptor is ready. HANGUP is
 * for a sink whose rows nobody else needs: once the reader of the descriptor is gone, the run ends
 * as if write had answered QETL_E_CLOSED. */
struct qetl_poll {
    uint32_t struct_size;
    int32_t (*watch)(struct qetl_ctx *ctx, int32_t fd, uint32_t events);
};

#define QETL_EXT_RUN "qetl.run/1"
struct qetl_run_facts {
    uint32_t struct_size;
    /* [control] From a sink's open on. */
    /* Nonzero: it goes on until it is interrupted, so that rows have to be seen before its end, and
     * those that were seen are not taken back. */
    int32_t (*endless)(struct qetl_ctx *ctx);
    /* [control] From create on. Nonzero: the run goes on where one that was cut short stood. What
     * that one left behind is this run's own; restore will tell. */
    int32_t (*resumes)(struct qetl_ctx *ctx);
    /* [control] From a sink's open on. Nonzero: epochs are decided before the end, so that prepare
     * will be followed by writes. */
    int32_t (*checkpoints)(struct qetl_ctx *ctx);
    /* [control] From create on. A name of this component that no other has, of whatever pipeline;
     * each process that goes on with the run gives the same. NULL: nothing of the run is kept. */
    const char *(*owner)(struct qetl_ctx *ctx);
};

#define QETL_EXT_EXPR "qetl.expr/1"
struct qetl_expr; /* a compiled expression: immutable program, own scratch; one thread at a time */
/* SQL scalar expressions over the columns of a struct schema. */
struct qetl_expr_host {
    uint32_t struct_size;
    /* [control] option: JSON pointer where text came from, for diagnostics. The error, if any, has
     * been reported through host->error with position and mend. */
    int32_t (*compile)(struct qetl_ctx *ctx, const char *text, const char *option,
                       const struct ArrowSchema *schema, struct qetl_expr **out);
    void (*free)(struct qetl_expr *expr);
    /* [any] The columns of the schema that it reads, ascending. */
    int64_t (*columns)(const struct qetl_expr *expr, const int64_t **out);
    /* [any] The result as an Arrow field; move or release it. */
    int32_t (*result)(const struct qetl_expr *expr, const char *name, struct ArrowSchema *out);
    /* [worker] batch: children are the columns named by columns(), in that order, as VALUE. Rows
     * that fail are rejected through host->reject and are NULL in the result; *failed (may be NULL)
     * then counts them. failures (rows bits, may be NULL): rows whose bit is set beforehand are
     * left out, and those that fail are set, so that a row is rejected once by several expressions.
     * The result is moved to the caller. */
    int32_t (*evaluate)(struct qetl_expr *expr, const struct ArrowArray *batch, int64_t rows,
                        struct ArrowArray *out, uint8_t *failures, int64_t *failed);
    /* [worker] A boolean expression: indices of the rows where it is true, ascending, into selected
     * (room for rows); answers their number or a failure. */
    int64_t (*select)(struct qetl_expr *expr, const struct ArrowArray *batch, int64_t rows,
                      int32_t *selected, int64_t *failed);
    /* [any] The syntax tree as JSON; lives as long as the expression. */
    const char *(*tree)(const struct qetl_expr *expr);
};

/* ---- Extensions of components ---- */

#define QETL_EXT_SINK_PARTS "qetl.sink-parts/1"
/* A sink of bytes that spreads its rows over several objects. Its write is never BUSY where it has
 * room or whole objects. */
struct qetl_sink_parts {
    uint32_t struct_size;
    /* [control] After describe. The columns whose values tell the objects apart: the rows of one
     * write are equal in them. Indices into the input's schema go into columns, which has room for
     * all; answers how many, or a failure. leave_out, as long, is 0: set, the column is not
     * encoded.
     */
    int64_t (*columns)(void *self, const struct ArrowSchema *schema, int64_t *columns,
                       int32_t *leave_out);
    /* [control] After open. What every object begins and ends with: the host writes neither.
     * Lent. */
    int32_t (*frame)(void *self, struct qetl_blob header, struct qetl_blob footer);
    /* [worker] (opt) How many rows the next write with these keys may have, at least 1. Rows are
     * then encoded in order, by one instance. Of objects that are whole, 0: it is full, and ended
     * before another is begun. */
    int64_t (*room)(void *self, int64_t n_keys, const struct qetl_blob *keys);

    /* (opt, all three; without them a format that is CLOSED is refused.) Objects that are whole:
     * each is what one encoder makes, from begin to finish. [control] Before open, in place of
     * frame: they will be; encode: the format's bits. Answers how many may be unfinished at a time,
     * at least 1, or a failure. */
    int64_t (*whole)(void *self, uint32_t encode);
    /* [worker] A number for the objects that rows with these keys go to, one after the other: from
     * 0, in the order in which they are first asked for; other keys may have the same. */
    int64_t (*object)(void *self, int64_t n_keys, const struct qetl_blob *keys);
    /* [worker] What was written with these keys is a whole object; what follows begins another. */
    int32_t (*end)(void *self, int64_t n_keys, const struct qetl_blob *keys);
    /* [control] (opt) Beside whole. Nonzero: each object is to end with its epoch, so that a run
     * has several also where the format is CLOSED. */
    int32_t (*by_epoch)(void *self);
};

#define QETL_EXT_OBJECT_COLUMNS "qetl.object-columns/1"
/* A source of bytes that adds columns to the rows of its objects: they stand behind those that the
 * format finds. A field whose metadata has "qetl:object" is an int64 that the host fills in: "row",
 * the record's number in its object, from 1, as dead letters tell it, and "offset", where its first
 * byte stands in the object, NULL where the format does not say. All others are the source's. */
struct qetl_object_columns {
    uint32_t struct_size;
    const char *option; /* JSON pointer of what asks for them, for diagnostics */
    /* [control] After start, before open. A struct, one field a column; none: nothing is added.
     * Moved to the host. */
    int32_t (*schema)(void *self, struct ArrowSchema *out);
    /* [worker] Behind an item of an object of which the host does not know them yet: one row of the
     * source's own columns, in their order. Moved to the host. */
    int32_t (*values)(void *self, struct ArrowArray *out);
};

#define QETL_EXT_GLIMPSES "qetl.glimpses/1"
/* [worker] Between two calls of next: a source of bytes that can look ahead in the object that it
 * is in, and stays where it is. size: how long it is now; -1: unknown, and there is nothing to be
 * seen. read: how many bytes from that offset on it put into data; 0: none. */
struct qetl_glimpses {
    uint32_t struct_size;
    int64_t (*size)(void *self);
    int64_t (*read)(void *self, int64_t offset, void *data, int64_t capacity);
};

#define QETL_EXT_OBJECTS "qetl.objects/1"
enum { QETL_OBJECT_SHARED = 1 /* an inherited descriptor: several may write to it in turn */ };
/* [control] After start, before open. Names what a source will read, or a sink will write: the
 * identity is the same for the same object, whatever it is called, and nothing else. The host
 * refuses a run that would write what it reads, or write one object twice. */
struct qetl_objects {
    uint32_t struct_size;
    int32_t (*list)(void *self, void *stream,
                    int32_t (*add)(void *stream, const char *identity, const char *name,
                                   uint32_t flags));
};

#define QETL_EXT_SINK_APPEND "qetl.sink-append/1"
/* [worker] After open. Nonzero: the object has content already, so that no header shall be written.
 */
struct qetl_sink_append {
    uint32_t struct_size;
    int32_t (*continues)(void *self);
    /* (opt) The first bytes of that content, unpacked, at most capacity: how many. What the format
     * would begin with has to stand there, or the run fails. */
    int64_t (*head)(void *self, void *data, int64_t capacity);
};

#define QETL_EXT_INSPECT "qetl.inspect/1"
/* GOES_ON: the next run goes on behind the epoch; else it begins anew. SHOWN: the epoch's handles
 * were committed. CLEAR: what was left over is removed. */
enum { QETL_INSPECT_GOES_ON = 1, QETL_INSPECT_SHOWN = 2, QETL_INSPECT_CLEAR = 4 };
struct qetl_inspection {
    uint32_t struct_size;
    uint32_t flags;                 /* QETL_INSPECT_ */
    const struct qetl_epoch *epoch; /* the newest decided one; number 0: there is none */
    int64_t n_handles;              /* of that epoch */
    const struct qetl_blob *handles;
    struct qetl_blob state;    /* as save wrote it behind that epoch; data NULL: it did not */
    struct qetl_blob prepared; /* and behind the one that follows, which is not decided yet */
    uint32_t state_version, prepared_version;
    int64_t n_prepared_handles; /* of that one */
    const struct qetl_blob *prepared_handles;
    int64_t committed; /* out, ONE_PHASE: as last_committed would answer; -1: cannot be told */
};
/* LOST: what counts is not there as it was. LEFT: a process that is gone left it, and nobody needs
 * it. OPEN: the next run has to do something about it, and will. */
enum { QETL_INSPECT_LOST = 1, QETL_INSPECT_LEFT = 2, QETL_INSPECT_OPEN = 3 };
struct qetl_inspected {
    uint32_t struct_size;
    uint32_t kind;       /* QETL_INSPECT_LOST … */
    uint32_t cleared;    /* LEFT: nonzero: it was removed */
    const char *object;  /* which file, table, … */
    const char *message; /* one line: what is the matter with it */
    const char *mend;    /* what to do, or NULL */
};
/* A sink compares what was decided with what is there. [control] Between create and destroy,
 * without start, while no run of the pipeline is at work. Without CLEAR nothing is changed
 * anywhere. */
struct qetl_inspect {
    uint32_t struct_size;
    int32_t (*inspect)(void *self, struct qetl_inspection *about, void *stream,
                       int32_t (*tell)(void *stream, const struct qetl_inspected *what));
};

#ifdef __cplusplus
}
#endif

#endif
