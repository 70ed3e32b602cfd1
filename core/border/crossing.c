/* SPDX-License-Identifier: Apache-2.0 */
#include "crossing.h"

#include "border_internal.h"
#include "host/call.h"

#include <assert.h>

struct qetl_crossing qetl_crossing_in(const struct qetl_border_guest *guest, const char *call)
{
    struct qetl_crossing crossing;
    crossing.guest = guest;
    crossing.call = call;
    crossing.to_host = false;
    crossing.answers = QETL_ANSWERS_NOTHING;
    crossing.answer = 0;
    crossing.lasted_ns = 0;
    crossing.n_cargo = 0;
    return crossing;
}

struct qetl_crossing qetl_crossing_to_host(const struct qetl_border_guest *guest, const char *call)
{
    struct qetl_crossing crossing = qetl_crossing_in(guest, call);
    crossing.to_host = true;
    return crossing;
}

void qetl_crossing_begin(struct qetl_crossing *crossing)
{
    const struct qetl_border *border = crossing->guest->of->border;
    for (int i = 0; i < crossing->n_cargo; i++)
        crossing->cargo[i].out = false;
    crossing->began_ns = qetl_call_now_ns();
    for (size_t i = 0; i < border->n_watchers; i++)
        if (border->watchers[i].begun)
            border->watchers[i].begun(border->watchers[i].arg, crossing);
    crossing->called_ns = qetl_call_now_ns(); /* what watchers take is not the plugin's */
}

static void end(struct qetl_crossing *c)
{
    const struct qetl_border *border = c->guest->of->border;
    c->lasted_ns = qetl_call_now_ns() - c->called_ns;
    for (size_t i = 0; i < border->n_watchers; i++)
        if (border->watchers[i].ended)
            border->watchers[i].ended(border->watchers[i].arg, c);
}

static void answer(struct qetl_crossing *c, enum qetl_answer answers, int64_t number)
{
    c->answers = answers;
    c->answer = number;
    end(c);
}

void qetl_crossing_end_void(struct qetl_crossing *crossing)
{
    end(crossing);
}

int32_t qetl_crossing_end(struct qetl_crossing *crossing, int32_t status)
{
    answer(crossing, QETL_ANSWERS_STATUS, status);
    return status;
}

int64_t qetl_crossing_end_number(struct qetl_crossing *crossing, int64_t number)
{
    answer(crossing, QETL_ANSWERS_NUMBER, number);
    return number;
}

static struct qetl_cargo *add(struct qetl_crossing *c, const char *name, enum qetl_cargo_kind kind)
{
    assert(c->n_cargo < QETL_CARGO_MOST);
    struct qetl_cargo *cargo = &c->cargo[c->n_cargo++];
    *cargo = (struct qetl_cargo){.name = name, .kind = kind, .out = true};
    return cargo;
}

struct qetl_cargo *qetl_cargo_number(struct qetl_crossing *c, const char *name, int64_t number)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_NUMBER);
    cargo->number = number;
    return cargo;
}

void qetl_cargo_nonzero(struct qetl_crossing *c, const char *name, int64_t number)
{
    if (number)
        qetl_cargo_number(c, name, number);
}

struct qetl_cargo *qetl_cargo_real(struct qetl_crossing *c, const char *name, double real)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_REAL);
    cargo->real = real;
    return cargo;
}

struct qetl_cargo *qetl_cargo_text(struct qetl_crossing *c, const char *name, const char *text)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_TEXT);
    cargo->text = text;
    return cargo;
}

struct qetl_cargo *qetl_cargo_bytes(struct qetl_crossing *c, const char *name, const void *data,
                                    int64_t size)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_BYTES);
    cargo->data = data;
    cargo->count = size;
    cargo->private = true;
    return cargo;
}

struct qetl_cargo *qetl_cargo_blob(struct qetl_crossing *c, const char *name, struct qetl_blob blob)
{
    return qetl_cargo_bytes(c, name, blob.data, (int64_t)blob.size);
}

struct qetl_cargo *qetl_cargo_numbers(struct qetl_crossing *c, const char *name,
                                      const int64_t *numbers, int64_t n)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_NUMBERS);
    cargo->data = numbers;
    cargo->count = n;
    return cargo;
}

struct qetl_cargo *qetl_cargo_map(struct qetl_crossing *c, const char *name, const int32_t *map,
                                  int64_t n)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_MAP);
    cargo->data = map;
    cargo->count = n;
    return cargo;
}

struct qetl_cargo *qetl_cargo_blobs(struct qetl_crossing *c, const char *name,
                                    const struct qetl_blob *blobs, int64_t n)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_BLOBS);
    cargo->data = blobs;
    cargo->count = n;
    cargo->private = true;
    return cargo;
}

struct qetl_cargo *qetl_cargo_texts(struct qetl_crossing *c, const char *name,
                                    const char *const *texts, int64_t n)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_TEXTS);
    cargo->data = texts;
    cargo->count = n;
    return cargo;
}

struct qetl_cargo *qetl_cargo_schema(struct qetl_crossing *c, const char *name,
                                     const struct ArrowSchema *schema)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_SCHEMA);
    cargo->array = NULL;
    cargo->schema = schema;
    return cargo;
}

struct qetl_cargo *qetl_cargo_array(struct qetl_crossing *c, const char *name,
                                    const struct ArrowArray *array,
                                    const struct ArrowSchema *schema)
{
    struct qetl_cargo *cargo = add(c, name, QETL_CARGO_ARRAY);
    cargo->array = array;
    cargo->schema = schema;
    return cargo;
}
